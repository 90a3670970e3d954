package io.github.squeeze4j.images;

import io.github.squeeze4j.training.BadInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out in which form a data set comes, and opens it. Tried in this order: forms that were added, image lists, the
 * binary files of CIFAR-10 and CIFAR-100, a folder with {@code train} (and {@code val} or {@code validation}, and
 * {@code test}) below it, a folder with one folder per class.
 *
 * <p>What comes without a validation set is split: of each class the given fraction, by the seed. Defaults: seed 0,
 * fraction 0.1, root the list's own folder, classes as found.
 */
public final class PictureFinder {
    private long seed;
    private double fraction = 0.1;
    private Path root;
    private List<String> classNames;
    private final List<PictureForm> forms = new ArrayList<>();

    /** A finder with the defaults. */
    public PictureFinder() {}

    /**
     * How a set without a validation part is split.
     *
     * @param fraction of each class that is kept for validation, from 0 (none) to below 1; a class of two pictures or more
     *     keeps at least one on each side
     * @param seed decides which
     * @return this finder
     */
    public PictureFinder split(double fraction, long seed) {
        this.fraction = fraction;
        this.seed = seed;
        return this;
    }

    /**
     * Where the names of an image list begin.
     *
     * @param root a folder
     * @return this finder
     */
    public PictureFinder root(Path root) {
        this.root = root;
        return this;
    }

    /**
     * The classes that must be there, in the order of the labels: a model's.
     *
     * @param classNames names; folders of other names are complained about
     * @return this finder
     */
    public PictureFinder classNames(List<String> classNames) {
        this.classNames = List.copyOf(classNames);
        return this;
    }

    /**
     * Another form to try.
     *
     * @param form tried before the others, in the order of these calls
     * @return this finder
     */
    public PictureFinder form(PictureForm form) {
        forms.add(form);
        return this;
    }

    /**
     * Opens a data set.
     *
     * @param data a folder, an image list or a file of CIFAR
     * @return its sets
     * @throws BadInputException if it is none of these, or wrong; the message names the file and the line
     */
    public PictureSets open(Path data) {
        throw new UnsupportedOperationException();
    }
}
