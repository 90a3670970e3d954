package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** What a network of Caffe's must be, and what it is told otherwise; weights that are not its own. */
class CaffeNetTest {
    /** Lines 1 to 4. */
    private static final String HEAD = "name: 'n'\n"
            + "layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 dim: 8 dim: 6 } } }\n"
            + "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { num_output: 4 kernel_size: 3 } }\n"
            + "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { pool: AVE global_pooling: true } }\n";

    @TempDir
    private Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("net.prototxt"), text);
    }

    private static String layer(String name, String type, String bottom, String top, String more) {
        return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + top + "' " + more
                + " }\n";
    }

    private void refuse(String text, String message) {
        assertThatThrownBy(() -> CaffeNetwork.read(file(text)))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith(folder + "/net.prototxt:")
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }

    @Test
    void oldForm() {
        CaffeNetwork network = CaffeNetwork.read(CaffeNetworkTest.fixture("old.prototxt"));
        assertThat(network.conf().getVertices()).containsOnlyKeys("conv1", "relu1", "pool", "fc");
        assertThat(network.inputType().getHeight()).isEqualTo(16);
        assertThat(CaffeNet.read(CaffeNetworkTest.fixture("old.prototxt")).steps.stream()
                        .map(step -> step.output.shape[step.output.shape.length - 1])
                        .collect(Collectors.toList()))
                .containsExactly(7L, 7L, 4L, 3L, 3L);
    }

    /** The types of layers that only train do not matter. */
    @Test
    void oldFormOfATraining() throws IOException {
        String text = Files.readString(CaffeNetworkTest.fixture("old.prototxt"));
        String data = "layers { name: 'd' type: DATA top: 'data' top: 'label' data_param { batch_size: 1 } %s }\n";
        CaffeNetwork network = CaffeNetwork.read(file(text + String.format(data, "include: { phase: TRAIN }")));
        assertThat(network.conf().getVertices()).containsOnlyKeys("conv1", "relu1", "pool", "fc");
        refuse(text + String.format(data, ""), "layer d: type (DATA) must be one of CONCAT, CONVOLUTION");
    }

    @Test
    void names() throws IOException {
        assertThat(CaffeNetwork.read(file(HEAD)).name()).isEqualTo("n");
        assertThat(CaffeNetwork.read(file(HEAD.replace("name: 'n'", "name: ' '")))
                        .name())
                .isEqualTo("network");
        refuse(
                HEAD.replace("name: 'n'", "name: '" + "n".repeat(1001) + "'"),
                ":1: name (of 1001 characters) must have at most 1000");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "LRN|p|l||5: layer l: type (LRN) must be one of Axpy, BatchNorm, Concat",
                "ReLU|x|l||5: layer l: bottom (x) must be the input or a top of a layer above; correct the name",
                "ReLU|l|l||5: layer l: bottom (l) must be made by a layer above, but is its own top",
                "ReLU|p|c||5: layer l: top (c) must be made once, but layer c of line 3 makes it, too; rename one",
                "ReLU|p|data||5: layer l: top (data) must be made once, but is the input; rename one",
                "Pooling|c|c|pooling_param { kernel_size: 2 }|5: layer l: top (c) must be another than the bottom",
                "ReLU|p|l|foo: 1|5: layer l: field (foo) must be one that is known here",
                "ReLU|p|l|relu_param { foo: 1 }|5: layer l: relu_param: field (foo) must be one that is known here",
                "ReLU|p|l|top: 'm'|5: layer l: tops (2) must be 1",
                "ReLU|p|l|bottom: 'c'|5: layer l: bottoms (2) must be 1",
                "ReLU|c|l||4: layer p: top (p) must be read by another layer, as only the last layer's is the result",
                "Convolution|p|l||5: layer l: num_output must be set",
                "Convolution|p|l|convolution_param { num_output: 4 }|5: layer l: kernel_size must be set",
                "Convolution|p|l|convolution_param { num_output: 0 }|num_output (0) must be from 1 to 2147483647",
                "Convolution|p|l|convolution_param { num_output: 4 kernel_size: 3 }|5: layer l: top of shape [2, 4, 0, 0] must have",
                "Convolution|p|l|convolution_param { num_output: 6 kernel_size: 1 group: 4 }|layer l: group (4) must divide",
                "Convolution|p|l|convolution_param { num_output: 6 kernel_size: 1 kernel_h: 1 kernel_w: 1 }|kernel_size must be one or two",
                "Pooling|p|l|pooling_param { pool: STOCHASTIC }|pool (STOCHASTIC) must be one of MAX, AVE",
                "Pooling|p|l|pooling_param { kernel_size: 2 pad: 2 }|pad (2) must be less than kernel_size",
                "Pooling|p|l|pooling_param { kernel_size: 2 global_pooling: true }|kernel_size must not be set with global_pooling",
                "BatchNorm|p|l|batch_norm_param { use_global_stats: false }|use_global_stats (false) must be true",
                "BatchNorm|p|l|batch_norm_param { eps: 0 }|eps (0.0) must be above 0",
                "Scale|p|l|scale_param { axis: 0 }|axis (0) must be 1, that of the channels",
                "Scale|c|l|bottom: 'p' scale_param { axis: 0 }|factors (p, of shape [2, 4, 1, 1]) must be [N, C] for the bottom c",
                "Scale|c|l|bottom: 'p'|axis (1) must be 0 with two bottoms",
                "Axpy|p|l|bottom: 'c' bottom: 'data'|third bottom (data, of shape [2, 3, 8, 6]) must have the shape of the second",
                "Concat|c|l|bottom: 'p'|bottom (p, of shape [2, 4, 1, 1]) must be like the first, of shape [2, 4, 6, 4]",
                "Reshape|p|l|reshape_param { shape { dim: 2 dim: 4 } }|dims ([2, 4]) must begin with 0, which keeps the examples",
                "Reshape|p|l|reshape_param { shape { dim: 0 dim: 3 } }|must have as many elements as that of the bottom, [2, 4, 1, 1]",
                "Reshape|p|l|reshape_param { shape { dim: 0 dim: -1 dim: -1 dim: 1 } }|must have at most one -1",
                "Dropout|p|l|dropout_param { dropout_ratio: 1 }|dropout_ratio (1.0) must be above 0 and below 1",
                "ReLU|p|l|relu_param { negative_slope: -1 }|negative_slope (-1.0) must be from 0 to 1",
                "InnerProduct|p|l|inner_product_param { num_output: 2 axis: 2 }|axis (2) must be 1",
                "InnerProduct|p|l|inner_product_param { num_output: 1000000000 }|blobs up to here must have less than 2^31",
            })
    void layers(String type, String bottom, String top, String more, String message) {
        refuse(HEAD + layer("l", type, bottom, top, more == null ? "" : more), message);
    }

    @Test
    void networks() {
        refuse("name: 'n'", ":1: the network must have an input");
        refuse(HEAD.lines().limit(2).collect(Collectors.joining("\n")), ":1: the network must have layers besides");
        refuse(
                HEAD + HEAD.lines().skip(1).findFirst().orElseThrow(),
                ":5: layer data: the network must have one input");
        refuse(
                HEAD.replace("dim: 2 ", ""),
                ":2: layer data: input_param: shape: input (data, of shape [3, 8, 6]) must be");
        refuse(
                HEAD + layer("c", "ReLU", "p", "q", ""),
                ":5: layer c: name must be there once, but the layer of line 3");
        refuse(HEAD + "foo: 1", ":5: field (foo) must be one that is known here");
        refuse(
                HEAD + layer("a", "ReLU", "b", "a", "") + layer("b", "ReLU", "a", "b", ""),
                ":5: layer a: bottom (b) must be made by a layer above, but layer b of line 6 makes it;"
                        + " layers must stand in the order in which they run, without cycles");
        refuse(
                HEAD + "layer { name: '" + "x".repeat(2000) + "' type: 'ReLU' }",
                ":5: layer: name must be a text of 1 to 1000 characters");
        refuse(
                HEAD + layer("s", "Softmax", "c", "s", "") + layer("r", "ReLU", "s", "r", ""),
                "must be read by another layer");
        refuse(
                HEAD + layer("l", "Concat", "p", "l", "bottom: 'p'".repeat(256)),
                ":5: layer l: bottoms (257) must be from 1 to 256");
        StringBuilder many = new StringBuilder(HEAD);
        for (int i = 0; i < 100; i++) {
            many.append(layer("l" + i, "Concat", i == 0 ? "c" : "l" + (i - 1), "l" + i, "bottom: 'c'".repeat(200)));
        }
        refuse(many.toString(), "layer l99: bottoms of all layers up to here (20102) must be at most 20000");
        refuse("input: 'a' input: 'b'", ":1: input ([a, b]) must be one");
    }

    private static final String INPUT = "input: 'data' input_shape { dim: 1 dim: 2 dim: 5 dim: 4 }\n";
    private static final String CONVOLUTION =
            layer("c", "Convolution", "data", "c", "convolution_param { num_output: 3 kernel_size: 2 }");

    private INDArray output(String text, INDArray image) throws IOException {
        return CaffeNetwork.read(file(text)).seed(5).build().outputSingle(image);
    }

    /** Softmax without a product before it, over channels; and networks that end in something else. */
    @Test
    void otherEnds() throws IOException {
        INDArray image = Nd4j.rand(DataType.FLOAT, 2, 2, 5, 4);
        INDArray map = output(INPUT + CONVOLUTION, image);
        assertThat(map.shape()).containsExactly(2, 3, 4, 3);
        INDArray ofMap = output(INPUT + CONVOLUTION + layer("s", "Softmax", "c", "s", ""), image);
        INDArray exp = Transforms.exp(map);
        Arrays4j.assertClose("map", ofMap, exp.div(exp.sum(true, 1).broadcast(exp.shape())), 1e-6);
        String mean = layer("p", "Pooling", "c", "p", "pooling_param { pool: AVE global_pooling: true }");
        INDArray ofMean = output(INPUT + CONVOLUTION + mean + layer("s", "Softmax", "p", "s", ""), image);
        Arrays4j.assertClose("mean", ofMean, Transforms.softmax(map.mean(2, 3)), 1e-6);
        String product = layer("f", "InnerProduct", "c", "f", "inner_product_param { num_output: 3 }");
        assertThat(output(INPUT + CONVOLUTION + product, image).shape()).containsExactly(2, 3);
    }

    /** DL4J's activations write over what they read, be it the user's array or what another layer reads. */
    @Test
    void nothingIsWrittenOver() throws IOException {
        INDArray image = Nd4j.rand(DataType.FLOAT, 1, 2, 5, 4).subi(0.5);
        INDArray kept = image.dup();
        INDArray rectified = output(INPUT + layer("r", "ReLU", "data", "r", ""), image);
        assertThat(image).isEqualTo(kept);
        assertThat(rectified).isEqualTo(Transforms.relu(kept));
        String twice = INPUT
                + layer("same", "Reshape", "data", "same", "reshape_param { shape { dim: 0 dim: 2 dim: 5 dim: 4 } }")
                + layer("one", "Concat", "same", "one", "")
                + layer("r", "ReLU", "one", "r", "")
                + layer("s", "Sigmoid", "data", "s", "")
                + layer("all", "Concat", "data", "all", "bottom: 'r' bottom: 's'");
        assertThat(output(twice, image))
                .isEqualTo(Nd4j.concat(1, kept, Transforms.relu(kept), Transforms.sigmoid(kept)));
        assertThat(image).isEqualTo(kept);
    }

    /** A last window that begins beyond the map is Caffe's own mistake. */
    @Test
    void emptyWindows() {
        refuse(
                HEAD + layer("l", "Pooling", "c", "l", "pooling_param { kernel_size: 1 stride: 4 }"),
                "stride (4) must not lead past a map of 6");
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "shape", "extra", "layer"})
    void weightsOfOthers(String what) throws IOException {
        String text = Files.readString(CaffeNetworkTest.fixture("SE-ResNet-101.prototxt"));
        String changed = what.equals("missing")
                ? text.replaceFirst("bias_term: false", "bias_term: true")
                : what.equals("shape")
                        ? text.replaceFirst("num_output: 5", "num_output: 6")
                        : what.equals("extra")
                                ? text.replaceFirst("num_output: 5", "num_output: 5 bias_term: false")
                                : text.replace("\"classifier\"", "\"other\"");
        Path weights = CaffeNetworkTest.fixture("SE-ResNet-101.caffemodel");
        CaffeNetwork network = CaffeNetwork.read(file(changed)).weights(weights);
        assertThatThrownBy(network::build)
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(
                        what.equals("missing")
                                ? "net.prototxt:16: layer conv1/7x7_s2: blob 1, of shape [8], must be in " + weights
                                : what.equals("shape")
                                        ? "layer classifier: blob 0 of " + weights
                                                + " (of shape [5, 64]) must have the shape [6, 64]"
                                        : what.equals("extra")
                                                ? "layer classifier: blob 1 of " + weights
                                                        + " must not be there, as the layer has 1 blobs"
                                                : "layer other: blob 0, of shape [5, 64], must be in");
    }

    @Test
    void layersThatTheNetworkLacks() throws IOException {
        Path weights = CaffeNetworkTest.fixture("SE-ResNet-101.caffemodel");
        CaffeNetwork network = CaffeNetwork.read(file("input: 'data' input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }\n"
                        + "layer { name: 'conv1/7x7_s2' type: 'Convolution' bottom: 'data' top: 'c'"
                        + " convolution_param { num_output: 8 kernel_size: 7 bias_term: false } }"))
                .weights(weights);
        assertThatThrownBy(network::build)
                .hasMessageContaining("blob 0 of layer conv1/7x7_s2/bn must be of a layer in");
    }
}
