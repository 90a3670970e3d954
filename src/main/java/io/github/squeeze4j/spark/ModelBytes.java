package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.training.ImageClassifier;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * A classifier as it travels to executors: the bytes of its {@code model.zip}, and the versions of the libraries that wrote it,
 * since the same file may mean something else to others.
 */
final class ModelBytes implements Serializable {
    private static final long serialVersionUID = 1L;

    /** By which executors know that they have it already. */
    final String id = UUID.randomUUID().toString();

    final byte[] file;
    private final String versions;

    ModelBytes(byte[] file, String versions) {
        this.file = file;
        this.versions = versions;
    }

    static ModelBytes of(ImageClassifier classifier) {
        return inFile(path -> {
            classifier.save(path);
            return new ModelBytes(Files.readAllBytes(path), versionsHere());
        });
    }

    /** The classifier; complains on a machine with other versions of the libraries. */
    ImageClassifier classifier() {
        requireVersions(versions);
        return inFile(path -> {
            Files.write(path, file);
            return ImageClassifier.load(path);
        });
    }

    /** Complains on a machine with other versions of the libraries than those that sent it work. */
    static void requireVersions(String versions) {
        String here = versionsHere();
        if (!here.equals(versions)) {
            throw new BadInputException("library on executor " + Executors.host() + " (" + here
                    + ") must be the one that sent the model (" + versions
                    + "); give driver and executors the same jars, with --jars or in Spark's folder jars");
        }
    }

    static String versionsHere() {
        return "Squeeze4j " + version(ModelBytes.class) + " with Deeplearning4j " + version(ComputationGraph.class);
    }

    private static String version(Class<?> type) {
        String version = type.getPackage().getImplementationVersion();
        return version == null ? "of the build" : version;
    }

    private interface Use<T> {
        T of(Path file) throws IOException;
    }

    private static <T> T inFile(Use<T> use) {
        try {
            Path folder = Files.createTempDirectory("squeeze4j-model");
            Path file = folder.resolve("model.zip");
            try {
                return use.of(file);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new BadInputException(
                    "temporary folder (" + System.getProperty("java.io.tmpdir") + ") must be writable on "
                            + Executors.host() + " (" + e + "); make room or set -Djava.io.tmpdir",
                    e);
        }
    }
}
