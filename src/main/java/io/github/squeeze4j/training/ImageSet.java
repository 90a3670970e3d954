package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.Inputs;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Labelled grey images of one size, held in memory as bytes (0 black to 255 white), row by row.
 *
 * <p>Read from the IDX files of MNIST and its kin under their usual names, raw or with {@code .gz}:
 * {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte}, {@code t10k-images-idx3-ubyte},
 * {@code t10k-labels-idx1-ubyte}. The class names come from {@code classes.txt} beside them (one a line, in the order
 * of the labels); without that file they are the numbers from 0 to the largest training label.
 *
 * <pre>{@code
 * ImageSet train = ImageSet.train(Path.of("src/sample/fashion-mnist"));
 * ImageSet test = ImageSet.test(Path.of("src/sample/fashion-mnist"), train.classNames());
 * }</pre>
 *
 * @serial exclude
 */
public final class ImageSet implements LabelledPictures, Serializable {
    private static final long serialVersionUID = 1L;
    private static final String CLASSES_FILE = "classes.txt";
    private static final int LARGEST_CLASSES_FILE = 1 << 20;

    private final byte[] pixels;
    private final int[] labels;
    private final int height;
    private final int width;
    private final List<String> classNames;

    private ImageSet(byte[] pixels, int[] labels, int height, int width, List<String> classNames) {
        this.pixels = pixels;
        this.labels = labels;
        this.height = height;
        this.width = width;
        this.classNames = classNames;
    }

    /**
     * Reads the training images.
     *
     * @param directory the folder of the IDX files
     * @return the images, in the order of the file
     * @throws BadInputException if a file is missing or damaged, or a label has no class name
     */
    public static ImageSet train(Path directory) {
        return read(directory, "train", null);
    }

    /**
     * Reads the test images.
     *
     * @param directory the folder of the IDX files
     * @param classNames the classes of the training images or of the model, in the order of the labels
     * @return the images, in the order of the file
     * @throws BadInputException if a file is missing or damaged, or a label has no class name
     */
    public static ImageSet test(Path directory, List<String> classNames) {
        return read(directory, "t10k", List.copyOf(classNames));
    }

    private static ImageSet read(Path directory, String part, List<String> givenNames) {
        IdxReader images = IdxReader.read(directory, part + "-images-idx3-ubyte", 3);
        IdxReader labelFile = IdxReader.read(directory, part + "-labels-idx1-ubyte", 1);
        if (images.size(1) > Description.LARGEST_SIDE || images.size(2) > Description.LARGEST_SIDE) {
            throw new BadInputException(images.file() + ": image size (" + images.size(1) + "x" + images.size(2)
                    + ") must be at most " + Description.LARGEST_SIDE + "x" + Description.LARGEST_SIDE
                    + "; scale the images");
        }
        if (labelFile.size(0) != images.size(0)) {
            throw new BadInputException(labelFile.file() + ": number of labels (" + labelFile.size(0)
                    + ") must equal the number of images (" + images.size(0) + ") in "
                    + images.file().getFileName() + "; take both files from the same set");
        }
        byte[] bytes = labelFile.data();
        int[] labels = new int[bytes.length];
        Arrays.setAll(labels, i -> bytes[i] & 0xff);
        List<String> names = givenNames != null ? givenNames : classNames(directory, labels);
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] >= names.size()) {
                throw new BadInputException(labelFile.file() + ": label (" + labels[i] + ") of image " + i
                        + " must be less than the number of classes (" + names.size()
                        + "); take the labels that belong to these classes");
            }
        }
        return new ImageSet(images.data(), labels, images.size(1), images.size(2), names);
    }

    private static List<String> classNames(Path directory, int[] labels) {
        Path file = directory.resolve(CLASSES_FILE);
        if (!Files.exists(file)) {
            int classes = Arrays.stream(labels).max().getAsInt() + 1;
            return IntStream.range(0, classes).mapToObj(Integer::toString).collect(Collectors.toUnmodifiableList());
        }
        try {
            if (Files.size(file) > LARGEST_CLASSES_FILE) {
                throw new BadInputException(file + ": size (" + Files.size(file) + " bytes) must be at most "
                        + LARGEST_CLASSES_FILE + "; write one name a line");
            }
            // Editors of some systems begin a file with a byte order mark, which belongs to no name.
            List<String> names = Files.readString(file)
                    .replaceFirst("^\uFEFF", "")
                    .lines()
                    .map(String::strip)
                    .filter(name -> !name.isEmpty())
                    .collect(Collectors.toUnmodifiableList());
            if (names.size() < 2) {
                throw new BadInputException(file + ": number of class names (" + names.size()
                        + ") must be at least 2; write one name a line, in the order of the labels");
            }
            Set<String> seen = new HashSet<>();
            for (String name : names) {
                if (!seen.add(name)) {
                    throw new BadInputException(file + ": class name (" + name
                            + ") must stand for one class; it stands on two lines, so rename one");
                }
            }
            return names;
        } catch (IOException e) {
            throw new BadInputException(
                    file + ": class names must be readable as UTF-8 text (" + e.getMessage()
                            + "); write one name a line",
                    e);
        }
    }

    /**
     * A smaller set with the classes as balanced as the images allow: of each class the first ones, in the order of the
     * file.
     *
     * @param images how many images to keep at most, at least the number of classes
     * @return a set with its own copy of the images; this set if it is small enough
     */
    @Override
    public ImageSet limit(int images) {
        Inputs.positive("limit", images, "use limit(1000)");
        if (images < classNames.size()) {
            throw new BadInputException("limit (" + images + ") must be at least the number of classes ("
                    + classNames.size() + "); use limit(" + classNames.size() + ") or more");
        }
        if (images >= size()) {
            return this;
        }
        int classes = classNames.size();
        int[] room = new int[classes];
        Arrays.setAll(room, c -> images / classes + (c < images % classes ? 1 : 0));
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            if (room[labels[i]]-- > 0) {
                kept.add(i);
            }
        }
        int area = height * width;
        byte[] keptPixels = new byte[kept.size() * area];
        int[] keptLabels = new int[kept.size()];
        for (int i = 0; i < keptLabels.length; i++) {
            System.arraycopy(pixels, kept.get(i) * area, keptPixels, i * area, area);
            keptLabels[i] = labels[kept.get(i)];
        }
        return new ImageSet(keptPixels, keptLabels, height, width, classNames);
    }

    /**
     * Number of images.
     *
     * @return images
     */
    @Override
    public int size() {
        return labels.length;
    }

    /**
     * Height of every image.
     *
     * @return pixels
     */
    public int height() {
        return height;
    }

    /**
     * Width of every image.
     *
     * @return pixels
     */
    public int width() {
        return width;
    }

    /**
     * The classes, in the order of the labels.
     *
     * @return unmodifiable names
     */
    @Override
    public List<String> classNames() {
        return classNames;
    }

    /**
     * The class of an image.
     *
     * @param index of the image, from 0
     * @return its label, from 0
     */
    @Override
    public int label(int index) {
        return labels[checked(index)];
    }

    /**
     * One image.
     *
     * @param index of the image, from 0
     * @return a copy of its bytes, row by row
     */
    public byte[] image(int index) {
        int area = height * width;
        return Arrays.copyOfRange(pixels, checked(index) * area, (index + 1) * area);
    }

    @Override
    public String name(int index) {
        return "image " + checked(index);
    }

    @Override
    public Picture read(int index) {
        return Picture.of(height, width, 1, image(index));
    }

    /**
     * What networks that learn from these images see of a picture: grey, resized to the size of these whatever its shape, less
     * the mean and divided by the standard deviation of all pixels of these.
     *
     * @return the preprocessing
     */
    public Preprocessing preprocessing() {
        return grey(height, width, Standardisation.of(this));
    }

    static Preprocessing grey(int height, int width, Standardisation standardisation) {
        return Preprocessing.builder()
                .size(height, width)
                .exact()
                .colours(ColourOrder.GREY)
                .range(255)
                .mean(standardisation.mean())
                .deviation(standardisation.deviation())
                .build();
    }

    private int checked(int index) {
        if (index < 0 || index >= size()) {
            throw new BadInputException("image index (" + index + ") must be from 0 to " + (size() - 1)
                    + "; choose one of the " + size() + " images");
        }
        return index;
    }

    /** All images, row by row, one after the other: for reading only. */
    byte[] pixels() {
        return pixels;
    }

    @Override
    public String toString() {
        return size() + " images of " + height + "x" + width + ", " + classNames.size() + " classes";
    }
}
