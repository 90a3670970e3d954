package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.inputs.InvalidInputTypeException;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The product of a map and a factor for each of its channels, which another vertex computes.
 *
 * <pre>
 * y[n, c, h, w] = x[n, c, h, w] * s[n, c]
 * </pre>
 *
 * <p>Shapes: the first input and the result [N, C, H, W], the second [N, C] or [N, C, 1, 1]. No parameters. Any type.
 *
 * <p>Caffe's Scale with two bottoms and {@code axis: 0}; DL4J's {@code ElementWiseVertex} wants equal shapes.
 *
 * <pre>{@code
 * .addVertex("scaled", new ChannelScaling(), "map", "gate")
 * }</pre>
 */
public final class ChannelScaling extends GraphVertex {
    private static final long serialVersionUID = 1;

    /** A vertex without options. */
    public ChannelScaling() {}

    @Override
    public ChannelScaling clone() {
        return new ChannelScaling();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChannelScaling;
    }

    @Override
    public int hashCode() {
        return ChannelScaling.class.hashCode();
    }

    @Override
    public long numParams(boolean backprop) {
        return 0;
    }

    @Override
    public int minVertexInputs() {
        return 2;
    }

    @Override
    public int maxVertexInputs() {
        return 2;
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph,
            String name,
            int index,
            INDArray parameters,
            boolean initializeParams,
            DataType networkDataType) {
        return new ChannelScalingRuntime(graph, name, index, networkDataType);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType... inputs) {
        boolean isMap = inputs.length == 2
                && inputs[0].getType() == InputType.Type.CNN
                && ((InputType.InputTypeConvolutional) inputs[0]).getFormat() == CNN2DFormat.NCHW;
        if (!isMap || inputs[1].arrayElementsPerExample() != channels(inputs[0])) {
            throw new InvalidInputTypeException("ChannelScaling: inputs (" + java.util.Arrays.toString(inputs)
                    + ") must be a map [N, C, H, W] and its factors [N, C]");
        }
        return inputs[0];
    }

    private static long channels(InputType map) {
        return ((InputType.InputTypeConvolutional) map).getChannels();
    }

    @Override
    public MemoryReport getMemoryReport(InputType... inputs) {
        return new LayerMemoryReport.Builder(null, ChannelScaling.class, inputs[0], inputs[0])
                .standardMemory(0, 0)
                .workingMemory(0, 0, 0, inputs[0].arrayElementsPerExample())
                .cacheMemory(0, 0)
                .build();
    }
}
