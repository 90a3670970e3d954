package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.gradients.Differentiable;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.internal.ClassNames;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * The runtime of every block: parameters, gradients and workspaces around a {@link Kernel}.
 *
 * <p>DL4J's own runtime for SameDiff layers is replaced because its gradients are doubled per layer, it cannot tell
 * training from inference, and its {@code setParam} assigns nothing.
 */
class AttentionRuntime extends SameDiffLayer implements Differentiable {
    private final Kernel kernel;
    private INDArray gradientsCut;
    private INDArray learnedCut;

    AttentionRuntime(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
        AttentionBlock block = block();
        kernel = block.getComputation() == Computation.FUSED ? block.kernel() : new SameDiffKernel(block);
    }

    /** A runtime whose class DL4J's {@code summary()} prints as the block's name and channels. */
    static AttentionRuntime of(NeuralNetConfiguration conf, DataType dataType) {
        AttentionBlock block = (AttentionBlock) conf.getLayer();
        String name = block.getClass().getSimpleName() + ", " + block.getChannels() + " channels";
        Class<?> type = ClassNames.renamed(MethodHandles.lookup(), NamedAttentionRuntime.class, name);
        try {
            return (AttentionRuntime) type.getDeclaredConstructor(NeuralNetConfiguration.class, DataType.class)
                    .newInstance(conf, dataType);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private AttentionBlock block() {
        return (AttentionBlock) layerConf();
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        assertInputSet(false);
        block().validateInput(input);
        applyDropOutIfNecessary(training, workspaces);
        INDArray output = workspaces.createUninitialized(ArrayType.ACTIVATIONS, input.dataType(), outputShape(), 'c');
        Memory memory = new Memory(workspaces, ArrayType.FF_WORKING_MEM, computationType());
        INDArray x = memory.dense(channelsFirst(input));
        INDArray target = channelsFirst(output);
        INDArray y = computesIn(output) ? output : memory.temporary(target.shape());
        kernel.forward(x, y, memory.kept(paramTable), training, memory);
        if (y != output) {
            target.assign(y);
        }
        return output;
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        assertInputSet(true);
        INDArray gradInput =
                workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, input.dataType(), input.shape(), 'c');
        Memory memory = new Memory(workspaces, ArrayType.BP_WORKING_MEM, computationType());
        INDArray x = memory.dense(channelsFirst(input));
        INDArray gradOutput = memory.dense(channelsFirst(epsilon));
        INDArray target = channelsFirst(gradInput);
        INDArray gradX = computesIn(gradInput) ? gradInput : memory.temporary(target.shape());
        // a block without parameters has none
        Map<String, INDArray> gradParameters = gradTable == null ? Map.of() : memory.like(gradTable);
        kernel.backward(x, gradOutput, gradX, memory.typed(paramTable), gradParameters, memory);
        if (gradX != gradInput) {
            target.assign(gradX);
        }
        gradParameters.forEach((name, computed) -> {
            if (computed != gradTable.get(name)) {
                gradTable.get(name).assign(computed);
            }
        });
        return new Pair<>(gradient(), backpropDropOutIfPresent(gradInput));
    }

    /**
     * FLOAT where the network is in HALF, in which the sum of a 112x112 map of ones stops at 2048 or at 4096, and that of larger
     * values overflows: kernels get copies, and what they give is rounded once.
     */
    private DataType computationType() {
        return input.dataType() == DataType.FLOAT16 ? DataType.FLOAT : input.dataType();
    }

    /** Whether the kernel may write to it as it is. */
    private boolean computesIn(INDArray map) {
        return format() == CNN2DFormat.NCHW && map.dataType() == computationType();
    }

    /** Statistics stay out: gradient clipping and normalisation work on what is returned here. */
    @Override
    public Gradient gradient() {
        Gradient gradient = new DefaultGradient();
        for (ParameterSpec.Parameter parameter : block().parameters().learned()) {
            gradient.setGradientFor(parameter.name, gradTable.get(parameter.name));
        }
        return gradient;
    }

    @Override
    public Graph graph(long height, long width, boolean training) {
        MapSize size = new MapSize(block().getChannels(), height, width);
        return BlockDefinition.of(block(), DataType.FLOAT, size, training).computed();
    }

    @Override
    public Map<String, INDArray> gradientViews() {
        return gradTable;
    }

    private CNN2DFormat format() {
        return block().getFormat();
    }

    private long[] outputShape() {
        long[] s = block().outputShape(channelsFirst(input).shape());
        return format() == CNN2DFormat.NHWC ? new long[] {s[0], s[2], s[3], s[1]} : s;
    }

    private INDArray channelsFirst(INDArray map) {
        return format() == CNN2DFormat.NHWC ? map.permute(0, 3, 1, 2) : map;
    }

    // ---- parameters ------------------------------------------------------------------------------------------------

    @Override
    public void setParam(String key, INDArray value) {
        INDArray current = paramTable.get(key);
        if (current == null) {
            throw new IllegalArgumentException(
                    block().describe() + ": parameter (" + key + ") must be one of " + paramTable.keySet());
        }
        if (!Arrays.equals(current.shape(), value.shape())) {
            throw new IllegalArgumentException(block().describe() + ": shape of parameter " + key + " ("
                    + Arrays.toString(value.shape()) + ") must be " + Arrays.toString(current.shape()));
        }
        current.assign(value);
    }

    /** The learned prefix only, so that clipping by norm never sees or changes running statistics. */
    @Override
    public INDArray getGradientsViewArray() {
        if (gradients == null) {
            return null;
        }
        long learned = block().learnedParameters();
        if (learned == 0) {
            return null;
        }
        if (gradientsCut != gradients || learnedCut == null || learnedCut.length() != learned) {
            // a view made in a workspace would count as part of it
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                learnedCut = gradients.reshape(gradients.length()).get(NDArrayIndex.interval(0, learned));
            }
            gradientsCut = gradients;
        }
        return learnedCut;
    }

    @Override
    public boolean updaterDivideByMinibatch(String paramName) {
        return !block().parameters().get(paramName).role.isStatistic();
    }

    @Override
    public double calcRegularizationScore(boolean backpropParamsOnly) {
        double score = 0;
        for (Map.Entry<String, INDArray> entry : paramTable.entrySet()) {
            List<Regularization> regularizations = block().getRegularizationByParam(entry.getKey());
            if (regularizations != null) {
                for (Regularization regularization : regularizations) {
                    score += regularization.score(entry.getValue(), getIterationCount(), getEpochCount());
                }
            }
        }
        return score;
    }

    @Override
    public Layer clone() {
        AttentionRuntime copy = of(conf.clone(), dataType);
        copy.setIndex(index);
        INDArray copied = params == null ? null : params.dup();
        copy.setParamsViewArray(copied);
        copy.setParamTable(block().initializer().init(copy.conf(), copied, false));
        return copy;
    }
}
