package io.github.squeeze4j.engine;

import io.github.squeeze4j.compiler.codegen.FlatMap;
import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Pooling;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Steps;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Squeeze-and-Excitation. The scaling of the map waits for the addition and the ReLU of a residual
 * block, which are then one pass with it.
 *
 * <p>For the passes over maps, [N, C, H, W] is taken for [1, N * C, H, W], which is the same memory: a number per image
 * and channel is then a number per channel, for which oneDNN has its fast ways.
 */
final class SqueezeExcitationNode extends Node {
    private static final String REDUCE_WEIGHT = "reduceW";
    private static final String REDUCE_BIAS = "reduceB";
    private static final String EXPAND_WEIGHT = "expandW";
    private static final String EXPAND_BIAS = "expandB";

    private final Layer layer;
    private final Function inner;
    private final Function gateFunction;
    private final GradientViews views;
    private final boolean frozen;

    /**
     * @param inner between the two linear layers
     * @param gateFunction behind them, with a derivative that follows from its result
     */
    SqueezeExcitationNode(
            String name, int vertex, int input, Layer layer, Function inner, Function gateFunction, boolean frozen) {
        super(name, vertex, input);
        this.inner = inner;
        this.gateFunction = gateFunction;
        this.layer = layer;
        this.frozen = frozen;
        views = new GradientViews(layer);
    }

    @Override
    boolean learns() {
        return !frozen;
    }

    private boolean biased() {
        return layer.getParam(REDUCE_BIAS) != null;
    }

    /** [out, in] of the layer's [in, out]. */
    private dnnl_memory_desc_t weightKind(String key) {
        long[] shape = layer.getParam(key).shape();
        return Layout.transposed(shape[1], shape[0]);
    }

    private dnnl_memory_desc_t biasKind(String key) {
        return Layout.dense(layer.getParam(key).length());
    }

    @Override
    void forward(Emission emission) {
        Scaled scaled = new Scaled(emission);
        emission.defer(vertex, scaled);
        emission.defineRectified(vertex, emission.isRectified(inputs[0])); // gates are not negative
        emission.remember(this, scaled);
    }

    /** The scaling. */
    private final class Scaled extends Pending {
        private final FlatMap flat;
        private final int x;
        private final int squeezed;
        private final int hidden;
        private final int known;
        private final int gate;
        private final int flatGate;

        Scaled(Emission emission) {
            x = emission.place(inputs[0]);
            long[] shape = emission.shape(inputs[0]);
            flat = new FlatMap(emission.program, emission.steps, shape, emission.program.kind(x), 0);
            long[] pixel = {shape[0], shape[1], 1, 1};
            Steps.Pooled mean =
                    emission.steps.pooling(Pooling.Kind.AVERAGE, Geometry.whole(shape), flat.map(x), pixel, false);
            squeezed = flat.matrix(mean.output);
            if (inner.needsSource()) {
                known = linear(emission, squeezed, REDUCE_WEIGHT, REDUCE_BIAS, Function.IDENTITY);
                hidden = emission.program.temporary(emission.program.kind(known));
                emission.steps.apply(inner, known, hidden);
            } else {
                hidden = linear(emission, squeezed, REDUCE_WEIGHT, REDUCE_BIAS, inner);
                known = hidden;
            }
            gate = linear(emission, hidden, EXPAND_WEIGHT, EXPAND_BIAS, gateFunction);
            flatGate = flat.pixels(gate);
        }

        private int means(Emission emission, int map, long[] shape) {
            long[] pixel = {shape[0], shape[1], 1, 1};
            return emission.steps.pooling(Pooling.Kind.AVERAGE, Geometry.whole(shape), map, pixel, false).output;
        }

        private int linear(Emission emission, int in, String weight, String bias, Function function) {
            return emission.steps.linear(
                    in,
                    emission.parameter(SqueezeExcitationNode.this, layer, weight, weightKind(weight)),
                    biased() ? emission.parameter(SqueezeExcitationNode.this, layer, bias, biasKind(bias)) : -1,
                    new PostOps().apply(function));
        }

        @Override
        int emit(Emission emission) {
            PostOps post = new PostOps();
            if (addend >= 0) {
                post.add(flat.flat(flat.map(emission.place(addend))));
            }
            int y = emission.program.temporary(flat.kind());
            emission.steps.multiply(
                    flat.flat(flat.map(x)), flatGate, flat.flat(y), post.apply(emission.kept(function)));
            return y;
        }
    }

    @Override
    void backward(Emission emission) {
        Scaled forward = emission.recall(this);
        FlatMap flat = forward.flat;
        int gradOutput = flat.map(emission.gradient(vertex));
        int dots = flat.vector();
        int gradInput = emission.steps.scaledAndDots(
                flat.flat(flat.map(forward.x)),
                flat.flat(gradOutput),
                emission.program.view(forward.flatGate, flat.vectorKind()),
                emission.repeated(0, flat.channels()),
                emission.repeated(1, flat.channels()),
                dots);
        int gradGate = flat.matrix(emission.program.view(dots, flat.pixelKind()));
        int gradScores = emission.steps.applySource(gateFunction, forward.gate, gradGate);
        int gradHidden = linearBackward(emission, forward.hidden, EXPAND_WEIGHT, EXPAND_BIAS, gradScores);
        gradHidden = emission.steps.applySource(inner, forward.known, gradHidden);
        int gradSqueezed = linearBackward(emission, forward.squeezed, REDUCE_WEIGHT, REDUCE_BIAS, gradHidden);
        if (emission.wantsGradient(inputs[0])) {
            long[] shape = emission.shape(inputs[0]);
            emission.steps.multiply(1.0 / (shape[2] * shape[3]), gradSqueezed, gradSqueezed);
            emission.steps.add(gradInput, flat.pixels(gradSqueezed), gradInput, new PostOps());
            emission.contribute(inputs[0], emission.program.view(gradInput, flat.kind()));
        }
    }

    private int linearBackward(Emission emission, int in, String weight, String bias, int gradOutput) {
        dnnl_memory_desc_t kind = weightKind(weight);
        int gradWeight = frozen ? emission.program.temporary(kind) : emission.gradientOf(views, weight, kind);
        int gradBias = biased() && !frozen ? emission.gradientOf(views, bias, biasKind(bias)) : -1;
        return emission.steps.linearBackward(
                in,
                emission.parameter(SqueezeExcitationNode.this, layer, weight, kind),
                gradOutput,
                gradWeight,
                gradBias);
    }

    @Override
    Gradient gradient() {
        Gradient gradient = new DefaultGradient();
        for (Map.Entry<String, INDArray> view : views.all().entrySet()) {
            gradient.setGradientFor(view.getKey(), view.getValue());
        }
        return gradient;
    }
}
