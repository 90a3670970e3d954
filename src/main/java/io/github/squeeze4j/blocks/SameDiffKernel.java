package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Recent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs a block's SameDiff definition: the only place that executes SameDiff. Gradients are those of
 * sum(output * gradOutput), which needs no external-errors function (DL4J's doubles them).
 *
 * <p>One graph per input shape and mode, built at first use.
 */
final class SameDiffKernel implements Kernel {
    private static final String INPUT = BlockDefinition.INPUT;
    private static final String OUTPUT = BlockDefinition.OUTPUT;
    private static final String GRAD_OUTPUT = "gradOutput";
    private static final String LOSS = "loss";

    /** Sizes that alternate keep their graphs. */
    private static final int GRAPHS = 8;

    private final AttentionBlock block;
    private final Map<String, SameDiff> graphs = new Recent<>(GRAPHS, graph -> {});
    private boolean training;

    SameDiffKernel(AttentionBlock block) {
        this.block = block;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.training = training;
        try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            SameDiff graph = graph(x, parameters);
            Map<String, INDArray> inputs = new HashMap<>(parameters);
            inputs.put(INPUT, x);
            output.assign(graph.output(inputs, OUTPUT).get(OUTPUT));
        }
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            SameDiff graph = graph(x, parameters);
            List<String> wanted = new ArrayList<>();
            wanted.add(INPUT);
            wanted.addAll(ParameterSpec.names(block.parameters().learned()));
            if (!graph.hasGradientFunction()) {
                graph.createGradFunction(wanted.toArray(new String[0]));
            }
            Map<String, INDArray> inputs = new HashMap<>(parameters);
            inputs.put(INPUT, x);
            inputs.put(GRAD_OUTPUT, gradOutput);
            Map<String, INDArray> computed = graph.calculateGradients(inputs, wanted);
            gradInput.assign(computed.get(INPUT));
            for (ParameterSpec.Parameter parameter : block.parameters().learned()) {
                gradients.get(parameter.name).assign(computed.get(parameter.name));
            }
            statistics(graph, inputs, parameters, gradients);
        }
    }

    /** What training subtracts from the running statistics, as {@link BatchNorm} computes it. */
    private void statistics(
            SameDiff graph,
            Map<String, INDArray> inputs,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients) {
        if (!training) {
            block.parameters()
                    .statistics()
                    .forEach(statistic -> gradients.get(statistic.name).assign(0));
            return;
        }
        List<String> wanted = new ArrayList<>();
        for (String norm : block.parameters().norms()) {
            wanted.add(BlockGraph.batchName(norm, BlockGraph.BATCH_MEAN));
            wanted.add(BlockGraph.batchName(norm, BlockGraph.BATCH_VARIANCE));
        }
        if (wanted.isEmpty()) {
            return;
        }
        Map<String, INDArray> batch = graph.output(inputs, wanted);
        for (String norm : block.parameters().norms()) {
            double count = block.valuesPerStatistic(norm, inputs.get(INPUT));
            double unbiased = count > 1 ? count / (count - 1) : 1;
            double momentum = block.momentum(norm);
            String mean = BatchNorm.name(norm, BatchNorm.MEAN);
            String variance = BatchNorm.name(norm, BatchNorm.VARIANCE);
            INDArray batchMean = batch.get(BlockGraph.batchName(norm, BlockGraph.BATCH_MEAN));
            INDArray batchVariance = batch.get(BlockGraph.batchName(norm, BlockGraph.BATCH_VARIANCE));
            gradients.get(mean).assign(parameters.get(mean).sub(batchMean)).muli(momentum);
            gradients
                    .get(variance)
                    .assign(parameters.get(variance).sub(batchVariance.mul(unbiased)))
                    .muli(momentum);
        }
    }

    private SameDiff graph(INDArray x, Map<String, INDArray> parameters) {
        return graphs.computeIfAbsent(
                training + " " + x.dataType() + Arrays.toString(x.shape()), key -> build(x, parameters));
    }

    private SameDiff build(INDArray x, Map<String, INDArray> parameters) {
        BlockDefinition definition = BlockDefinition.of(block, x, parameters, training);
        SameDiff sd = definition.graph;
        SDVariable gradOutput = sd.placeHolder(GRAD_OUTPUT, x.dataType(), block.outputShape(x.shape()));
        sd.sum(LOSS, definition.output.mul(gradOutput));
        sd.setLossVariables(LOSS);
        return sd;
    }
}
