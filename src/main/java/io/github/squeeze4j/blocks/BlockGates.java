package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.codegen.SameDiffCode;
import io.github.squeeze4j.onednn.Recent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gates of a block in an initialised network for a given input, at inference: variables of the block's own definition
 * ({@link AttentionBlock#defineLayer}), whatever {@link Computation} the block uses.
 *
 * <table>
 * <caption>What each block shows</caption>
 * <tr><th>block</th><th>name, shape, bounds</th></tr>
 * <tr><td>SE, SPSE, RGSE, ECA, effective SE</td><td>{@code channel} [N, C], 0 to 1</td></tr>
 * <tr><td>GCT</td><td>{@code channel} [N, C], 0 to 2</td></tr>
 * <tr><td>SPSE</td><td>{@code fusionk} [C, k, k], learned, for each level k</td></tr>
 * <tr><td>RGSE</td><td>{@code fusion} [C, gh, gw], learned, where the grid is more than one cell</td></tr>
 * <tr><td>CBAM, scSE</td><td>{@code channel} [N, C] and {@code spatial} [N, 1, H, W], 0 to 1</td></tr>
 * <tr><td>Salient</td><td>{@code spatial} [N, groups, H, W], 0 to 1</td></tr>
 * <tr><td>BAM</td><td>{@code positions} [N, C, H, W], 1 to 2, and the scores of which it is made: {@code channelScores}
 * [N, C, 1, 1] and {@code spatialScores} [N, 1, H, W]</td></tr>
 * <tr><td>coordinate attention</td><td>{@code rows} [N, C, H, 1] and {@code columns} [N, C, 1, W], 0 to 1</td></tr>
 * <tr><td>Gather-Excite</td><td>{@code positions} [N, C, h, w] of its coarse grid, or {@code channel} [N, C] where that is one
 * cell, 0 to 1</td></tr>
 * <tr><td>SimAM</td><td>{@code positions} [N, C, H, W], 0 to 1</td></tr>
 * <tr><td>global context</td><td>{@code context} [N, 1, H, W], the weights of its sum; {@code channel} [N, C], 0 to 1, where it
 * multiplies</td></tr>
 * <tr><td>selective kernels</td><td>{@code channel} [N, C], the share of the first branch, 0 to 1</td></tr>
 * </table>
 *
 * <pre>{@code
 * BlockGates gates = BlockGates.of(graph.getLayer("stage1.block1.attention"));
 * INDArray channel = gates.read(input).get(0).values();
 * }</pre>
 *
 * <p>Not safe for use by several threads at a time.
 */
public final class BlockGates {
    /** Sizes that alternate keep their graphs. */
    private static final int GRAPHS = 4;

    private final AttentionBlock block;
    private final Layer layer;
    private final Map<String, Form> graphs = new Recent<>(GRAPHS, graph -> {});

    /** The block's definition as a SameDiff graph, and the variables that are shown. */
    private static final class Form {
        final SameDiff sd;
        final List<Shown> shown;
        final List<String> names = new ArrayList<>();
        final List<String> computed = new ArrayList<>();

        Form(AttentionBlock block, INDArray x) {
            MapSize size = new MapSize(x.size(1), x.size(2), x.size(3));
            BlockDefinition definition = BlockDefinition.of(block, x.dataType(), size, false);
            SameDiffCode code = definition.sameDiff(x.size(0));
            shown = definition.shown;
            sd = code.of(definition.output()).getSameDiff();
            for (Shown value : shown) {
                String name = code.of(value.value).name();
                names.add(name);
                if (value.kind != BlockGate.Kind.WEIGHTS) {
                    computed.add(name);
                }
            }
        }
    }

    private BlockGates(AttentionBlock block, Layer layer) {
        this.block = block;
        this.layer = layer;
    }

    /**
     * The gates of a block.
     *
     * @param layer the block's runtime layer, {@code network.getLayer(name)}
     * @return what reads its gates
     * @throws IllegalArgumentException if the layer is no attention block
     */
    public static BlockGates of(Layer layer) {
        return new BlockGates(AttentionBlock.of(layer), layer);
    }

    /**
     * The gates for an input; the layer's parameters are read anew.
     *
     * @param input what goes into the block, in its format: [N, C, H, W] or [N, H, W, C]
     * @return the gates, in the order in which the block computes with them: the table's, but SPSE's and RGSE's learned weights first
     */
    public List<BlockGate> read(INDArray input) {
        try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            DataType type = input.dataType() == DataType.FLOAT16 ? DataType.FLOAT : input.dataType();
            INDArray x = (block.getFormat() == CNN2DFormat.NHWC ? input.permute(0, 3, 1, 2) : input)
                    .castTo(type)
                    .dup('c');
            Map<String, INDArray> given = new HashMap<>();
            layer.paramTable().forEach((name, value) -> given.put(name, value.castTo(type)));
            Form form = graphs.computeIfAbsent(type + Arrays.toString(x.shape()), key -> new Form(block, x));
            given.put(BlockDefinition.INPUT, x);
            Map<String, INDArray> values = new HashMap<>(given);
            if (!form.computed.isEmpty()) {
                values.putAll(form.sd.output(given, form.computed));
            }
            List<BlockGate> gates = new ArrayList<>();
            for (int i = 0; i < form.shown.size(); i++) {
                gates.add(form.shown.get(i).of(values.get(form.names.get(i))));
            }
            return gates;
        }
    }
}
