package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.Npz;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * Gates of every block against what the reference modules compute on the way; {@code src/test/python/make_gates.py} recorded them.
 */
@Tag("tiny")
class BlockGatesTest {
    private static final double DOUBLE_TOLERANCE = 1e-9;
    private static final double FLOAT_TOLERANCE = 1e-5;

    private static Map<String, INDArray> recorded() throws IOException {
        return Npz.read(Path.of("src/test/resources/reference/gates.npz"));
    }

    static List<String> cases() throws IOException {
        return recorded().keySet().stream()
                .map(key -> key.substring(0, key.lastIndexOf('.')))
                .distinct()
                .collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalTheReferences(String name) throws IOException {
        JsonNode json = new ObjectMapper()
                .readTree(GoldenVectorsTest.folder().resolve(name + ".json").toFile());
        Map<String, INDArray> golden = Npz.read(GoldenVectorsTest.folder().resolve(name + ".npz"));
        List<INDArray> recorded = new ArrayList<>();
        recorded().forEach((key, value) -> {
            if (key.startsWith(name + ".")) {
                recorded.add(value);
            }
        });
        for (Computation computation : Computation.values()) {
            AttentionBlock block = GoldenVectorsTest.block(json, golden, computation);
            for (CNN2DFormat format : CNN2DFormat.values()) {
                compare(name, block, golden, recorded, DataType.DOUBLE, format, DOUBLE_TOLERANCE);
                compare(name, block, golden, recorded, DataType.FLOAT, format, FLOAT_TOLERANCE);
            }
        }
    }

    private static void compare(
            String name,
            AttentionBlock block,
            Map<String, INDArray> golden,
            List<INDArray> recorded,
            DataType type,
            CNN2DFormat format,
            double tolerance) {
        INDArray x = golden.get("x");
        Layers layers = Layers.of(block, InputType.convolutional(x.size(2), x.size(3), x.size(1), format), type);
        golden.forEach((key, value) -> {
            if (key.startsWith("param.") || key.startsWith("buffer.")) {
                String ours = GoldenVectorsTest.ours(key.substring(key.indexOf('.') + 1));
                layers.layer.setParam(
                        ours,
                        GoldenVectorsTest.arranged(value, layers.layer.getParam(ours))
                                .castTo(type));
            }
        });
        INDArray input = format == CNN2DFormat.NHWC ? x.permute(0, 2, 3, 1).dup('c') : x;
        List<BlockGate> gates = BlockGates.of(layers.layer).read(input.castTo(type));
        List<BlockGate> made = gates.stream()
                .filter(gate -> gate.isGate() || gate.name().equals("context"))
                .collect(Collectors.toList());
        int skipped = recorded.size() - made.size(); // the activation inside of coordinate attention
        assertThat(skipped).isEqualTo(block.blockName().equals("ca") ? 1 : 0);
        for (int i = 0; i < made.size(); i++) {
            BlockGate gate = made.get(i);
            INDArray expected = expected(block, recorded.get(i + skipped), gate, x);
            INDArray values = gate.values();
            assertThat(values.dataType()).isEqualTo(type);
            if (gate.kind() == BlockGate.Kind.CHANNELS) {
                assertThat(values.shape()).containsExactly(x.size(0), x.size(1));
            } else {
                assertThat(values.rank()).isEqualTo(4);
                values = enlarged(values, expected);
            }
            Arrays4j.assertClose(name + " " + gate.name(), values, expected.reshape('c', values.shape()), tolerance);
            if (gate.isGate()) {
                assertThat(gate.values().minNumber().doubleValue()).isGreaterThanOrEqualTo(gate.lowest());
                assertThat(gate.values().maxNumber().doubleValue()).isLessThanOrEqualTo(gate.highest());
            }
        }
    }

    private static INDArray expected(AttentionBlock block, INDArray recorded, BlockGate gate, INDArray x) {
        if (block.blockName().equals("sk")) {
            return recorded.get(NDArrayIndex.all(), NDArrayIndex.point(0)).dup('c');
        }
        if (block.blockName().equals("bam")) {
            return recorded.add(1);
        }
        if (gate.kind() == BlockGate.Kind.CHANNELS && recorded.length() > x.size(0) * x.size(1)) {
            // Gather-Excite's form enlarges the one cell to the map
            return recorded.mean(2, 3);
        }
        return gate.name().equals("context") ? recorded.reshape('c', x.size(0), 1, x.size(2), x.size(3)) : recorded;
    }

    /** Gather-Excite's references are enlarged to the map, ours are as coarse as they are computed. */
    private static INDArray enlarged(INDArray gates, INDArray expected) {
        if (gates.length() == expected.length()) {
            return gates;
        }
        int[] down = Cells.nearest(expected.size(2), gates.size(2));
        int[] across = Cells.nearest(expected.size(3), gates.size(3));
        INDArray enlarged = Nd4j.create(gates.dataType(), expected.shape());
        for (int n = 0; n < expected.size(0); n++) {
            for (int c = 0; c < expected.size(1); c++) {
                for (int h = 0; h < down.length; h++) {
                    for (int w = 0; w < across.length; w++) {
                        enlarged.putScalar(n, c, h, w, gates.getDouble(n, c, down[h], across[w]));
                    }
                }
            }
        }
        return enlarged;
    }

    @Test
    void learnedGridsAreTheParameters() {
        InputType input = InputType.convolutional(14, 14, 8);
        Layers spse = Layers.of(Spse.builder().reduction(2).build(), input, DataType.FLOAT);
        INDArray x = Nd4j.rand(DataType.FLOAT, 1, 8, 14, 14);
        List<BlockGate> gates = BlockGates.of(spse.layer).read(x);
        assertThat(gates.stream().map(BlockGate::name)).containsExactly("fusion1", "fusion2", "fusion4", "channel");
        assertThat(gates.get(2).kind()).isEqualTo(BlockGate.Kind.WEIGHTS);
        assertThat(gates.get(2).values().shape()).containsExactly(8, 4, 4);
        assertThat(gates.get(2).values()).isEqualTo(spse.layer.getParam("fusion4W"));
        Layers rgse = Layers.of(Rgse.builder().reduction(2).window(7).build(), input, DataType.FLOAT);
        BlockGate grid = BlockGates.of(rgse.layer).read(x).get(0);
        assertThat(grid.name()).isEqualTo("fusion");
        assertThat(grid.values()).isEqualTo(rgse.layer.getParam("fusionW"));
    }

    @Test
    void halfPrecisionIsReadInFloat() {
        Layers se = Layers.of(
                SqueezeExcitation.builder().reduction(2).build(), InputType.convolutional(4, 4, 8), DataType.FLOAT16);
        INDArray gates = BlockGates.of(se.layer)
                .read(Nd4j.rand(DataType.FLOAT, 1, 8, 4, 4).castTo(DataType.FLOAT16))
                .get(0)
                .values();
        assertThat(gates.dataType()).isEqualTo(DataType.FLOAT);
    }

    @Test
    void anotherLayerHasNone() {
        Layers se = Layers.of(
                SqueezeExcitation.builder().reduction(2).build(), InputType.convolutional(4, 4, 8), DataType.FLOAT);
        assertThat(BlockGates.of(se.layer)).isNotNull();
        assertThatThrownBy(() -> BlockGates.of(null)).hasMessageContaining("layer");
    }
}
