package io.github.squeeze4j.models.families;

import io.github.squeeze4j.models.internal.graph.Window;

/** How the 3x3 max pooling of stride 2 after a stem treats the borders; both give maps of the same size at 224x224. */
public enum StemPooling {
    /** One zero row and column on every side, sizes rounded down: PyTorch's networks. */
    PADDED,
    /** No padding, sizes rounded up, so that a last window may be partial: Caffe's networks, the SENet authors' among them. */
    CEIL_MODE;

    Window window() {
        Window window = Window.of(3).stride(2);
        return this == PADDED ? window : window.withoutPadding().roundedUp();
    }
}
