package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.util.Arrays;
import java.util.List;

/** Some of other pictures. */
final class Selection implements LabelledPictures {
    private final LabelledPictures all;
    private final int[] indices;

    Selection(LabelledPictures all, int[] indices) {
        for (int index : indices) {
            if (index < 0 || index >= all.size()) {
                throw new BadInputException("picture index (" + index + ") must be from 0 to " + (all.size() - 1)
                        + "; choose one of the " + all.size() + " pictures");
            }
        }
        this.all = all;
        this.indices = indices;
    }

    static LabelledPictures balanced(LabelledPictures all, int pictures) {
        int classes = all.classNames().size();
        if (pictures < classes) {
            throw new BadInputException("limit (" + pictures + ") must be at least the number of classes (" + classes
                    + "); use limit(" + classes + ") or more");
        }
        if (pictures >= all.size()) {
            return all;
        }
        int[] room = new int[classes];
        Arrays.setAll(room, c -> pictures / classes + (c < pictures % classes ? 1 : 0));
        int[] kept = new int[pictures];
        int count = 0;
        for (int i = 0; i < all.size(); i++) {
            if (room[all.label(i)]-- > 0) {
                kept[count++] = i;
            }
        }
        return new Selection(all, Arrays.copyOf(kept, count));
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public List<String> classNames() {
        return all.classNames();
    }

    @Override
    public int label(int index) {
        return all.label(indices[index]);
    }

    @Override
    public String name(int index) {
        return all.name(indices[index]);
    }

    @Override
    public Picture read(int index) {
        return all.read(indices[index]);
    }
}
