package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The pictures of one data set by their use: training, validation, test; and a sentence about what was found.
 *
 * <pre>{@code
 * PictureSets sets = PictureSets.open(Path.of("photographs"));
 * System.out.println(sets.found());
 * LabelledPictures train = sets.train();
 * }</pre>
 */
public final class PictureSets {
    private final String found;
    private final LabelledPictures train;
    private final LabelledPictures validation;
    private final LabelledPictures test;

    private PictureSets(String found, LabelledPictures train, LabelledPictures validation, LabelledPictures test) {
        this.found = found;
        this.train = train;
        this.validation = validation;
        this.test = test;
    }

    /**
     * Sets that somebody else has found.
     *
     * @param found a sentence about them for the user, without a full stop
     * @param train pictures to train on; null if there are none
     * @param validation pictures that choose between trained networks; null if there are none
     * @param test pictures that judge the chosen network; null if there are none
     * @return the sets
     * @throws BadInputException if there is none at all, or their classes differ
     */
    public static PictureSets of(
            String found, LabelledPictures train, LabelledPictures validation, LabelledPictures test) {
        List<LabelledPictures> there =
                Stream.of(train, validation, test).filter(Objects::nonNull).collect(Collectors.toList());
        for (LabelledPictures pictures : there) {
            if (!pictures.classNames().equals(there.get(0).classNames())) {
                throw new BadInputException("classes (" + String.join(", ", pictures.classNames())
                        + ") must be the same in all parts ("
                        + String.join(", ", there.get(0).classNames())
                        + "); make them so");
            }
        }
        if (there.isEmpty()) {
            throw new BadInputException(
                    "pictures (none: " + found + ") must be there; name the folder that holds them");
        }
        return new PictureSets(found, train, validation, test);
    }

    /**
     * Finds out what a folder or file holds and opens it with the usual values of a {@link PictureFinder}.
     *
     * @param data a folder, an image list or a file of CIFAR
     * @return the sets
     * @throws BadInputException if it is none of these, or wrong; the message names the file and the line
     */
    public static PictureSets open(Path data) {
        return new PictureFinder().open(data);
    }

    /**
     * What was found, for the user.
     *
     * @return words such as "one folder per class, 3,000 pictures in 8 classes, 300 of them kept for validation by seed 0"
     */
    public String found() {
        return found;
    }

    /**
     * The classes, in the order of the labels.
     *
     * @return unmodifiable names
     */
    public List<String> classNames() {
        return train != null ? train.classNames() : validation().orElse(test).classNames();
    }

    /**
     * Pictures to train on.
     *
     * @return the pictures
     * @throws BadInputException if there are none
     */
    public LabelledPictures train() {
        if (train == null) {
            throw new BadInputException(
                    "training pictures (none: " + found + ") must be there; name the folder that holds them");
        }
        return train;
    }

    /**
     * Pictures that choose between trained networks.
     *
     * @return the pictures, or none
     */
    public Optional<LabelledPictures> validation() {
        return Optional.ofNullable(validation);
    }

    /**
     * Pictures that judge the chosen network.
     *
     * @return the pictures, or none
     */
    public Optional<LabelledPictures> test() {
        return Optional.ofNullable(test);
    }

    @Override
    public String toString() {
        return found;
    }
}
