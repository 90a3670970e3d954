package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

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
        ImageClassifier read = ImageClassifier.load(file);
        assertThat(read.modelName()).isEqualTo("tiny");
        assertThat(read.classNames()).isEqualTo(images.classNames());
        assertThat(read.height()).isEqualTo(28);
        assertThat(read.width()).isEqualTo(28);
        assertThat(read.graph().params()).isEqualTo(classifier.graph().params());
        assertThat(read.graph().getUpdater().getStateViewArray())
                .isEqualTo(classifier.graph().getUpdater().getStateViewArray());
        assertThat(read.graph().getIterationCount()).isEqualTo(3);
        DataSet batch = ImageIterator.inOrder(images, classifier, 30).next();
        assertThat(ImageIterator.inOrder(images, read, 30).next().getFeatures())
                .as("standardisation")
                .isEqualTo(batch.getFeatures());
        assertThat(read.predict(images.image(3)).toString())
                .isEqualTo(classifier.predict(images.image(3)).toString());
    }

    /** What a DL4J program without any class of this package gets. */
    @Test
    void isAnOrdinaryDl4jFile() throws Exception {
        ComputationGraph graph = ModelSerializer.restoreComputationGraph(file.toFile());
        NormalizerStandardize normalizer = ModelSerializer.restoreNormalizerFromFile(file.toFile());
        int[] pixels = new int[28 * 28];
        byte[] bytes = images.image(0);
        Arrays.setAll(pixels, i -> bytes[i] & 0xff);
        INDArray raw = Nd4j.createFromArray(pixels)
                .castTo(org.nd4j.linalg.api.buffer.DataType.FLOAT)
                .reshape('c', 1, 1, 28, 28);
        normalizer.transform(raw);
        double[] probabilities = graph.outputSingle(raw).toDoubleVector();
        List<Prediction> predictions = classifier.predict(bytes);
        assertThat(predictions.get(0).probability())
                .isCloseTo(
                        Arrays.stream(probabilities).max().getAsDouble(), org.assertj.core.api.Assertions.within(1e-6));
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
    void flippedBitsInTheParameters() throws Exception {
        rewrite(ModelSerializer.COEFFICIENTS_BIN, data -> Arrays.copyOf(data, data.length / 2));
        assertComplaint(Files.readAllBytes(file), "must be whole, but could not be read (");
    }

    @Test
    void otherKindsOfZip() throws Exception {
        Path other = folder.resolve("other.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(other))) {
            zip.putNextEntry(new ZipEntry("readme.txt"));
        }
        assertComplaint(
                Files.readAllBytes(other), "must hold squeeze4j.json, but is a zip file without a DL4J network");
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list(new OutputLayer.Builder().nIn(2).nOut(2).build())
                .build());
        network.init();
        network.save(other.toFile());
        assertComplaint(Files.readAllBytes(other), "must hold squeeze4j.json, but is a MultiLayerNetwork");
        classifier.graph().save(other.toFile());
        assertComplaint(Files.readAllBytes(other), "must hold squeeze4j.json, but is another ComputationGraph");
    }

    @Test
    void serialisedObjectsAreRefused() throws Exception {
        rewrite(ModelSerializer.PREPROCESSOR_BIN, data -> new byte[] {1});
        assertComplaint(Files.readAllBytes(file), "must not hold preprocessor.bin, serialised Java objects");
    }

    @Test
    void aLaterVersion() throws Exception {
        rewrite("squeeze4j.json", data -> "{\"version\": 9}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertComplaint(
                Files.readAllBytes(file),
                ": version (9) must be 1; read it with the version of Squeeze4j that wrote it");
        rewrite("squeeze4j.json", data -> new byte[] {'{'});
        assertComplaint(Files.readAllBytes(file), "must be readable (");
    }

    private void rewrite(String entry, java.util.function.UnaryOperator<byte[]> change) throws IOException {
        try (FileSystem zip = FileSystems.newFileSystem(file, (ClassLoader) null)) {
            Path path = zip.getPath(entry);
            byte[] data = Files.exists(path) ? Files.readAllBytes(path) : new byte[0];
            try (OutputStream out = Files.newOutputStream(path)) {
                out.write(change.apply(data));
            }
        }
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
