package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.util.List;

/**
 * Pictures with their classes, each read when it is asked for: only names and labels are in memory. Unchanging while
 * they are in use; may be read by many threads at once.
 *
 * <p>{@link PictureSets#open} finds out what a folder or a file holds.
 */
public interface LabelledPictures {
    /**
     * Number of pictures.
     *
     * @return pictures
     */
    int size();

    /**
     * The classes, in the order of the labels.
     *
     * @return unmodifiable names, at least two
     */
    List<String> classNames();

    /**
     * The class of a picture.
     *
     * @param index of the picture, from 0
     * @return its label, from 0
     */
    int label(int index);

    /**
     * What a message or a caption calls a picture: its file, or its file and place in it.
     *
     * @param index of the picture, from 0
     * @return a name
     */
    String name(int index);

    /**
     * Reads a picture.
     *
     * @param index of the picture, from 0
     * @return the picture in its own size, RGB or grey
     * @throws BadInputException if it is missing, damaged or too large; the message names it
     */
    Picture read(int index);

    /**
     * Some of these pictures.
     *
     * @param indices of the pictures, in any order
     * @return a view of them
     */
    default LabelledPictures select(int... indices) {
        return new Selection(this, indices.clone());
    }

    /**
     * A smaller set with the classes as balanced as the pictures allow: of each class the first ones.
     *
     * @param pictures how many pictures to keep at most, at least the number of classes
     * @return a view of them; these pictures if they are few enough
     */
    default LabelledPictures limit(int pictures) {
        return Selection.balanced(this, pictures);
    }
}
