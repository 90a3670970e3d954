package io.github.squeeze4j.training;

import io.github.squeeze4j.engine.Acceleration;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * The file of a classifier: DL4J's zip (configuration, parameters, updater state, normalizer) with one entry more,
 * {@code squeeze4j.json}, which holds model name, class names and image size.
 */
final class ModelFile {
    private static final String ENTRY = "squeeze4j.json";
    private static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REMEDY = "; give a model.zip that the train command or ImageClassifier.save wrote";

    private ModelFile() {}

    static void write(ImageClassifier classifier, Path file) {
        AtomicFile.write(file, beside -> {
            ModelSerializer.writeModel(classifier.graph(), beside.toFile(), true);
            try (FileSystem zip = FileSystems.newFileSystem(beside, (ClassLoader) null)) {
                try (OutputStream out = Files.newOutputStream(zip.getPath(ModelSerializer.NORMALIZER_BIN))) {
                    NormalizerSerializer.getDefault()
                            .write(classifier.standardisation().toNormalizer(), out);
                }
                Files.write(zip.getPath(ENTRY), JSON.writeValueAsBytes(describe(classifier)));
            }
        });
    }

    private static ObjectNode describe(ImageClassifier classifier) {
        ObjectNode node = JSON.createObjectNode();
        node.put("version", VERSION);
        node.put("model", classifier.modelName());
        node.put("height", classifier.height());
        node.put("width", classifier.width());
        classifier.classNames().forEach(node.putArray("classes")::add);
        return node;
    }

    static ImageClassifier read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException("model file (" + file + ") must be a file that exists" + REMEDY);
        }
        JsonNode description = description(file);
        List<String> classNames = new ArrayList<>();
        description.path("classes").forEach(name -> classNames.add(name.asText()));
        // DL4J's restoreNormalizerFromFile rewrites a file that it cannot read; from a stream it only fails.
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            ComputationGraph graph = ModelSerializer.restoreComputationGraph(file.toFile(), true);
            Acceleration.apply(graph);
            NormalizerStandardize normalizer = ModelSerializer.restoreNormalizerFromInputStream(in);
            return new ImageClassifier(
                    description.path("model").asText(),
                    graph,
                    classNames,
                    description.path("height").asInt(),
                    description.path("width").asInt(),
                    Standardisation.of(normalizer));
        } catch (IOException | RuntimeException e) {
            // DL4J reports a damaged file by whichever exception comes first.
            throw new BadInputException(
                    "model file (" + file + ") must be whole, but could not be read (" + firstLine(e) + ")" + REMEDY,
                    e);
        }
    }

    /** The entry that tells our files from other zip files. */
    private static JsonNode description(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            ZipEntry entry = zip.getEntry(ENTRY);
            if (entry == null) {
                throw new BadInputException(
                        "model file (" + file + ") must hold " + ENTRY + ", but is " + kind(zip) + REMEDY);
            }
            if (zip.getEntry(ModelSerializer.PREPROCESSOR_BIN) != null) {
                // DL4J would run whatever Java objects stand there; our files hold none.
                throw new BadInputException("model file (" + file + ") must not hold "
                        + ModelSerializer.PREPROCESSOR_BIN + ", serialised Java objects" + REMEDY);
            }
            try (InputStream in = zip.getInputStream(entry)) {
                JsonNode node = JSON.readTree(in);
                if (node.path("version").asInt() != VERSION) {
                    throw new BadInputException("model file (" + file + "): version (" + node.path("version")
                            + ") must be " + VERSION + "; read it with the version of Squeeze4j that wrote it");
                }
                return node;
            }
        } catch (ZipException e) {
            throw new BadInputException(
                    "model file (" + file + ") must be a whole zip file, but is not (" + firstLine(e) + ")" + REMEDY,
                    e);
        } catch (IOException e) {
            throw new BadInputException(
                    "model file (" + file + ") must be readable (" + firstLine(e) + ")" + REMEDY, e);
        }
    }

    private static String kind(ZipFile zip) throws IOException {
        ZipEntry configuration = zip.getEntry(ModelSerializer.CONFIGURATION_JSON);
        if (configuration == null) {
            return "a zip file without a DL4J network";
        }
        try (InputStream in = zip.getInputStream(configuration)) {
            return JSON.readTree(in).has("vertices") ? "another ComputationGraph" : "a MultiLayerNetwork";
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage())
                .lines()
                .findFirst()
                .orElse(e.getClass().getSimpleName());
    }
}
