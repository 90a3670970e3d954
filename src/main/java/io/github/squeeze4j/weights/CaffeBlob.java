package io.github.squeeze4j.weights;

import java.util.ArrayList;
import java.util.List;

/** What a layer makes, or the network's input: one version of a blob, since layers may write over what they read. */
final class CaffeBlob {
    final String name;
    /** [N, ...], as Caffe has it. */
    final long[] shape;
    /** The layer that makes it; null for the input. */
    final CaffeStep maker;

    final List<CaffeStep> readers = new ArrayList<>(1);

    CaffeBlob(String name, long[] shape, CaffeStep maker) {
        this.name = name;
        this.shape = shape;
        this.maker = maker;
    }

    boolean isMap() {
        return shape.length == 4;
    }

    long channels() {
        return shape[1];
    }

    /** Elements of one example. */
    long length() {
        long length = 1;
        for (int d = 1; d < shape.length; d++) {
            length *= shape[d];
        }
        return length;
    }

    /** The layer that alone reads it, if it is of this class. */
    <T extends CaffeStep> T onlyReader(Class<T> type) {
        return readers.size() == 1 && type.isInstance(readers.get(0)) ? type.cast(readers.get(0)) : null;
    }
}
