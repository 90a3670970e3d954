package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An image list as in megvii-research/RG-SENet_SP-SENet: on each line a file's name, blanks, and its label from 0. Blank lines
 * and a first line "imagename label" count for nothing, equal lines count once. Class names come from {@code classes.txt} beside
 * it, one a line; without it they are the labels.
 */
final class PictureList {
    private static final String CLASSES_FILE = "classes.txt";
    private static final int MOST_CLASSES = 100_000;
    private static final int LARGEST_FILE = 1 << 30;

    private final Path file;
    private final List<Path> files = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private final List<Integer> lines = new ArrayList<>();
    private final Map<Path, Integer> seen = new HashMap<>();
    private List<String> classNames;
    private int repeated;

    private PictureList(Path file) {
        this.file = file;
    }

    /**
     * Reads a list.
     *
     * @param root where names begin; null for the list's folder
     * @param classNames the classes that may be there; null for those of the list
     */
    static PictureList read(Path file, Path root, List<String> classNames) {
        PictureList list = new PictureList(file);
        Path folder = file.toAbsolutePath().getParent();
        list.classNames = classNames != null ? classNames : list.classNames(folder.resolve(CLASSES_FILE));
        List<String> lines = lines(file);
        for (int i = 0; i < lines.size(); i++) {
            list.add(lines.get(i).strip(), i + 1, root == null ? file.resolveSibling("") : root);
        }
        list.finish();
        return list;
    }

    LabelledPictures pictures() {
        int[] numbers = labels.stream().mapToInt(Integer::intValue).toArray();
        List<String> places = lines.stream().map(this::at).collect(Collectors.toList());
        return new PictureFiles(files, numbers, classNames, places);
    }

    /** Lines that repeat another. */
    int repeated() {
        return repeated;
    }

    private String at(int line) {
        return file + ", line " + line;
    }

    private void add(String line, int number, Path root) {
        if (line.isEmpty() || number == 1 && line.matches("\\S+\\s+label")) {
            return;
        }
        int cut = line.length();
        while (cut > 0 && !Character.isWhitespace(line.charAt(cut - 1))) {
            cut--;
        }
        String name = line.substring(0, cut).strip();
        if (name.isEmpty()) {
            throw new BadInputException(
                    at(number) + ": line (" + line + ") must be a file's name, a blank and a label;" + " write both");
        }
        int label = label(line.substring(cut), number);
        Path path;
        try {
            path = root.resolve(name).normalize();
        } catch (InvalidPathException e) {
            throw new BadInputException(at(number) + ": name (" + name + ") must be that of a file; correct it", e);
        }
        Integer before = seen.putIfAbsent(path, files.size());
        if (before == null) {
            files.add(path);
            labels.add(label);
            lines.add(number);
        } else if (labels.get(before) == label) {
            repeated++;
        } else {
            throw new BadInputException(at(number) + ": label (" + label + ") of " + name + " must be that of line "
                    + lines.get(before) + " (" + labels.get(before) + "); remove one of the lines");
        }
    }

    private int label(String text, int line) {
        int most = classNames == null ? MOST_CLASSES : classNames.size();
        int label;
        try {
            label = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            label = -1;
        }
        if (label < 0 || label >= most) {
            throw new BadInputException(at(line) + ": label (" + text + ") must be a whole number from 0 to "
                    + (most - 1) + "; number the " + (classNames == null ? "" : most + " ") + "classes from 0");
        }
        return label;
    }

    private void finish() {
        if (files.isEmpty()) {
            throw new BadInputException(
                    "image list (" + file + ") must name pictures, but names none; write a name and a label a line");
        }
        if (classNames == null) {
            requireAllLabels();
            int classes = new HashSet<>(labels).size();
            if (classes < 2) {
                throw new BadInputException(
                        "number of classes (1) in " + file + " must be at least 2; add pictures of another class");
            }
            classNames =
                    IntStream.range(0, classes).mapToObj(Integer::toString).collect(Collectors.toUnmodifiableList());
        }
        if (!Files.isRegularFile(files.get(0))) {
            throw new BadInputException(at(lines.get(0)) + ": picture (" + files.get(0)
                    + ") must be a file that exists; check the list, or name the folder where its names begin");
        }
    }

    private void requireAllLabels() {
        int largest = 0;
        for (int i = 1; i < labels.size(); i++) {
            largest = labels.get(i) > labels.get(largest) ? i : largest;
        }
        HashSet<Integer> there = new HashSet<>(labels);
        for (int label = 0; label < labels.get(largest); label++) {
            if (!there.contains(label)) {
                throw new BadInputException(at(lines.get(largest)) + ": label (" + labels.get(largest)
                        + ") is the largest, but no picture has label " + label
                        + "; number the classes from 0, or name them all in " + CLASSES_FILE + " beside the list");
            }
        }
    }

    private List<String> classNames(Path names) {
        if (!Files.isRegularFile(names)) {
            return null;
        }
        List<String> read = lines(names).stream()
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableList());
        if (read.size() < 2 || read.size() > MOST_CLASSES || new HashSet<>(read).size() < read.size()) {
            throw new BadInputException(names + ": class names (" + read.size() + ") must be from 2 to " + MOST_CLASSES
                    + ", each once; write one a line, in the order of the labels");
        }
        return read;
    }

    /** Lines of a text in UTF-8; what is not is named with its line. */
    static List<String> lines(Path file) {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new BadInputException(
                        file + ": length (" + Files.size(file) + " bytes) must be at most " + LARGEST_FILE);
            }
            byte[] bytes = Files.readAllBytes(file);
            CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
            ByteBuffer in = ByteBuffer.wrap(bytes);
            CharBuffer out = CharBuffer.allocate(bytes.length);
            CoderResult result = decoder.decode(in, out, true);
            if (result.isError()) {
                int line = 1;
                for (int i = 0; i < in.position(); i++) {
                    line += bytes[i] == '\n' ? 1 : 0;
                }
                throw new BadInputException(file + ", line " + line + ": text must be UTF-8, but byte " + in.position()
                        + " is not; save it so");
            }
            // Editors of some systems begin a file with a byte order mark, which belongs to no name.
            return out.flip().toString().replaceFirst("^\uFEFF", "").lines().collect(Collectors.toList());
        } catch (IOException e) {
            throw new BadInputException(file + " must be readable (" + e.getMessage() + "); check its permissions", e);
        }
    }
}
