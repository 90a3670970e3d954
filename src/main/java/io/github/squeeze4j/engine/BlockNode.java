package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.compiler.codegen.ProgramCode;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Signs;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.compiler.passes.Pipeline;
import io.github.squeeze4j.onednn.Function;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.inputs.InputType;

/**
 * An attention block at inference, compiled from its definition. It waits for the addition and the activation of a residual block,
 * which become part of its graph.
 */
final class BlockNode extends Node {
    private static final String ADDEND = "addend";

    private final Layer layer;
    private final AttentionBlock block;
    private final GradientViews views;

    /** @throws Unsupported if the compiler has no steps for one of its operations */
    BlockNode(String name, int vertex, int input, Layer layer, AttentionBlock block) {
        super(name, vertex, input);
        this.layer = layer;
        this.block = block;
        views = new GradientViews(layer);
        String refusal = ProgramCode.refusal(Pipeline.run(block.definition(), Pipeline.inference()));
        if (refusal != null) {
            throw new Unsupported(refusal);
        }
    }

    @Override
    void forward(Emission emission) {
        emission.check(this); // the map itself keeps what is not a number
        emission.defer(vertex, new Compiled());
        emission.defineRectified(vertex, emission.isRectified(inputs[0]) && Signs.areKept(block.definition()));
    }

    @Override
    void backward(Emission emission) {
        throw new IllegalStateException("training of " + name + " is DL4J's");
    }

    private final class Compiled extends Pending {
        @Override
        int emit(Emission emission) {
            long[] shape = emission.shape(inputs[0]);
            Graph graph = Pipeline.run(lowered(definition(shape)), Pipeline.inference());
            String refusal = ProgramCode.refusal(graph); // another size may have another answer
            if (refusal != null) {
                throw new Unsupported(name + ": " + refusal);
            }
            Places leaves = new Places(emission);
            return new ProgramCode(emission.program, emission.steps, shape[0], graph, leaves, emission::kept).map(0);
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

        /** The block, and what waits behind it. */
        private Graph lowered(Graph definition) {
            Ops ops = new Ops();
            Value y = definition.outputs().get(0);
            if (addend >= 0) {
                y = ops.add(y, ops.input(ADDEND, y.type()));
            }
            return new Graph(name, function == Function.IDENTITY ? y : ops.unary(ProgramCode.op(function), y));
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
                return emission.place(vertexOf(input));
            }

            @Override
            public int gradient(String key, dnnl_memory_desc_t kind) {
                return emission.gradientOf(views, key, kind);
            }

            @Override
            public boolean mayOverwrite(String input) {
                return emission.mayOverwrite(vertexOf(input));
            }
        }
    }
}
