package io.github.squeeze4j.weights;

import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.families.ResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes networks as ONNX, every family and every block, with images and our probabilities, for {@code
 * src/test/python/check_onnx.py}. Argument: a folder.
 */
public final class OnnxCheck {
    private static final int SIZE = 64;
    private static final long SEED = 20261127;
    private static final String[] FAMILIES = {
        "resnet18",
        "se_resnet50",
        "se_resnext50_32x4d",
        "se_resnet20",
        "mobilenet_v1",
        "mobilenet_v2",
        "mobilenet_v3_large",
        "mobilenet_v3_small",
        "efficientnet_b0",
        "efficientnet_lite0",
        "regnety_400mf",
        "se_bn_inception"
    };
    private static final String[] BLOCKS = {
        "se", "salient", "spse", "cbam", "scse", "eca", "ese", "gc", "gct", "simam", "ca", "bam", "ge", "sk"
    };

    private OnnxCheck() {}

    static Map<String, Supplier<NetworkBuilder<?>>> networks() {
        Map<String, Supplier<NetworkBuilder<?>>> networks = new LinkedHashMap<>();
        for (String family : FAMILIES) {
            networks.put(family, () -> Models.builder(family).inputSize(SIZE));
        }
        for (String block : BLOCKS) {
            networks.put("block_" + block, () -> Models.builder("resnet20").attention(Attention.named(block)));
        }
        networks.put("block_sk_split", () -> ResNet.builder().depth(20).selectiveKernels(4, 3));
        // Its windows need large maps.
        networks.put("block_rgse", () -> Models.builder("rgse_resnet18").inputSize(224));
        return networks;
    }

    /**
     * Writes all networks.
     *
     * @param args the folder
     * @throws IOException if a file cannot be written
     */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        for (Map.Entry<String, Supplier<NetworkBuilder<?>>> entry : networks().entrySet()) {
            int size = (int) entry.getValue().get().build().inputType().getHeight();
            INDArray image = ExportCheck.images(new SplittableRandom(SEED), 3, size);
            ComputationGraph graph = drawn(entry.getValue(), image);
            OnnxExport.write(graph, size, size, folder.resolve(entry.getKey() + ".onnx"));
            OnnxExport.writeFolded(graph, size, size, folder.resolve(entry.getKey() + "_folded.onnx"));
            ExportCheck.write(folder.resolve(entry.getKey() + ".image"), image);
            ExportCheck.write(folder.resolve(entry.getKey() + ".probabilities"), graph.outputSingle(image));
            System.out.println(entry.getKey());
        }
    }

    /**
     * Ten classes; statistics, scales and biases are drawn too, so that none of them stands at its default. The largest logit is 3:
     * a probability of 1 would show nothing.
     */
    static ComputationGraph drawn(Supplier<NetworkBuilder<?>> builder, INDArray image) {
        ComputationGraph graph = builder.get().classes(10).build().init();
        SplittableRandom random = new SplittableRandom(SEED);
        Pretrained.parameters(graph).forEach((key, parameter) -> {
            if (!key.endsWith("W")) {
                boolean positive = key.toLowerCase(java.util.Locale.ROOT).endsWith("var") || key.endsWith("gamma");
                float[] values = new float[(int) parameter.length()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (positive ? 0.75 + random.nextDouble() / 2 : random.nextDouble() / 5 - 0.1);
                }
                parameter.assign(org.nd4j.linalg.factory.Nd4j.create(values, parameter.shape(), 'c'));
            }
        });
        double largest = ReferenceNetworksTest.logits(graph, image).amaxNumber().doubleValue();
        graph.getParam("classifier_W").muli(3 / largest);
        graph.getParam("classifier_b").muli(3 / largest);
        return graph;
    }
}
