package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.api.Layer;

/** What {@link RegionLayer#of} gives another name. */
final class NamedRegionLayer extends RegionLayer {
    private static final long serialVersionUID = 1L;

    NamedRegionLayer(Layer original, int position, ChainRegion region) {
        super(original, position, region);
    }
}
