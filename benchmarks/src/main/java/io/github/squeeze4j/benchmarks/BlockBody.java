package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.blocks.AttentionBlock;
import java.util.Collections;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.ResetPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** One block as a layer in workspaces like those of a network that trains. */
final class BlockBody implements Body {
    private static final long SEED = 42;
    private static final ArrayType[] TYPES = {
        ArrayType.INPUT,
        ArrayType.ACTIVATIONS,
        ArrayType.ACTIVATION_GRAD,
        ArrayType.FF_WORKING_MEM,
        ArrayType.BP_WORKING_MEM
    };
    private static final WorkspaceConfiguration MEMORY = WorkspaceConfiguration.builder()
            .initialSize(0)
            .overallocationLimit(0.05)
            .policyAllocation(AllocationPolicy.OVERALLOCATE)
            .policyLearning(LearningPolicy.FIRST_LOOP)
            .policyReset(ResetPolicy.BLOCK_LEFT)
            .policySpill(SpillPolicy.REALLOCATE)
            .build();

    private final AttentionBlock block;
    private final Layer layer;
    private final INDArray x;
    private final INDArray gradOutput;
    private final LayerWorkspaceMgr workspaces;
    private final boolean backward;

    /**
     * Parameters, input and gradient are the same for every block of one kind and shape.
     *
     * @param backward false for inference, true for a training-mode forward pass and the backward pass
     */
    BlockBody(AttentionBlock block, int channels, int size, int batch, boolean backward) {
        Nd4j.getRandom().setSeed(SEED);
        NeuralNetConfiguration conf = new NeuralNetConfiguration.Builder()
                .updater(new Sgd(1))
                .layer(block)
                .build();
        this.block = (AttentionBlock) conf.getLayer();
        this.backward = backward;
        this.block.setNIn(InputType.convolutional(size, size, channels), true);
        long length = this.block.initializer().numParams(conf);
        layer = this.block.instantiate(
                conf, Collections.emptyList(), 0, Nd4j.create(DataType.FLOAT, length), true, DataType.FLOAT);
        layer.setBackpropGradientsViewArray(Nd4j.create(DataType.FLOAT, length));
        x = Nd4j.randn(DataType.FLOAT, batch, channels, size, size);
        gradOutput = Nd4j.randn(DataType.FLOAT, batch, channels, size, size);
        String prefix = this.block.blockName() + this.block.getComputation() + channels + backward;
        LayerWorkspaceMgr.Builder builder = LayerWorkspaceMgr.builder();
        for (ArrayType type : TYPES) {
            builder.with(type, prefix + type, MEMORY);
        }
        workspaces = builder.build();
    }

    @Override
    public void run() {
        run(false);
    }

    /** The output, or with the backward pass the gradient of the input. */
    @Override
    public INDArray result() {
        return run(true);
    }

    @Override
    public long learnedParameters() {
        return block.learnedParameters();
    }

    private INDArray run(boolean keep) {
        return backward ? training(keep) : forward(keep);
    }

    private INDArray forward(boolean keep) {
        try (MemoryWorkspace activations = workspaces.notifyScopeEntered(ArrayType.ACTIVATIONS);
                MemoryWorkspace working = workspaces.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
            layer.setInput(x, LayerWorkspaceMgr.noWorkspaces());
            INDArray y = layer.activate(false, workspaces);
            return keep ? y.detach() : null;
        }
    }

    private INDArray training(boolean keep) {
        try (MemoryWorkspace activations = workspaces.notifyScopeEntered(ArrayType.ACTIVATIONS)) {
            layer.setInput(x, LayerWorkspaceMgr.noWorkspaces());
            try (MemoryWorkspace working = workspaces.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
                layer.activate(true, workspaces);
            }
            try (MemoryWorkspace gradients = workspaces.notifyScopeEntered(ArrayType.ACTIVATION_GRAD);
                    MemoryWorkspace working = workspaces.notifyScopeEntered(ArrayType.BP_WORKING_MEM)) {
                INDArray gradInput =
                        layer.backpropGradient(gradOutput, workspaces).getSecond();
                return keep ? gradInput.detach() : null;
            }
        }
    }
}
