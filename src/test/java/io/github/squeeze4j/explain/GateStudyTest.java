package io.github.squeeze4j.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Eca;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.PictureSets;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.GateReading;
import io.github.squeeze4j.training.ImageClassifier;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

@Tag("tiny")
class GateStudyTest {
    @TempDir
    private static Path folder;

    private static ComputationGraph network() {
        return Models.builder("resnet20")
                .attention(Attention.of(SqueezeExcitation.builder().build()))
                .classes(2)
                .inputSize(16, 16)
                .build()
                .init();
    }

    private static DataSet batch() {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 4, 2);
        for (int i = 0; i < 4; i++) {
            labels.putScalar(i, i % 2, 1);
        }
        return new DataSet(Nd4j.rand(DataType.FLOAT, 4, 3, 16, 16), labels);
    }

    @Test
    void countsWhatIsOpenShutAndStill() {
        BlockMaps block = Explanation.of(network())
                .explain(Nd4j.rand(DataType.FLOAT, 1, 3, 16, 16))
                .blocks()
                .get(0);
        GateStatistics gates = new GateStatistics(block, block.gates().get(0), 3);
        // open and still; shut; moving; still in the middle
        gates.add(Nd4j.create(new double[][] {{0.99, 0.01, 0.2, 0.5}, {0.99, 0.04, 0.6, 0.5}}), new int[] {0, 2});
        gates.add(Nd4j.create(new double[][] {{0.99, 0.02, 0.4, 0.505}}), new int[] {0});
        assertThat(gates.alwaysOpen()).isEqualTo(0.25);
        assertThat(gates.alwaysShut()).isEqualTo(0.25);
        assertThat(gates.neverMoving()).isEqualTo(0.5);
        assertThat(gates.hasClass(1)).isFalse();
        assertThat(gates.mean(0, 2)).isCloseTo(0.3, within(1e-12));
        assertThat(gates.deviation(0, 2)).isCloseTo(0.1, within(1e-12));
        assertThat(gates.mean(2)).isCloseTo((0.3 + 0.6) / 2, within(1e-12));
        double[] half = {0, (0.04 - 0.015) / 2, 0.15, 0.00125};
        double squares = 0;
        for (double difference : half) {
            squares += difference * difference;
        }
        assertThat(gates.distances()[1]).isNaN();
        assertThat(gates.distances()[2]).isCloseTo(Math.sqrt(squares / 4), within(1e-12));
    }

    @Test
    void aListenerReadsWhatTrainingDoes() throws Exception {
        ComputationGraph graph = network();
        for (Layer layer : graph.getLayers()) {
            if (layer.conf().getLayer().getLayerName().equals("stage1.block1.attention")) {
                AttentionBlock.startNearIdentity(layer, 0.999);
            }
        }
        GateListener listener = new GateListener(2);
        graph.addListeners(listener);
        for (int i = 0; i < 3; i++) {
            graph.fit(batch());
        }
        // after iterations 0 and 2
        assertThat(listener.readings()).hasSize(2 * 9);
        List<GateReading> first = listener.readings().stream()
                .filter(reading -> reading.layer().equals("stage1.block1.attention"))
                .collect(Collectors.toList());
        assertThat(first.get(0).open()).isEqualTo(1);
        assertThat(first.get(0).still()).isEqualTo(1);
        assertThat(first.get(0).shut()).isZero();
        Path csv = folder.resolve("gates.csv");
        listener.writeCsv(csv);
        assertThat(Files.readAllLines(csv))
                .hasSize(19)
                .startsWith("iteration,layer,gate,shut,open,still")
                .anyMatch(line -> line.matches("\\d+,stage1\\.block1\\.attention,channel,0\\.0000,1\\.0000,1\\.0000"));
    }

    @Test
    void aListenerLeavesTheTrainingAsItIs() {
        ComputationGraph plain = network();
        ComputationGraph watched = plain.clone();
        watched.addListeners(new GateListener(1));
        DataSet batch = batch();
        for (int i = 0; i < 3; i++) {
            plain.fit(batch);
            watched.fit(batch);
        }
        assertThat(watched.params()).isEqualTo(plain.params());
    }

    private static ComputationGraph nearIdentity() {
        ComputationGraph graph = network();
        for (Layer layer : graph.getLayers()) {
            if (layer.conf().getLayer() instanceof AttentionBlock) {
                AttentionBlock.startNearIdentity(layer, 0.999);
            }
        }
        return graph;
    }

    @Test
    void aListenerWarnsOnceOfEachBlockThatStandsStill() {
        ComputationGraph graph = nearIdentity();
        List<String> warnings = new ArrayList<>();
        graph.addListeners(new GateListener(1, warnings::add));
        graph.fit(batch());
        // so it began
        assertThat(warnings).isEmpty();
        graph.fit(batch());
        graph.fit(batch());
        assertThat(warnings)
                .hasSize(9)
                .contains("Block stage1.block1.attention: 100 % of its channel gates do not move (iteration 1);"
                        + " a smaller learning rate, less weight decay or another reduction may help");
    }

    @Test
    void aListenerDoesNotWarnOfABatchOfOnePicture() {
        ComputationGraph graph = nearIdentity();
        List<String> warnings = new ArrayList<>();
        GateListener listener = new GateListener(1, warnings::add);
        graph.addListeners(listener);
        DataSet one = batch().batchBy(1).get(0);
        graph.fit(one);
        graph.fit(one);
        assertThat(listener.readings()).hasSize(2 * 9);
        assertThat(warnings).isEmpty();
    }

    @Test
    void aListenerThatCannotReadSaysItOnceAndTheTrainingGoesOn() {
        List<String> warnings = new ArrayList<>();
        MultiLayerNetwork network = new MultiLayerNetwork(
                new NeuralNetConfiguration.Builder().list().layer(output(4)).build());
        network.init();
        network.addListeners(new GateListener(1, warnings::add));
        DataSet features =
                new DataSet(Nd4j.rand(DataType.FLOAT, 3, 4), Nd4j.eye(3).castTo(DataType.FLOAT));
        network.fit(features);
        network.fit(features);
        assertThat(network.getIterationCount()).isEqualTo(2);
        ComputationGraph two = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("input")
                .addLayer("a", output(4), "input")
                .addLayer("b", output(4), "input")
                .setOutputs("a", "b")
                .build());
        two.init();
        two.addListeners(new GateListener(1, warnings::add));
        INDArray[] labels = {features.getLabels(), features.getLabels()};
        two.fit(new INDArray[] {features.getFeatures()}, labels);
        two.fit(new INDArray[] {features.getFeatures()}, labels);
        assertThat(two.getIterationCount()).isEqualTo(2);
        assertThat(warnings)
                .containsExactly(
                        "Gates are not read: network (MultiLayerNetwork) must be a ComputationGraph;"
                                + " train its toComputationGraph()",
                        "Gates are not read: outputs of the graph (a, b) are several; choose one with output(name)");
    }

    private static OutputLayer output(int inputs) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(inputs)
                .nOut(3)
                .build();
    }

    /** Names of vertices come with a model. One channel's chart has one point. */
    @Test
    void chartsStayInTheirFolderAndEachHasItsOwn() throws Exception {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(16, 16, 3))
                .addLayer("conv", new ConvolutionLayer.Builder(1, 1).nOut(1).build(), "input")
                .addLayer("../up/SE", Eca.builder().build(), "conv")
                .addLayer("../up se", Eca.builder().build(), "../up/SE")
                .addLayer("gap", new GlobalPoolingLayer(), "../up se")
                .addLayer("output", output(1), "gap")
                .setOutputs("output")
                .build());
        graph.init();
        List<String> names = List.of("a", "b", "c");
        Path photos = Files.createDirectories(folder.resolve("photos"));
        for (int i = 0; i < 3; i++) {
            BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
            image.setRGB(3 * i, 4, 0xffffff);
            ImageIO.write(
                    image,
                    "png",
                    Files.createDirectories(photos.resolve(names.get(i)))
                            .resolve("0.png")
                            .toFile());
        }
        ImageClassifier classifier = ImageClassifier.of(
                graph,
                names,
                Preset.named("cifar").preprocessing().toBuilder().size(16, 16).build());
        Path out = folder.resolve("in").resolve("out");
        GateStudy.of(classifier, PictureSets.open(photos).train(), OnBadPicture.FAIL)
                .write(out);
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "blocks.csv",
                            "channels.csv",
                            "classes.csv",
                            "..-up-SE-channel.png",
                            "..-up-se-channel-2.png");
        }
        try (Stream<Path> files = Files.list(folder.resolve("in"))) {
            assertThat(files).containsExactly(out);
        }
        BufferedImage chart = ImageIO.read(out.resolve("..-up-SE-channel.png").toFile());
        int middle = 0;
        for (int y = 60; y < 320; y++) {
            for (int x = 400; x < 540; x++) {
                middle += chart.getRGB(x, y) == 0xff009e73 ? 1 : 0;
            }
        }
        assertThat(middle).as("pixels of the last class's marker").isGreaterThan(10);
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> new GateListener(0))
                .isExactlyInstanceOf(BadInputException.class)
                .hasMessage("iterations between readings (0) must be positive; use 100");
    }
}
