package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** Pictures that know which of them could not be read. */
final class ReadPictures implements LabelledPictures {
    private final LabelledPictures pictures;
    private final BitSet bad = new BitSet();

    ReadPictures(LabelledPictures pictures) {
        this.pictures = pictures;
    }

    @Override
    public int size() {
        return pictures.size();
    }

    @Override
    public List<String> classNames() {
        return pictures.classNames();
    }

    @Override
    public int label(int index) {
        return pictures.label(index);
    }

    @Override
    public String name(int index) {
        return pictures.name(index);
    }

    @Override
    public Picture read(int index) {
        try {
            return pictures.read(index);
        } catch (BadInputException e) {
            synchronized (bad) {
                bad.set(index);
            }
            throw e;
        }
    }

    /** The pictures that were not found bad, in their order. */
    int[] indices() {
        synchronized (bad) {
            return IntStream.range(0, size()).filter(i -> !bad.get(i)).toArray();
        }
    }
}
