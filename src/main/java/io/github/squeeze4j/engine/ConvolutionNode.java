package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.Pooling;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Steps;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Convolution, in groups or not, with the activation of its layer. */
final class ConvolutionNode extends Node {
    private static final String WEIGHT = ConvolutionParamInitializer.WEIGHT_KEY;
    private static final String BIAS = ConvolutionParamInitializer.BIAS_KEY;

    private final Layer layer;
    private final GradientViews views;
    private final Geometry geometry;
    private final int groups;
    private final boolean biased;
    private final Function activation;
    private final boolean frozen;

    ConvolutionNode(
            String name,
            int vertex,
            int input,
            Layer layer,
            Geometry geometry,
            int groups,
            boolean biased,
            Function activation,
            boolean frozen) {
        super(name, vertex, input);
        this.layer = layer;
        this.geometry = geometry;
        this.groups = groups;
        this.biased = biased;
        this.activation = activation;
        this.frozen = frozen;
        views = new GradientViews(layer);
    }

    @Override
    boolean learns() {
        return !frozen;
    }

    private dnnl_memory_desc_t weightKind() {
        return groups == 1
                ? Layout.dense(layer.getParam(WEIGHT).shape())
                : Layout.dense(GroupPacking.grouped(layer.getParam(WEIGHT).shape(), groups));
    }

    /** Null where groups are as oneDNN likes them. */
    private GroupPacking packing(Emission emission) {
        return GroupPacking.of(layer.getParam(WEIGHT).shape(), groups, emission.maps());
    }

    private int weights(Emission emission) {
        int own = emission.parameter(ConvolutionNode.this, layer, WEIGHT, weightKind());
        GroupPacking packing = packing(emission);
        if (packing == null) {
            return own;
        }
        int packed = emission.program.temporary(packing.kind());
        emission.program.call(program -> packing.pack(program.floats(own), program.floats(packed)), own, packed);
        return packed;
    }

    private dnnl_memory_desc_t biasKind() {
        return Layout.dense(layer.getParam(WEIGHT).size(0));
    }

    @Override
    void forward(Emission emission) {
        if (emission.mode == Mode.FROZEN) {
            Folded folded = new Folded();
            folded.function = activation;
            emission.defer(vertex, folded);
            emission.defineRectified(vertex, activation == Function.RELU);
            return;
        }
        long[] out = emission.shape(vertex);
        Steps.Convolved convolved = emission.steps.convolution(
                geometry.window(emission.shape(inputs[0]), out),
                emission.place(inputs[0]),
                weights(emission),
                biased ? emission.parameter(ConvolutionNode.this, layer, BIAS, biasKind()) : -1,
                out,
                -1,
                activation.needsSource() ? new PostOps() : new PostOps().apply(emission.kept(activation)),
                null);
        emission.note(this, convolved);
        int result = convolved.output;
        if (activation.needsSource()) {
            result = emission.program.temporary(emission.program.kind(convolved.output));
            emission.steps.apply(activation, convolved.output, result);
        }
        emission.define(vertex, result);
        emission.defineRectified(vertex, activation == Function.RELU);
        emission.remember(this, convolved);
    }

    @Override
    void backward(Emission emission) {
        Steps.Convolved convolved = emission.recall(this);
        int gradient = emission.gradient(vertex);
        if (activation != Function.IDENTITY) {
            gradient = emission.functionGradient(activation, vertex, convolved.output, gradient);
        }
        if (learns()) {
            int gradWeights = emission.gradientOf(views, WEIGHT, weightKind());
            int gradBias = biased ? emission.gradientOf(views, BIAS, biasKind()) : -1;
            GroupPacking packing = packing(emission);
            if (packing == null) {
                emission.steps.convolutionWeights(convolved, gradient, gradWeights, gradBias);
            } else {
                int packed = emission.program.temporary(packing.kind());
                emission.steps.convolutionWeights(convolved, gradient, packed, gradBias);
                emission.program.call(
                        program -> packing.unpack(program.floats(packed), program.floats(gradWeights)),
                        packed,
                        gradWeights);
            }
        }
        if (emission.wantsGradient(inputs[0])) {
            emission.contribute(inputs[0], emission.steps.convolutionSource(convolved, gradient));
        }
    }

    @Override
    Gradient gradient() {
        Gradient gradient = new DefaultGradient();
        Map<String, INDArray> all = views.all();
        if (biased) {
            gradient.setGradientFor(BIAS, all.get(BIAS));
        }
        gradient.setGradientFor(WEIGHT, all.get(WEIGHT), 'c');
        return gradient;
    }

    /** A convolution whose weights have taken in the batch normalization behind it. */
    final class Folded extends Pending {
        private double[] scale;
        private double[] shift;

        /** Whether an affine map per channel can become part of the weights. */
        boolean takesAffine() {
            return takesAddend() && scale == null;
        }

        void affine(double[] scale, double[] shift) {
            this.scale = scale;
            this.shift = shift;
        }

        /**
         * The means [N, C] of the result's maps before the result exists, or -1 where that is no gain: the mean of a 1x1
         * convolution is the same convolution of the mean of its input, which is the smaller map.
         */
        int means(Emission emission) {
            long[] in = emission.shape(inputs[0]);
            long[] out = emission.shape(vertex);
            boolean linear = takesAddend() && groups == 1 && geometry.pointwise();
            // numbers read less than in one pass over the result, and weights read more
            if (!linear || in[0] * in[2] * in[3] * (out[1] - in[1]) < 2 * in[1] * out[1]) {
                return -1;
            }
            Steps.Pooled mean = emission.steps.pooling(
                    Pooling.Kind.AVERAGE,
                    Geometry.whole(in),
                    emission.place(inputs[0]),
                    new long[] {in[0], in[1], 1, 1},
                    false);
            int dense = emission.program.as(mean.output, Layout.dense(in[0], in[1], 1, 1));
            int rows = emission.program.view(dense, Layout.dense(in[0], in[1]));
            int matrix = emission.program.view(foldedWeights(emission), Layout.dense(out[1], in[1]));
            return emission.steps.linear(rows, matrix, foldedBias(emission), new PostOps());
        }

        private int foldedWeights(Emission emission) {
            GroupPacking packing = packing(emission);
            dnnl_memory_desc_t kind = packing == null ? weightKind() : packing.kind();
            return emission.constant(ConvolutionNode.this, "folded weights", kind, () -> weights(packing));
        }

        private int foldedBias(Emission emission) {
            return biased || scale != null
                    ? emission.constant(ConvolutionNode.this, "folded bias", biasKind(), this::bias)
                    : -1;
        }

        private INDArray weights(GroupPacking packing) {
            INDArray weights = layer.getParam(WEIGHT).dup('c');
            if (scale != null) {
                weights.muli(Nd4j.createFromArray(scale).castTo(DataType.FLOAT).reshape(scale.length, 1, 1, 1));
            }
            if (packing == null) {
                return weights;
            }
            INDArray packed = Nd4j.create(DataType.FLOAT, packing.shape());
            packing.pack(new Floats(weights), new Floats(packed));
            return packed;
        }

        private INDArray bias() {
            float[] bias = new float[(int) layer.getParam(WEIGHT).size(0)];
            for (int o = 0; o < bias.length; o++) {
                double own = biased ? layer.getParam(BIAS).getDouble(o) : 0;
                bias[o] = (float) (scale == null ? own : own * scale[o] + shift[o]);
            }
            return Nd4j.createFromArray(bias);
        }

        @Override
        int emit(Emission emission) {
            if (emission.maps() == DataType.BFLOAT16) {
                emission.place(inputs[0]); // what it is computed of may be all that still reads the addend
            }
            boolean addInPlace = addend >= 0 && emission.mayOverwrite(addend);
            int to = addInPlace ? emission.place(addend) : -1;
            boolean last = addInPlace || addend < 0;
            long[] shape = emission.shape(vertex);
            Steps.Convolved convolved = emission.steps.convolution(
                    geometry.window(emission.shape(inputs[0]), shape),
                    emission.place(inputs[0]),
                    foldedWeights(emission),
                    foldedBias(emission),
                    shape,
                    to,
                    following(addInPlace, last ? emission.kept(function) : Function.IDENTITY),
                    following(addInPlace, last ? function : Function.IDENTITY));
            emission.note(ConvolutionNode.this, convolved);
            if (!convolved.direct && last && function != Function.IDENTITY) {
                emission.guard(inputs[0]);
            }
            if (!last) {
                int other = emission.program.as(emission.place(addend), emission.program.kind(convolved.output));
                // not in place: oneDNN then leaves out functions of channels in the last, unfilled block
                return emission.steps.add(convolved.output, other, -1, new PostOps().apply(emission.kept(function)));
            }
            return convolved.output;
        }

        private PostOps following(boolean add, Function function) {
            PostOps post = new PostOps();
            return (add ? post.addToDestination() : post).apply(function);
        }
    }
}
