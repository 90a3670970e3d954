package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One folder per class. Pictures in folders below it belong to the class; names that begin with a dot are passed over, and so
 * are files that are neither called pictures nor begin like one.
 */
final class PictureFolder {
    private static final int DEEPEST = 16;
    private static final Set<String> ENDINGS =
            Set.of("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "dib", "gif", "webp", "tif", "tiff");

    private final List<Path> files = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private List<String> classNames;
    private int others;

    private PictureFolder() {}

    /**
     * Finds the pictures.
     *
     * @param classNames the classes that may be there; null for all that are
     */
    static PictureFolder read(Path folder, List<String> classNames) {
        PictureFolder found = new PictureFolder();
        try {
            found.find(folder, classNames);
        } catch (IOException | UncheckedIOException e) {
            throw new BadInputException(
                    "data folder (" + folder + ") must be readable (" + e.getMessage() + "); check its permissions", e);
        }
        return found;
    }

    LabelledPictures pictures() {
        int[] numbers = labels.stream().mapToInt(Integer::intValue).toArray();
        return new PictureFiles(files, numbers, classNames, null);
    }

    /** Files that are no pictures. */
    int others() {
        return others;
    }

    private void find(Path folder, List<String> given) throws IOException {
        List<Path> folders = folders(folder);
        if (folders.isEmpty()) {
            throw new BadInputException("data folder (" + folder
                    + ") must hold one folder per class, but holds no folder; put the pictures of each class into one");
        }
        if (given == null && folders.size() < 2) {
            throw new BadInputException("number of classes (1, " + name(folders.get(0)) + ") in " + folder
                    + " must be at least 2; add a folder for each other class");
        }
        classNames = given != null
                ? given
                : folders.stream().map(PictureFolder::name).collect(Collectors.toUnmodifiableList());
        for (Path one : folders) {
            int label = classNames.indexOf(name(one));
            if (label < 0) {
                throw new BadInputException("class folder (" + one + ") must be one of the classes "
                        + String.join(", ", classNames) + "; rename or remove it");
            }
            int before = files.size();
            add(one, label);
            if (files.size() == before) {
                throw new BadInputException(
                        "class folder (" + one + ") must hold pictures, but holds none; add some or remove it");
            }
        }
    }

    /** The folders in a folder, by name. */
    static List<Path> folders(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> Files.isDirectory(path) && !name(path).startsWith("."))
                    .sorted(Comparator.comparing(PictureFolder::name))
                    .collect(Collectors.toList());
        }
    }

    static String name(Path path) {
        return "" + path.getFileName();
    }

    private void add(Path folder, int label) throws IOException {
        try (Stream<Path> all = Files.walk(folder, DEEPEST, FileVisitOption.FOLLOW_LINKS)) {
            List<Path> sorted = all.filter(path -> Files.isRegularFile(path) && !isHidden(folder.relativize(path)))
                    .sorted(Comparator.comparing(Path::toString))
                    .collect(Collectors.toList());
            for (Path file : sorted) {
                if (isPicture(file)) {
                    files.add(file);
                    labels.add(label);
                } else {
                    others++;
                }
            }
        }
    }

    private static boolean isHidden(Path path) {
        for (Path part : path) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    private static boolean isPicture(Path file) throws IOException {
        String name = name(file);
        if (ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT))) {
            return true;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return PictureFormat.of(in.readNBytes(16)) != null;
        }
    }
}
