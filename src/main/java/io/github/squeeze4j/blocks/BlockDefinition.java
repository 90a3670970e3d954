package io.github.squeeze4j.blocks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A block's definition as a graph of its own, for one shape of input: input and parameters are placeholders. */
final class BlockDefinition {
    static final String INPUT = "input";
    static final String OUTPUT = "output";

    final SameDiff graph;
    final SDVariable output;
    final MapSize size;
    final List<Shown> shown;

    private BlockDefinition(SameDiff graph, SDVariable output, MapSize size, List<Shown> shown) {
        this.graph = graph;
        this.output = output;
        this.size = size;
        this.shown = shown;
    }

    static BlockDefinition of(AttentionBlock block, INDArray x, Map<String, INDArray> parameters, boolean training) {
        SameDiff sd = SameDiff.create();
        SDVariable input = sd.placeHolder(INPUT, x.dataType(), x.shape());
        Map<String, SDVariable> variables = new LinkedHashMap<>();
        parameters.forEach((name, value) -> variables.put(name, sd.placeHolder(name, x.dataType(), value.shape())));
        MapSize size = new MapSize(x.size(1), x.size(2), x.size(3));
        BlockGraph graph = new BlockGraph(sd, variables, size, training);
        SDVariable output = block.define(graph, input);
        output.rename(OUTPUT);
        return new BlockDefinition(sd, output, size, graph.shown());
    }
}
