package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The binary files of CIFAR-10 and CIFAR-100: records of a label (of CIFAR-100 a coarse one and a fine one, which counts) and 3
 * x 32 x 32 values, channel by channel.
 */
final class Cifar implements LabelledPictures {
    private static final int SIDE = 32;
    private static final int AREA = SIDE * SIDE;
    private static final List<String> TRAIN_10 = IntStream.rangeClosed(1, 5)
            .mapToObj(i -> "data_batch_" + i + ".bin")
            .collect(Collectors.toList());

    private final List<Path> files;
    private final int labelBytes;
    private final List<String> classNames;
    /** The first picture of each file, and the number of all. */
    private final int[] starts;

    private final byte[] labels;

    private Cifar(List<Path> files, int labelBytes, List<String> classNames) {
        this.files = files;
        this.labelBytes = labelBytes;
        this.classNames = classNames;
        starts = new int[files.size() + 1];
        for (int i = 0; i < files.size(); i++) {
            starts[i + 1] = starts[i] + records(files.get(i));
        }
        labels = new byte[starts[files.size()]];
        for (int i = 0; i < files.size(); i++) {
            readLabels(i);
        }
    }

    /** The folder that holds the files: the given one or the one below it into which the archive unpacks; null for neither. */
    static Path find(Path folder) {
        return Stream.of(folder, folder.resolve("cifar-10-batches-bin"), folder.resolve("cifar-100-binary"))
                .filter(path -> is10(path)
                        || Files.isRegularFile(path.resolve("train.bin"))
                                && Files.isRegularFile(path.resolve("test.bin")))
                .findFirst()
                .orElse(null);
    }

    private static boolean is10(Path folder) {
        return Files.isRegularFile(folder.resolve(TRAIN_10.get(0)))
                || Files.isRegularFile(folder.resolve("test_batch.bin"));
    }

    /** How the data set is called. */
    static String title(Path folder) {
        return is10(folder) ? "CIFAR-10" : "CIFAR-100";
    }

    /** The pictures for training or for the test, in a folder that {@link #find} gave. */
    static Cifar open(Path folder, boolean test) {
        boolean ten = is10(folder);
        List<String> names =
                ten ? test ? List.of("test_batch.bin") : TRAIN_10 : List.of(test ? "test.bin" : "train.bin");
        List<Path> files = names.stream().map(folder::resolve).collect(Collectors.toList());
        return new Cifar(
                files,
                ten ? 1 : 2,
                classNames(folder.resolve(ten ? "batches.meta.txt" : "fine_label_names.txt"), ten ? 10 : 100));
    }

    private static List<String> classNames(Path file, int count) {
        List<String> names = Files.isRegularFile(file)
                ? PictureList.lines(file).stream()
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .collect(Collectors.toUnmodifiableList())
                : IntStream.range(0, count).mapToObj(Integer::toString).collect(Collectors.toUnmodifiableList());
        if (names.size() != count) {
            throw new BadInputException(
                    file + ": class names (" + names.size() + ") must be " + count + "; fetch the file again");
        }
        return names;
    }

    private int record() {
        return labelBytes + 3 * AREA;
    }

    private int records(Path file) {
        try {
            long size = Files.size(file);
            if (size == 0 || size % record() != 0 || size / record() > 1 << 24) {
                throw new BadInputException(file + ": length (" + size + " bytes) must be a multiple of " + record()
                        + ", the bytes of a picture and its label; fetch the file again");
            }
            return (int) (size / record());
        } catch (IOException e) {
            throw new BadInputException(
                    "data file (" + file + ") must exist and be readable; name the folder that holds all of them", e);
        }
    }

    private void readLabels(int fileIndex) {
        for (int i = starts[fileIndex]; i < starts[fileIndex + 1]; i++) {
            labels[i] = read(i, labelBytes - 1, 1)[0];
            if ((labels[i] & 0xff) >= classNames.size()) {
                throw new BadInputException(name(i) + ": label (" + (labels[i] & 0xff) + ") must be less than "
                        + classNames.size() + "; fetch the file again");
            }
        }
    }

    private int fileOf(int index) {
        int place = Arrays.binarySearch(starts, index);
        return place >= 0 ? place : -place - 2;
    }

    private byte[] read(int index, int offset, int length) {
        int file = fileOf(index);
        ByteBuffer bytes = ByteBuffer.allocate(length);
        try (FileChannel channel = FileChannel.open(files.get(file))) {
            long at = (long) (index - starts[file]) * record() + offset;
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, at + bytes.position()) < 0) {
                    throw new EOFException("it has become shorter");
                }
            }
            return bytes.array();
        } catch (IOException e) {
            throw new BadInputException(
                    files.get(file) + " must be readable (" + e.getMessage() + "); fetch the file again", e);
        }
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int label(int index) {
        return labels[index] & 0xff;
    }

    @Override
    public String name(int index) {
        int file = fileOf(index);
        return files.get(file) + ", picture " + (index - starts[file]);
    }

    @Override
    public Picture read(int index) {
        byte[] planes = read(index, labelBytes, 3 * AREA);
        byte[] pixels = new byte[planes.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = planes[i % 3 * AREA + i / 3];
        }
        return Picture.wrap(SIDE, SIDE, 3, pixels);
    }
}
