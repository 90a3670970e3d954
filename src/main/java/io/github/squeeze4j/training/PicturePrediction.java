package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;
import java.util.Collections;
import java.util.List;

/** What a classifier sees in one picture. */
public final class PicturePrediction {
    private final String picture;
    private final List<Prediction> classes;
    private final List<String> changes;

    PicturePrediction(String picture, List<Prediction> classes, List<String> changes) {
        this.picture = picture;
        this.classes = Collections.unmodifiableList(classes);
        this.changes = List.copyOf(changes);
    }

    /**
     * The picture.
     *
     * @return its file
     */
    public String picture() {
        return picture;
    }

    /**
     * All classes.
     *
     * @return the likeliest first
     */
    public List<Prediction> classes() {
        return classes;
    }

    /**
     * The likeliest class.
     *
     * @return its name and probability
     */
    public Prediction best() {
        return classes.get(0);
    }

    /**
     * What had to be done to the picture that may cost accuracy.
     *
     * @return short phrases such as "made grey"; none for a picture that fits
     */
    public List<String> changes() {
        return changes;
    }

    @Override
    public String toString() {
        return ShownText.of(picture) + ": " + best();
    }
}
