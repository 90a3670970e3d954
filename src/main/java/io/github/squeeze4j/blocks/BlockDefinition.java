package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.codegen.SameDiffCode;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** A block's mathematics for maps of one size: the output, and what users may look at. */
final class BlockDefinition {
    static final String INPUT = "input";
    static final String OUTPUT = "output";

    /** Its first output is the block's, those behind it what is shown. */
    final Graph graph;

    final MapSize size;
    final List<Shown> shown;

    private BlockDefinition(Graph graph, MapSize size, List<Shown> shown) {
        this.graph = graph;
        this.size = size;
        this.shown = shown;
    }

    static BlockDefinition of(AttentionBlock block, DataType type, MapSize size, boolean training) {
        BlockOps ops = new BlockOps(block.parameters(), size, type, training ? block::momentum : null);
        List<Value> outputs = new ArrayList<>();
        outputs.add(block.define(ops, ops.input(INPUT)));
        ops.shown().forEach(shown -> outputs.add(shown.value));
        return new BlockDefinition(new Graph(block.blockName(), outputs), size, ops.shown());
    }

    Value output() {
        return graph.outputs().get(0);
    }

    /** The output alone, without what only users look at. */
    Graph computed() {
        return new Graph(graph.name(), output());
    }

    /** For the batches' means and variances. */
    List<Value> normalizations() {
        List<Value> norms = new ArrayList<>(graph.values());
        norms.removeIf(value -> !value.is(Op.BATCH_NORMALIZATION));
        return norms;
    }

    /** As SameDiff graph of its own, for one shape of input: input and parameters are placeholders. */
    SameDiffCode sameDiff(long batch) {
        SameDiff sd = SameDiff.create();
        Map<String, SDVariable> leaves = new HashMap<>();
        for (Value value : graph.values()) {
            if (value.op().family() == Op.Family.LEAF) {
                String name = value.text("name");
                leaves.put(
                        name,
                        sd.placeHolder(
                                name, value.type().dataType(), value.type().shape(batch)));
            }
        }
        SameDiffCode code = new SameDiffCode(sd, graph, leaves);
        code.of(output()).rename(OUTPUT);
        return code;
    }
}
