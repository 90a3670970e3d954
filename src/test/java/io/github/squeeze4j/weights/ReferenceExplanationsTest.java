package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Npz;
import io.github.squeeze4j.explain.Explained;
import io.github.squeeze4j.explain.Explanation;
import io.github.squeeze4j.explain.MapPicture;
import io.github.squeeze4j.explain.StageMaps;
import io.github.squeeze4j.models.FeatureMap;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Grad-CAM and Grad-CAM++ of whole networks against PyPI's grad-cam with the same weights;
 * {@code src/test/python/make_explanations.py} made the references.
 */
class ReferenceExplanationsTest {
    /** Of a map's range. */
    private static final double TOLERANCE = 1e-3;

    @Test
    void smallMapsEqualGradCams() throws Exception {
        compare("se_resnet20");
    }

    @Tag("heavy")
    @ParameterizedTest
    @ValueSource(strings = {"mobilenet_v3_small", "efficientnet_b0", "regnety_400mf", "cbam_resnet50"})
    void mapsEqualGradCams(String name) throws Exception {
        compare(name);
    }

    private static void compare(String name) throws Exception {
        Map<String, INDArray> expected =
                Npz.read(Path.of("src/test/resources/reference/explanations/" + name + ".npz"));
        int classes = (int) expected.get("logits").size(1);
        Network network = Models.builder(name).classes(classes).build();
        ComputationGraph graph = network.init();
        ReferenceNetworksTest.fill(
                graph, ReferenceNetworksTest.REFERENCES.get(name).get());
        int size = (int) network.inputType().getHeight();
        INDArray pictures = Nd4j.create(
                        ReferenceNetworksTest.uniform("image", 2 * 3 * size * size), new long[] {2, 3, size, size}, 'c')
                .castTo(DataType.FLOAT);
        String[] layers = network.features().stream()
                .filter(map -> expected.containsKey("cam" + map.stride()))
                .map(FeatureMap::name)
                .toArray(String[]::new);
        Explanation explanation = Explanation.of(graph).atLayers(layers);
        double worst = 0;
        int compared = 0;
        for (int n = 0; n < 2; n++) {
            int label = expected.get("classes").getInt(n);
            Explained seen = explanation.forClass(label).explain(pictures);
            for (StageMaps stage : seen.stages()) {
                worst = Math.max(worst, error(stage.gradCam(), expected, "cam" + stage.stride(), n, size));
                worst = Math.max(worst, error(stage.gradCamPlusPlus(), expected, "campp" + stage.stride(), n, size));
                compared += 2;
            }
        }
        assertThat(compared)
                .isEqualTo(2
                        * expected.keySet().stream()
                                .filter(key -> key.endsWith(".scaled"))
                                .count());
        System.out.println(name + ": " + compared + " maps, largest difference " + worst + " of a map's range");
        assertThat(worst).as(name).isLessThan(TOLERANCE);
    }

    /** The largest difference of the map, and of samples of it scaled and enlarged, as a part of its range. */
    private static double error(INDArray maps, Map<String, INDArray> expected, String key, int n, int size) {
        INDArray map = maps.slice(n).castTo(DataType.DOUBLE);
        INDArray reference = expected.get(key).slice(n);
        double range =
                reference.maxNumber().doubleValue() - reference.minNumber().doubleValue();
        double difference = map.sub(reference).amaxNumber().doubleValue();
        if (range == 0) {
            return difference;
        }
        double worst = difference / range;
        // grad-cam scales again after enlarging
        INDArray enlarged = Nd4j.createFromArray(MapPicture.scaled(map).enlarged(size, size));
        enlarged.subi(enlarged.minNumber()).divi(enlarged.maxNumber());
        INDArray samples = expected.get(key + ".scaled");
        double[] where = ReferenceNetworksTest.uniform(key, (int) samples.length());
        for (int i = 0; i < where.length; i++) {
            int at = (int) ((where[i] + 1) / 2 * 2 * size * size);
            if (at / (size * size) == n) {
                worst = Math.max(worst, Math.abs(enlarged.getDouble(at % (size * size)) - samples.getDouble(i)));
            }
        }
        return worst;
    }
}
