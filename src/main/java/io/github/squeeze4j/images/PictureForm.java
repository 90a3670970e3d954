package io.github.squeeze4j.images;

import java.nio.file.Path;

/**
 * A form of data sets that {@link PictureFinder#form} adds to those that it knows, such as the IDX files of MNIST.
 */
public interface PictureForm {
    /**
     * Whether the folder or file looks like one of this form; cheap, and without reading the pictures.
     *
     * @param data a folder or a file that exists
     * @return whether {@link #open} is to be called
     */
    boolean matches(Path data);

    /**
     * Opens it.
     *
     * @param data a folder or a file that {@link #matches}
     * @return its sets
     * @throws io.github.squeeze4j.BadInputException if it is damaged; the message names the file
     */
    PictureSets open(Path data);

    /**
     * What the message calls it that says which forms there are.
     *
     * @return words such as "the four IDX files of MNIST and its kin"
     */
    String description();
}
