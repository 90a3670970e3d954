package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Layout;
import java.util.Collections;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A layer's gradient views by parameter, as its initializer cuts them out of the network's gradient vector. */
final class GradientViews {
    private final Layer layer;
    private Map<String, INDArray> views = Collections.emptyMap();
    private long address;

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
        long now = Layout.address(flat);
        if (now != address) {
            views = layer.conf().getLayer().initializer().getGradientsFromFlattened(layer.conf(), flat);
            address = now;
        }
        return views;
    }
}
