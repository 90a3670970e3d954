package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.codegen.SameDiffCode;
import io.github.squeeze4j.compiler.ir.Value;
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
    private final Map<String, Form> graphs = new Recent<>(GRAPHS, graph -> {});
    private boolean training;

    SameDiffKernel(AttentionBlock block) {
        this.block = block;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.training = training;
        try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            SameDiff graph = form(x).sd;
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
            Form form = form(x);
            SameDiff graph = form.sd;
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
            statistics(form, inputs, parameters, gradients);
        }
    }

    /** What training subtracts from the running statistics, as {@link BatchNorm} computes it. */
    private void statistics(
            Form form,
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
        for (Value norm : form.norms) {
            wanted.add(SameDiffCode.batchMean(norm.text("norm")));
            wanted.add(SameDiffCode.batchVariance(norm.text("norm")));
        }
        if (wanted.isEmpty()) {
            return;
        }
        Map<String, INDArray> batch = form.sd.output(inputs, wanted);
        for (Value value : form.norms) {
            String norm = value.text("norm");
            long perExample = value.type().elements() / value.type().size(1);
            double count = inputs.get(INPUT).size(0) * perExample;
            double unbiased = count > 1 ? count / (count - 1) : 1;
            double momentum = block.momentum(norm);
            String mean = BatchNorm.name(norm, BatchNorm.MEAN);
            String variance = BatchNorm.name(norm, BatchNorm.VARIANCE);
            INDArray batchMean = batch.get(SameDiffCode.batchMean(norm));
            INDArray batchVariance = batch.get(SameDiffCode.batchVariance(norm));
            gradients.get(mean).assign(parameters.get(mean).sub(batchMean)).muli(momentum);
            gradients
                    .get(variance)
                    .assign(parameters.get(variance).sub(batchVariance.mul(unbiased)))
                    .muli(momentum);
        }
    }

    private Form form(INDArray x) {
        return graphs.computeIfAbsent(
                training + " " + x.dataType() + Arrays.toString(x.shape()), key -> new Form(block, x, training));
    }

    /** The definition as a SameDiff graph with a loss. */
    private static final class Form {
        final SameDiff sd;
        final List<Value> norms;

        Form(AttentionBlock block, INDArray x, boolean training) {
            MapSize size = new MapSize(x.size(1), x.size(2), x.size(3));
            BlockDefinition definition = BlockDefinition.of(block, x.dataType(), size, training);
            SDVariable output = definition.sameDiff(x.size(0)).of(definition.output());
            norms = definition.normalizations();
            sd = output.getSameDiff();
            SDVariable gradOutput = sd.placeHolder(GRAD_OUTPUT, x.dataType(), block.outputShape(x.shape()));
            sd.sum(LOSS, output.mul(gradOutput));
            sd.setLossVariables(LOSS);
        }
    }
}
