package io.github.squeeze4j.weights;

import io.github.squeeze4j.blocks.SqueezeExcitation;

/**
 * A sub-graph that is exactly one Squeeze-and-Excitation: mean of the map, product, ReLU, product, sigmoid, and perhaps a Reshape,
 * each read by the next alone. Other factors are computed as they are written.
 */
final class CaffeSqueeze {
    private final CaffePooling mean;
    private final CaffeProduct reduce;
    private final CaffeProduct expand;

    private CaffeSqueeze(CaffePooling mean, CaffeProduct reduce, CaffeProduct expand) {
        this.mean = mean;
        this.reduce = reduce;
        this.expand = expand;
    }

    /** Looks at where a scaling's factors come from, and takes over the layers if they are a block. */
    static void merge(CaffeScaling scaling) {
        CaffeReshape reshape = maker(scaling.factors(), CaffeReshape.class);
        CaffeBlob scores = reshape == null ? scaling.factors() : reshape.input();
        CaffeElementwise gate = maker(scores, CaffeElementwise.class);
        CaffeProduct expand = gate != null && gate.isSigmoid() ? product(gate.input()) : null;
        CaffeElementwise relu = expand == null ? null : maker(expand.input(), CaffeElementwise.class);
        CaffeProduct reduce = relu != null && relu.isPlainRelu() ? product(relu.input()) : null;
        CaffePooling mean = reduce == null ? null : maker(reduce.input(), CaffePooling.class);
        boolean found = mean != null
                && mean.isGlobalMean()
                && mean.input() == scaling.map()
                && reduce.isBiased == expand.isBiased
                && expand.outputs == scaling.map().channels();
        if (found) {
            CaffeSqueeze block = new CaffeSqueeze(mean, reduce, expand);
            scaling.mergeInto(block);
            reduce.mergeInto(mean.layer.name, "reduce");
            expand.mergeInto(mean.layer.name, "expand");
            for (CaffeStep step : new CaffeStep[] {reshape, gate, relu, mean}) {
                if (step != null) {
                    step.isMerged = true;
                }
            }
        }
    }

    private static <T extends CaffeStep> T maker(CaffeBlob blob, Class<T> type) {
        return blob.readers.size() == 1 && type.isInstance(blob.maker) ? type.cast(blob.maker) : null;
    }

    private static CaffeProduct product(CaffeBlob blob) {
        CaffeProduct product = maker(blob, CaffeProduct.class);
        return product != null && product.isLinear() ? product : null;
    }

    /** The block behind a map; named as the first of its layers. */
    String add(CaffeGraph graph, String map) {
        SqueezeExcitation block = SqueezeExcitation.builder()
                .hidden(reduce.outputs)
                .biases(reduce.isBiased)
                .build();
        return graph.layer(mean.layer.name, block, map);
    }
}
