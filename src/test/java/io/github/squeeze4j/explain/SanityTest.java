package io.github.squeeze4j.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.BlockGate;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import java.util.Random;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Adebayo et al., Sanity Checks for Saliency Maps, 1810.03292, and what else a map must do to be one. */
@Tag("tiny")
class SanityTest {
    private static ComputationGraph network(String attention, int size, long seed) {
        return Models.builder("resnet20")
                .attention(Attention.named(attention))
                .inputSize(size, size)
                .seed(seed)
                .build()
                .init();
    }

    /** Spots of random sizes and colours on a ground of zeros, no nearer to the edges than the margin. */
    private static INDArray picture(int size, int margin, long seed) {
        Random random = new Random(seed);
        INDArray picture = Nd4j.zeros(1, 3, size, size);
        for (int spot = 0; spot < 6; spot++) {
            int side = 4 + random.nextInt(8);
            int top = margin + random.nextInt(size - 2 * margin - side);
            int left = margin + random.nextInt(size - 2 * margin - side);
            for (int c = 0; c < 3; c++) {
                double value = random.nextGaussian();
                for (int y = top; y < top + side; y++) {
                    for (int x = left; x < left + side; x++) {
                        picture.putScalar(0, c, y, x, value);
                    }
                }
            }
        }
        return picture;
    }

    private static double correlation(INDArray a, INDArray b) {
        INDArray left = a.sub(a.meanNumber());
        INDArray right = b.sub(b.meanNumber());
        double norms = left.norm2Number().doubleValue() * right.norm2Number().doubleValue();
        return norms == 0 ? 0 : left.mul(right).sumNumber().doubleValue() / norms;
    }

    /** The mean over pictures, classes and draws: one map of 16x16 may be like another by chance. */
    @Test
    void withRandomWeightsInTheLastStageTheMapChanges() {
        double sum = 0;
        int maps = 0;
        for (long seed = 1; seed <= 4; seed++) {
            ComputationGraph graph = network("se", 64, seed);
            ComputationGraph other = network("se", 64, seed + 100);
            for (long scene = 0; scene < 3; scene++) {
                INDArray picture = picture(64, 2, scene);
                INDArray before = map(graph, picture);
                INDArray own = graph.params().dup();
                for (String name : graph.paramTable().keySet()) {
                    if (name.startsWith("stage3.") || name.startsWith("classifier_")) {
                        graph.getParam(name).assign(other.getParam(name));
                    }
                }
                sum += correlation(before, map(graph, picture));
                maps++;
                graph.params().assign(own);
                assertThat(map(graph, picture)).isEqualTo(before);
            }
        }
        System.out.println("correlation with random weights in the last stage, mean of " + maps + ": " + sum / maps);
        assertThat(Math.abs(sum / maps)).isLessThan(0.3);
    }

    private static INDArray map(ComputationGraph graph, INDArray picture) {
        return Explanation.of(graph)
                .forClass(3)
                .explain(picture)
                .stages()
                .get(2)
                .gradCam()
                .slice(0)
                .dup();
    }

    @Test
    void withIdentityGatesTheMapsAreFlat() {
        for (String block : new String[] {"cbam", "ca", "scse", "ge", "se"}) {
            ComputationGraph graph = network(block, 32, 5);
            INDArray picture = picture(32, 2, 1);
            assertThat(widest(Explanation.of(graph).explain(picture)))
                    .as("%s as it starts", block)
                    .isGreaterThan(1e-4);
            for (Layer layer : graph.getLayers()) {
                if (layer.conf().getLayer() instanceof AttentionBlock) {
                    AttentionBlock.startNearIdentity(layer, 0.999);
                }
            }
            assertThat(widest(Explanation.of(graph).explain(picture)))
                    .as("%s near identity", block)
                    .isLessThan(1e-6);
        }
    }

    private static double widest(Explained seen) {
        double widest = 0;
        assertThat(seen.blocks()).hasSize(9);
        for (BlockMaps block : seen.blocks()) {
            for (BlockGate gate : block.gates()) {
                widest = Math.max(
                        widest,
                        gate.values().maxNumber().doubleValue()
                                - gate.values().minNumber().doubleValue());
            }
        }
        return widest;
    }

    /** 32 pixels to the right are 8 positions at stride 4: of all shifts this one fits best. */
    @Test
    void aShiftedPictureShiftsItsMap() {
        int size = 128;
        ComputationGraph graph = network("se", size, 9);
        INDArray left = picture(size, 44, 2);
        INDArray right = Nd4j.zeros(1, 3, size, size);
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < size; y++) {
                for (int x = 32; x < size; x++) {
                    right.putScalar(0, c, y, x, left.getDouble(0, c, y, x - 32));
                }
            }
        }
        INDArray from = map(graph, left);
        INDArray to = map(graph, right);
        int best = 0;
        double highest = -2;
        for (int shift = -12; shift <= 12; shift++) {
            double correlation = shifted(from, to, shift);
            if (correlation > highest) {
                highest = correlation;
                best = shift;
            }
        }
        assertThat(best).isEqualTo(8);
        assertThat(highest).isGreaterThan(0.99);
    }

    /** Between the parts of both that a shift lays over each other, away from the edges. */
    private static double shifted(INDArray from, INDArray to, int shift) {
        int edge = 4;
        int width = (int) from.size(1);
        int first = Math.max(edge, edge - shift);
        int last = Math.min(width - edge, width - edge - shift);
        INDArray a = from.get(NDArrayIndex.interval(edge, from.size(0) - edge), NDArrayIndex.interval(first, last))
                .dup();
        INDArray b = to.get(
                        NDArrayIndex.interval(edge, from.size(0) - edge),
                        NDArrayIndex.interval(first + shift, last + shift))
                .dup();
        return correlation(a, b);
    }
}
