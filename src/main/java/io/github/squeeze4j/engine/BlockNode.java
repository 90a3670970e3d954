package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.compiler.codegen.ProgramCode;
import io.github.squeeze4j.compiler.gradients.Backward;
import io.github.squeeze4j.compiler.gradients.Differentiable;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Signs;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.compiler.passes.Pipeline;
import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Steps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An attention block, compiled from its definition, and in training from that and its gradients. It waits for the addition and the
 * activation of a residual block, which become part of its graph.
 */
final class BlockNode extends Node {
    private static final String ADDEND = "addend";

    private final Layer layer;
    private final AttentionBlock block;
    private final boolean frozen;

    /** @throws Unsupported if the compiler has no steps for one of its operations */
    BlockNode(String name, int vertex, int input, Layer layer, AttentionBlock block, boolean frozen) {
        super(name, vertex, input);
        this.layer = layer;
        this.block = block;
        this.frozen = frozen;
        String refusal = ProgramCode.refusal(Pipeline.run(block.definition(), Pipeline.inference()));
        if (refusal != null) {
            throw new Unsupported(refusal);
        }
    }

    /** Why DL4J's loop computes it in training, or null. */
    String whyNotTrained() {
        Value map = block.definition().outputs().get(0);
        Graph graph = compiled(backward(map.type().size(2), map.type().size(3)).graph, null, null);
        return ProgramCode.refusal(graph);
    }

    @Override
    boolean learns() {
        return !frozen && layer.numParams() > 0;
    }

    @Override
    void forward(Emission emission) {
        Compiled compiled = new Compiled();
        emission.defer(vertex, compiled);
        emission.remember(this, compiled);
        emission.defineRectified(vertex, emission.isRectified(inputs[0]) && Signs.areKept(block.definition()));
    }

    @Override
    void backward(Emission emission) {
        Compiled compiled = emission.recall(this);
        if (emission.wantsGradient(inputs[0])) {
            emission.contribute(inputs[0], compiled.code.map(1));
        }
        for (int i = 0; i < compiled.parameters.size(); i++) {
            compiled.code.gradient(2 + i, compiled.parameters.get(i));
        }
    }

    @Override
    Gradient gradient() {
        return layer.gradient();
    }

    private Backward backward(long height, long width) {
        Graph forward = ((Differentiable) layer).graph(height, width, !frozen);
        return Backward.of(Pipeline.run(forward, Pipeline.beforeGradients()), !frozen);
    }

    /** For training, with what waits behind the block. */
    private Graph compiled(Graph backward, Value addend, Function function) {
        List<Value> outputs = new ArrayList<>(backward.outputs());
        outputs.set(0, followed(outputs.get(0), addend, function));
        return Pipeline.run(new Graph(name + ".training", outputs), Pipeline.behindGradients());
    }

    private static Value followed(Value output, Value addend, Function function) {
        Ops ops = new Ops();
        Value y = addend == null ? output : ops.add(output, addend);
        return function == null || function == Function.IDENTITY ? y : ops.unary(ProgramCode.op(function), y);
    }

    private final class Compiled extends Pending {
        private ProgramCode code;
        private List<String> parameters;

        @Override
        int emit(Emission emission) {
            long[] shape = emission.shape(inputs[0]);
            Graph graph = emission.training() ? training(shape) : inference(shape);
            String refusal = ProgramCode.refusal(graph); // another size may have another answer
            if (refusal != null) {
                throw new Unsupported(name + ": " + refusal);
            }
            Places leaves = new Places(emission);
            Steps steps = new Steps(emission.program); // what a block computes of its maps is FLOAT
            code = new ProgramCode(emission.program, steps, shape[0], graph, leaves, emission::kept);
            return code.map(0);
        }

        private Graph training(long[] shape) {
            definition(shape);
            Backward backward = backward(shape[2], shape[3]);
            parameters = backward.parameters;
            return compiled(backward.graph, addend(backward.graph.outputs().get(0)), function);
        }

        private Graph inference(long[] shape) {
            Value y = definition(shape).outputs().get(0);
            Graph lowered = new Graph(name, followed(y, addend(y), function));
            return Pipeline.run(lowered, Pipeline.inference());
        }

        private Value addend(Value output) {
            return addend < 0 ? null : new Ops().input(ADDEND, output.type());
        }

        private Graph definition(long[] shape) {
            try {
                return block.definition(InputType.convolutional(shape[2], shape[3], shape[1]));
            } catch (
                    IllegalArgumentException
                            e) { // a size that does not fit its parameters: DL4J's message is for users
                throw new Unsupported(name + ": " + e.getMessage());
            }
        }

        private final class Places implements ProgramCode.Leaves {
            private final Emission emission;

            Places(Emission emission) {
                this.emission = emission;
            }

            @Override
            public int parameter(String key, String form, dnnl_memory_desc_t kind) {
                return emission.parameter(BlockNode.this, layer, key, form, kind);
            }

            @Override
            public boolean constant() {
                return emission.mode == Mode.FROZEN;
            }

            private int vertexOf(String input) {
                return input.equals(ADDEND) ? addend : inputs[0];
            }

            @Override
            public int input(String input) {
                return input.equals(Backward.GRADIENT) ? emission.gradient(vertex) : emission.place(vertexOf(input));
            }

            @Override
            public boolean mayOverwrite(String input) {
                return !input.equals(Backward.GRADIENT) && emission.mayOverwrite(vertexOf(input));
            }

            @Override
            public int gradient(String key, dnnl_memory_desc_t kind) {
                return emission.array(kind, () -> {
                    Map<String, INDArray> views = ((Differentiable) layer).gradientViews();
                    return views == null ? null : views.get(key); // until DL4J has given the layer a vector
                });
            }
        }
    }
}
