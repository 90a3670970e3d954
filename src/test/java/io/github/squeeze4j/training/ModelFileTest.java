package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

class ModelFileTest {
    @TempDir
    private Path folder;

    private Path file;
    private ImageSet images;
    private ImageClassifier classifier;

    @BeforeEach
    void saveOne() {
        file = folder.resolve("made").resolve("model.zip");
        images = ImageSet.train(IdxFolder.SAMPLE).limit(30);
        classifier = ImageClassifier.untrained("tiny", TinyGraph.create(28, 10, 0.1), images);
        Trainer.builder().epochs(1).batchSize(10).build().fit(classifier, images, images);
        classifier.save(file);
    }

    @Test
    void comesBackWhole() {
        assertSame(ImageClassifier.load(file));
    }

    private void assertSame(ImageClassifier read) {
        assertThat(read.modelName()).isEqualTo("tiny");
        assertThat(read.classNames()).isEqualTo(images.classNames());
        assertThat(read.preprocessing()).isEqualTo(classifier.preprocessing());
        assertThat(read.graph().params()).isEqualTo(classifier.graph().params());
        assertThat(read.graph().getUpdater().getStateViewArray())
                .isEqualTo(classifier.graph().getUpdater().getStateViewArray());
        assertThat(read.graph().getIterationCount()).isEqualTo(3);
        assertThat(read.predict(images.read(3)).toString())
                .isEqualTo(classifier.predict(images.read(3)).toString());
    }

    /** What a DL4J program without any class of this package gets. */
    @Test
    void isAnOrdinaryDl4jFile() throws Exception {
        ComputationGraph graph = ModelSerializer.restoreComputationGraph(file.toFile());
        assertThat(graph.getUpdater().getStateViewArray())
                .isEqualTo(classifier.graph().getUpdater().getStateViewArray());
        INDArray input = Nd4j.createFromArray(classifier.preprocessing().toArray(images.read(0)))
                .reshape('c', 1, 1, 28, 28);
        double[] probabilities = graph.outputSingle(input).toDoubleVector();
        List<Prediction> predictions = classifier.predict(images.read(0));
        assertThat(predictions.get(0).probability())
                .isCloseTo(Arrays.stream(probabilities).max().getAsDouble(), within(1e-6));
    }

    @Test
    void theSameModelIsTheSameFile() throws Exception {
        byte[] first = Files.readAllBytes(file);
        Path again = ModelFile.standard().save(ImageClassifier.load(file), folder.resolve("again.zip"), Map.of());
        assertThat(Files.readAllBytes(again)).isEqualTo(first);
    }

    /** The format before the table: DL4J's writer and reader, and a normalizer added by the zip file system. */
    @Test
    void readsVersionOne() throws Exception {
        Path old = folder.resolve("old.zip");
        ModelSerializer.writeModel(classifier.graph(), old.toFile(), true);
        String description = "{\"version\":1,\"model\":\"tiny\",\"height\":28,\"width\":28,\"classes\":[\""
                + String.join("\",\"", images.classNames()) + "\"]}";
        try (FileSystem zip = FileSystems.newFileSystem(old, (ClassLoader) null)) {
            try (OutputStream out = Files.newOutputStream(zip.getPath(ModelSerializer.NORMALIZER_BIN))) {
                Standardisation.of(images).write(out);
            }
            Files.writeString(zip.getPath(Description.ENTRY), description);
        }
        ImageClassifier read = ImageClassifier.load(old);
        assertThat(read.graph().params()).isEqualTo(classifier.graph().params());
        assertThat(read.preprocessing().toArray(images.read(3)))
                .containsExactly(classifier.preprocessing().toArray(images.read(3)));
        assertThat(ModelFile.verify(old).version()).isEqualTo(1);
    }

    @Test
    void anUpdaterWithoutState() {
        ComputationGraphConfiguration conf =
                TinyGraph.create(28, 10, 0.1).getConfiguration().clone();
        conf.getVertices().values().forEach(vertex -> {
            var layer = ((org.deeplearning4j.nn.conf.graph.LayerVertex) vertex)
                    .getLayerConf()
                    .getLayer();
            if (layer instanceof org.deeplearning4j.nn.conf.layers.BaseLayer base) {
                base.setIUpdater(new Sgd(0.1));
            }
        });
        ComputationGraph graph = new ComputationGraph(conf);
        graph.init();
        ImageClassifier plain = ImageClassifier.untrained("sgd", graph, images);
        plain.save(file);
        assertThat(ModelFile.verify(file).updaterState()).isZero();
        assertThat(ImageClassifier.load(file).graph().params()).isEqualTo(graph.params());
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"DOUBLE", "HALF", "BFLOAT16"})
    void networksOfOtherTypes(DataType type) throws Exception {
        ComputationGraph graph = classifier.graph().convertDataType(type);
        ImageClassifier other = ImageClassifier.untrained("typed", graph, images);
        other.save(file);
        ComputationGraph read = ImageClassifier.load(file).graph();
        assertThat(read.params().dataType()).isEqualTo(type);
        assertThat(read.params()).isEqualTo(graph.params());
        assertThat(ModelSerializer.restoreComputationGraph(file.toFile()).params())
                .isEqualTo(graph.params());
    }

    @Test
    void verifySaysWhatAFileHolds() {
        Path saved = ModelFile.standard().save(classifier, file, Map.of("epoch", "3", "remark", "two\nlines"));
        ModelReport report = ModelFile.verify(saved);
        assertThat(report.version()).isEqualTo(3);
        assertThat(report.preprocessing()).isEqualTo(classifier.preprocessing());
        assertThat(report.modelName()).isEqualTo("tiny");
        assertThat(report.classNames()).isEqualTo(images.classNames());
        assertThat(report.notes()).containsEntry("epoch", "3").containsEntry("remark", "two\nlines");
        assertThat(report.parameters()).isEqualTo(classifier.graph().numParams());
        assertThat(report.updaterState()).isEqualTo(classifier.graph().numParams());
        assertThat(report.javaClasses())
                .contains("org.deeplearning4j.nn.conf.layers.OutputLayer", "org.nd4j.linalg.learning.config.Nesterovs");
        assertThat(report.text().lines())
                .contains(
                        "model tiny, 10 classes, images of 28x28, format version 3",
                        "pictures: " + classifier.preprocessing(),
                        "90 parameters of type FLOAT, 90 values of updater state",
                        "note epoch: 3",
                        "note remark: two\\u000alines")
                .anyMatch(line -> line.matches("coefficients\\.bin +\\d+ bytes, SHA-256 [0-9a-f]{64}"));
    }

    @Test
    void notesAreShort() {
        assertThatThrownBy(() -> ModelFile.standard().save(classifier, file, Map.of("log", "x".repeat(2000))))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "notes (1) must be at most 1000 of at most 1000 characters; keep long texts in a file beside");
    }

    @Test
    void aFileWhereTheFolderShouldBe() throws Exception {
        Files.writeString(folder.resolve("taken"), "");
        assertThatThrownBy(() -> classifier.save(folder.resolve("taken").resolve("model.zip")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("taken")
                .hasMessageContaining("; choose another folder");
    }

    @Test
    void missingFile() {
        assertThatThrownBy(() -> ImageClassifier.load(folder.resolve("none.zip")))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "model file (" + folder.resolve("none.zip") + ") must be a file that exists; give a model.zip"
                                + " that the train command or ImageClassifier.save wrote");
    }

    @Test
    void randomBytesAndNothing() throws Exception {
        byte[] bytes = new byte[5000];
        new Random(1).nextBytes(bytes);
        assertComplaint(bytes, "but it does not end as a zip file does");
        assertComplaint(new byte[0], "but it is too short for a zip file");
    }

    @Test
    void everyTruncation() throws Exception {
        byte[] whole = Files.readAllBytes(file);
        for (int eighths = 1; eighths < 8; eighths++) {
            assertComplaint(Arrays.copyOf(whole, whole.length * eighths / 8), "but it does not end as a zip file does");
        }
    }

    @Test
    void otherKindsOfZip() throws Exception {
        Path other = folder.resolve("other.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(other))) {
            zip.putNextEntry(new ZipEntry("readme.txt"));
        }
        assertComplaint(Files.readAllBytes(other), "but it holds readme.txt, which no model file does");
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list(new OutputLayer.Builder().nIn(2).nOut(2).build())
                .build());
        network.init();
        network.save(other.toFile());
        assertComplaint(Files.readAllBytes(other), "but it holds no squeeze4j.json: it is a MultiLayerNetwork");
        classifier.graph().save(other.toFile());
        assertComplaint(Files.readAllBytes(other), "but it holds no squeeze4j.json: it is another ComputationGraph");
    }

    @Test
    void aLaterVersion() throws Exception {
        assertComplaint(
                ModelZips.changed(file, Description.ENTRY, data -> "{\"version\": 9}".getBytes(StandardCharsets.UTF_8)),
                "its version (9) is none of those that this Squeeze4j reads, 1 to 3; read it with the Squeeze4j that"
                        + " wrote it");
    }

    /** Two files that take each other's place all the time: a reader that opened twice would mix them. */
    @Test
    void isReadOnce() throws Exception {
        Path one = folder.resolve("one.zip");
        Path two = folder.resolve("two.zip");
        ImageClassifier.untrained("one", filled(1), images).save(one);
        ImageClassifier.untrained("two", filled(2), images).save(two);
        Path both = folder.resolve("both.zip");
        Path beside = folder.resolve("beside.zip");
        Files.copy(one, both);
        Thread swap = new Thread(() -> {
            for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                try {
                    Files.copy(i % 2 == 0 ? two : one, beside);
                    Files.move(beside, both, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
                } catch (IOException e) {
                    return;
                }
            }
        });
        swap.start();
        try {
            for (int i = 0; i < 20; i++) {
                ImageClassifier read = ImageClassifier.load(both);
                assertThat(read.graph().params().getDouble(0))
                        .isEqualTo(read.modelName().equals("one") ? 1 : 2);
                assertThat(swap.isAlive()).isTrue();
            }
        } finally {
            swap.interrupt();
            swap.join();
        }
    }

    private static ComputationGraph filled(double value) {
        ComputationGraph graph = TinyGraph.create(28, 10, 0.1);
        graph.params().assign(value);
        return graph;
    }

    /** A new layer or block in another package would make saved models unreadable. */
    @Test
    void configurationsOfAllBlocksAndBackbonesAreAllowed() throws Exception {
        Stream<String> backbones = Stream.of("efficientnet_b0", "inception_v3", "mobilenet_v3_small", "regnety_400mf");
        Stream<String> blocks = Stream.of(
                        "se", "salient", "spse", "rgse", "cbam", "eca", "gct", "ese", "simam", "gc", "scse", "ca", "ge",
                        "bam", "sk")
                .map(block -> "resnet20-" + block);
        List<String> names = Stream.concat(backbones, blocks).collect(Collectors.toList());
        for (String name : names) {
            String[] parts = name.split("-");
            NetworkBuilder<?> builder = Models.builder(parts[0]);
            if (parts.length > 1) {
                builder.attention(Attention.named(parts[1]));
            }
            String json = builder.build().conf().toJson();
            NetworkText.check(json.getBytes(StandardCharsets.UTF_8), name, className -> false);
        }
    }

    /** What cannot be read again is refused when a classifier is made, not after it was trained. */
    @Test
    void graphsThatDoNotFitTheImages() {
        assertThatThrownBy(() -> ImageClassifier.untrained("wide", TinyGraph.create(28, 11, 0.1), images))
                .isInstanceOf(BadInputException.class)
                .hasMessage("network: outputs of layer classifier (11) must be as many as the classes, 10; give a graph"
                        + " that classifies these images");
        ComputationGraph flat = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("input")
                .addLayer("dense", new DenseLayer.Builder().nOut(5).build(), "input")
                .addLayer("out", new OutputLayer.Builder().nOut(10).build(), "dense")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(14, 14, 1))
                .build());
        flat.init();
        assertThatThrownBy(() -> ImageClassifier.untrained("flat", flat, images))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("network: ")
                .hasMessageEndingWith("; give a graph that classifies these images");
    }

    private void assertComplaint(byte[] content, String part) throws IOException {
        Path bad = folder.resolve("bad.zip");
        Files.write(bad, content);
        assertThatThrownBy(() -> ImageClassifier.load(bad))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("model file (" + bad + ")")
                .hasMessageContaining(part)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
        assertThat(Files.readAllBytes(bad)).as("the user's file stays as it is").isEqualTo(content);
    }
}
