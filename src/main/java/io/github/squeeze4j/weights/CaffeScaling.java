package io.github.squeeze4j.weights;

import io.github.squeeze4j.layers.ChannelScaling;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;

/** Scale with a computed factor for each channel (or each value), and Axpy, which adds a third blob to the product. */
final class CaffeScaling extends CaffeStep {
    private final boolean adds;
    private CaffeSqueeze block;

    /** @param adds whether it is Axpy: factors, map, what is added */
    CaffeScaling(CaffeLayer layer, List<CaffeBlob> inputs, boolean adds) {
        super(layer, inputs);
        this.adds = adds;
        requireInputs(adds ? 3 : 2);
        if (!adds) {
            TextMessage options = layer.options("scale_param");
            int axis = axis(options, 1);
            if (axis != 0) {
                throw layer.wrong("axis (" + axis + ") must be 0 with two bottoms, so that each example has factors"
                        + " of its own; add axis: 0");
            }
            if (options.flag("bias_term", false)) {
                throw layer.wrong("bias_term (true) must be false with two bottoms; delete it");
            }
            options.ignore("filler", "bias_filler", "num_axes");
            options.requireAllKnown();
        }
        long[] shape = map().shape;
        boolean perChannel = Arrays.equals(factors().shape, Arrays.copyOf(shape, 2))
                || adds && Arrays.equals(factors().shape, new long[] {shape[0], shape[1], 1, 1});
        boolean perValue = !adds && Arrays.equals(factors().shape, shape);
        if (!perChannel && !perValue) {
            throw layer.wrong("factors (" + factors().name + ", of shape " + Arrays.toString(factors().shape)
                    + ") must be " + (adds ? "[N, C, 1, 1] or " : "") + "[N, C] for the bottom " + map().name
                    + ", of shape " + Arrays.toString(shape) + (adds ? "" : "; reshape them"));
        }
        if (adds && !Arrays.equals(inputs.get(2).shape, shape)) {
            throw layer.wrong("third bottom (" + inputs.get(2).name + ", of shape "
                    + Arrays.toString(inputs.get(2).shape) + ") must have the shape of the second, "
                    + Arrays.toString(shape));
        }
    }

    CaffeBlob map() {
        return inputs.get(adds ? 1 : 0);
    }

    CaffeBlob factors() {
        return inputs.get(adds ? 0 : 1);
    }

    /** The factors come from a sub-graph that is one attention block. */
    void mergeInto(CaffeSqueeze found) {
        block = found;
    }

    @Override
    long[] shape() {
        return map().shape;
    }

    @Override
    boolean mayBeInPlace() {
        return !adds;
    }

    @Override
    void merge() {
        CaffeSqueeze.merge(this);
    }

    @Override
    void add(CaffeGraph graph) {
        boolean isVector = block == null && graph.isVector(map()) && (!adds || graph.isVector(inputs.get(2)));
        String product = block != null ? block.add(graph, graph.map(map())) : product(graph, isVector);
        if (adds) {
            String added = isVector ? graph.vertex(inputs.get(2)) : graph.map(inputs.get(2));
            product = graph.vertex(layer.name, new ElementWiseVertex(ElementWiseVertex.Op.Add), product, added);
        }
        graph.define(output, product, isVector);
    }

    private String product(CaffeGraph graph, boolean isVector) {
        String name = adds ? graph.fresh(layer.name + "/scaled") : layer.name;
        if (isVector) {
            String factors = graph.vector(factors());
            return graph.vertex(
                    name, new ElementWiseVertex(ElementWiseVertex.Op.Product), graph.vertex(map()), factors);
        }
        boolean alike = Arrays.equals(factors().shape, map().shape);
        return graph.vertex(
                name,
                alike ? new ElementWiseVertex(ElementWiseVertex.Op.Product) : new ChannelScaling(),
                graph.map(map()),
                alike ? graph.map(factors()) : graph.vertex(factors()));
    }
}
