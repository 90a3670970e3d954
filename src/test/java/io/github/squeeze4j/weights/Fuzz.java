package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Coverage-guided fuzzing of the readers of weights: {@code mvn -q -Pfuzz test-compile exec:exec
 * -Dfuzz.class=io.github.squeeze4j.weights.Fuzz -Dfuzz.target=Torch -Dfuzz.seconds=600}; Safetensors, Numpy, Caffe and Prototxt are the other
 * targets. Anything but tensors or a {@link WeightsException} of one line is a crash.
 */
public final class Fuzz {
    private static final Map<String, List<String>> SEEDS = Map.of(
            "Safetensors", List.of("types.safetensors", "unsigned.safetensors", "model.safetensors.index.json"),
            "Torch",
                    List.of(
                            "types.pth",
                            "types-legacy.pth",
                            "views.pth",
                            "views-legacy.pth",
                            "checkpoint.pth",
                            "runs-code.pth"),
            "Numpy", List.of("types.npz", "compressed.npz", "single.npy"),
            "Caffe", List.of("v1.caffemodel", "v2.caffemodel"),
            "Prototxt", List.of("../caffe/Forms.prototxt", "../caffe/old.prototxt"));

    private static final Path FILE = file();

    private Fuzz() {}

    /**
     * Writes seeds and starts Jazzer. The targets differ in their seeds: the format is told from the content.
     *
     * @param args target, seconds and folder for what is found
     * @throws Exception as Jazzer does
     */
    public static void main(String[] args) throws Exception {
        Path corpus = Files.createDirectories(Path.of(args[2], "weights-" + args[0]));
        for (String seed : SEEDS.get(args[0])) {
            Path file = TensorFileTest.fixture(seed);
            Files.write(corpus.resolve(file.getFileName()), Files.readAllBytes(file));
        }
        List<String> jazzer = List.of(
                "--target_class=" + (args[0].equals("Prototxt") ? Networks.class : Fuzz.class).getName(),
                "--instrumentation_includes=io.github.squeeze4j.weights.**",
                "--custom_hook_includes=io.github.squeeze4j.**",
                "--reproducer_path=" + args[2],
                "-artifact_prefix=" + args[2] + "/",
                "-max_total_time=" + args[1],
                "-timeout=60",
                "-rss_limit_mb=4000",
                "-max_len=10000",
                "-print_final_stats=1",
                corpus.toString());
        // By name, so that the tests compile without it.
        Class.forName("com.code_intelligence.jazzer.Jazzer")
                .getMethod("main", String[].class)
                .invoke(null, (Object) jazzer.toArray(String[]::new));
    }

    /**
     * One run.
     *
     * @param data of Jazzer's choice
     */
    public static void fuzzerTestOneInput(byte[] data) {
        try (TensorFile file = TensorFile.open(Files.write(FILE, data))) {
            for (StoredTensor tensor : file.tensors().values()) {
                tensor.read();
            }
        } catch (WeightsException e) {
            if (e.getMessage().lines().count() != 1) {
                throw new AssertionError("message: " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The reader of Caffe's networks. */
    public static final class Networks {
        private Networks() {}

        /**
         * One run.
         *
         * @param data of Jazzer's choice
         */
        public static void fuzzerTestOneInput(byte[] data) {
            try {
                CaffeNetwork.read(Files.write(FILE, data));
            } catch (WeightsException e) {
                if (e.getMessage().lines().count() != 1) {
                    throw new AssertionError("message: " + e.getMessage(), e);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Path file() {
        try {
            Path shared = Path.of("/dev/shm");
            return Files.isDirectory(shared)
                    ? Files.createTempFile(shared, "fuzz", ".weights")
                    : Files.createTempFile("fuzz", ".weights");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
