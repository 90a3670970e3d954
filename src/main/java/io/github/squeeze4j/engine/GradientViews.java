package io.github.squeeze4j.engine;

import java.util.Collections;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A layer's gradient views by parameter, as its initializer cuts them out of the network's gradient vector. */
final class GradientViews {
    private final Layer layer;
    private Map<String, INDArray> views = Collections.emptyMap();
    private INDArray vector;
    private DataBuffer memory;

    GradientViews(Layer layer) {
        this.layer = layer;
    }

    INDArray get(String key) {
        return all().get(key);
    }

    /** Cut anew where DL4J has given the layer another vector. */
    Map<String, INDArray> all() {
        INDArray flat = layer.getGradientsViewArray();
        if (flat == null) {
            return Collections.emptyMap();
        }
        // not by its address, at which another vector may lie once this one is freed
        if (flat != vector || flat.data() != memory) {
            views = layer.conf().getLayer().initializer().getGradientsFromFlattened(layer.conf(), flat);
            vector = flat;
            memory = flat.data();
        }
        return views;
    }
}
