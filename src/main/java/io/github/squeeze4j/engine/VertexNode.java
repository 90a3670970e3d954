package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Program;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Any other vertex: DL4J's own computation between the program's steps. */
final class VertexNode extends Node {
    private final GraphVertex original;
    private final Run run;
    private final String reason;
    private final boolean learns;
    private final boolean inPlace;
    private Gradient gradient;

    VertexNode(GraphVertex original, int[] inputs, Run run, String reason) {
        super(original.getVertexName(), original.getVertexIndex(), inputs);
        this.original = original;
        this.run = run;
        this.reason = reason;
        Layer layer = original.hasLayer() ? original.getLayer() : null;
        inPlace = layer != null && (layer.conf().getLayer().getIDropout() != null || layer instanceof BaseWrapperLayer);
        learns = original.hasLayer() && original.numParams() > 0 && !Plan.isFrozen(original);
    }

    @Override
    boolean learns() {
        return learns;
    }

    @Override
    boolean isForeign(Mode mode) {
        return true;
    }

    @Override
    String whyNotNative() {
        return reason;
    }

    @Override
    void forward(Emission emission) {
        requireOrderOfDraws(emission);
        int[] from = new int[inputs.length];
        int[] all = new int[inputs.length + 1];
        for (int i = 0; i < from.length; i++) {
            int exact = emission.exactPlace(inputs[i]);
            boolean own = exact != emission.place(inputs[i]) || !mayWriteOver(emission, inputs[i]);
            from[i] = own ? exact : emission.program.copy(exact);
            all[i] = from[i];
        }
        int to = emission.program.external(emission.denseKind(vertex));
        all[from.length] = to;
        emission.program.call(program -> forward(emission, program, from, to), all);
        emission.define(vertex, to);
        emission.remember(this, from);
    }

    /** ND4J draws numbers for an array without gaps as its memory lies, and DL4J's maps of one pixel lie in another order than ours. */
    private void requireOrderOfDraws(Emission emission) {
        boolean draws = emission.training()
                && original.hasLayer()
                && Noises.mayDraw(original.getLayer().conf().getLayer());
        for (int input : inputs) {
            long[] shape = emission.shape(input);
            if (draws && shape.length == 4 && shape[0] > 1 && shape[1] > 1 && shape[2] * shape[3] == 1) {
                throw new Unsupported("layer " + name + " draws random numbers for maps of one pixel");
            }
        }
    }

    /** DL4J's activations work in place at inference, which frozen layers are always at, its dropout in training. */
    private boolean mayWriteOver(Emission emission, int input) {
        return emission.training() ? inPlace : !emission.mayOverwrite(input);
    }

    private void forward(Emission emission, Program program, int[] from, int to) {
        for (int i = 0; i < from.length; i++) {
            INDArray input = program.array(from[i], run.shape(emission.shape(inputs[i])));
            original.setInput(i, input, run.workspaces());
        }
        INDArray output = original.doForward(run.training(), run.workspaces());
        INDArray dense = dense(output, ArrayType.ACTIVATIONS, emission.shape(vertex));
        if (!Ordinary.is(dense)) {
            throw new NotOrdinary("in the result of " + name);
        }
        program.place(to, dense);
    }

    /** Noise that was put on weights is kept for the backward pass, in a workspace of this pass. */
    @Override
    void abandon() {
        if (original.hasLayer()) {
            original.getLayer().clearNoiseWeightParams();
        }
    }

    private INDArray dense(INDArray array, ArrayType type, long[] shape) {
        long[] expected = run.shape(shape);
        if (!Arrays.equals(array.shape(), expected)) {
            throw new Unsupported("vertex " + name + " gave " + Arrays.toString(array.shape())
                    + " where its configuration says " + Arrays.toString(expected));
        }
        // a vertex may give back its input, whose scratch memory is used again
        boolean asIs = Run.isDense(array) && !run.isScratch(array);
        return asIs ? array : run.workspaces().dup(type, array.castTo(DataType.FLOAT), 'c');
    }

    @Override
    void backward(Emission emission) {
        int[] from = emission.recall(this);
        int gradOutput = emission.program.as(emission.gradient(vertex), emission.denseKind(vertex));
        int[] to = new int[inputs.length];
        int[] all = Arrays.copyOf(from, 2 * from.length + 1);
        for (int i = 0; i < to.length; i++) {
            to[i] = emission.program.external(emission.denseKind(inputs[i]));
            all[from.length + i] = to[i];
        }
        all[2 * from.length] = gradOutput;
        emission.program.call(program -> backward(emission, program, gradOutput, to), all);
        for (int i = 0; i < to.length; i++) {
            emission.contribute(inputs[i], to[i]);
        }
    }

    private void backward(Emission emission, Program program, int gradOutput, int[] to) {
        original.setEpsilon(program.array(gradOutput, run.shape(emission.shape(vertex))));
        Pair<Gradient, INDArray[]> result = original.doBackward(false, run.workspaces());
        gradient = result.getFirst();
        for (int i = 0; i < to.length; i++) {
            INDArray given = result.getSecond()[i];
            long[] shape = emission.shape(inputs[i]);
            INDArray dense = given == null
                    ? run.workspaces().create(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, run.shape(shape), 'c')
                    : dense(given, ArrayType.ACTIVATION_GRAD, shape);
            program.place(to[i], run.detached() ? dense.detach() : dense);
        }
        original.clear();
    }

    /** What the vertex itself gave in this pass. */
    @Override
    Gradient gradient() {
        return gradient;
    }
}
