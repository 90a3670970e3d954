package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.deeplearning4j.util.ModelSerializer;

/**
 * Coverage-guided fuzzing of what reads files: {@code mvn -q -Pfuzz test-compile exec:exec -Dfuzz.target=Model
 * -Dfuzz.seconds=600}, with Idx and Picture as other targets. Anything but a result or a {@link BadInputException} of one line
 * is a crash, and so is what Jazzer's own detectors see: classes loaded by a name from the input, deserialised objects.
 */
public final class Fuzz {
    private Fuzz() {}

    /**
     * Writes seeds and starts Jazzer.
     *
     * @param args target, seconds and folder for what is found
     * @throws Exception as Jazzer does
     */
    public static void main(String[] args) throws Exception {
        Path corpus = Files.createDirectories(Path.of(args[2], args[0].toLowerCase(java.util.Locale.ROOT)));
        List<byte[]> seeds =
                args[0].equals("Model") ? Model.seeds() : args[0].equals("Idx") ? Idx.seeds() : Picture.seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(corpus.resolve("seed-" + i), seeds.get(i));
        }
        List<String> jazzer = List.of(
                "--target_class=" + Fuzz.class.getName() + "$" + args[0],
                "--instrumentation_includes=io.github.squeeze4j.training.**:io.github.squeeze4j.images.**",
                "--custom_hook_includes=io.github.squeeze4j.**:org.deeplearning4j.nn.conf.**:org.nd4j.shade.jackson.**",
                "--reproducer_path=" + args[2],
                "-artifact_prefix=" + args[2] + "/",
                "-max_total_time=" + args[1],
                // traced loops over the most pixels that a header may claim take half a minute, untraced 0.6 s
                "-timeout=60",
                "-rss_limit_mb=6000",
                "-max_len=40000",
                "-print_final_stats=1",
                corpus.toString());
        // By name, so that the tests compile without it.
        Class.forName("com.code_intelligence.jazzer.Jazzer")
                .getMethod("main", String[].class)
                .invoke(null, (Object) jazzer.toArray(String[]::new));
    }

    private interface Reading {
        void read() throws IOException;
    }

    private static void judge(Reading reading) {
        try {
            reading.read();
        } catch (BadInputException e) {
            if (e.getMessage().lines().count() != 1) {
                throw new AssertionError("message: " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder() {
        try {
            Path shared = Path.of("/dev/shm");
            return Files.isDirectory(shared)
                    ? Files.createTempDirectory(shared, "fuzz")
                    : Files.createTempDirectory("fuzz");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first byte says what the others are: a whole file, or one entry of an else good file with a good table. */
    public static final class Model {
        private static final Path FOLDER = folder();
        private static final List<String> NAMES = List.of(
                ModelSerializer.CONFIGURATION_JSON,
                ModelSerializer.COEFFICIENTS_BIN,
                ModelSerializer.UPDATER_BIN,
                Description.PREPROCESSING,
                Description.ENTRY);

        private Model() {}

        private static Path good() throws IOException {
            Path good = FOLDER.resolve("good.zip");
            if (!Files.exists(good)) {
                ImageClassifier.untrained(
                                "tiny",
                                TinyGraph.create(28, 10, 0.1),
                                ImageSet.train(IdxFolder.SAMPLE).limit(10))
                        .save(good);
            }
            return good;
        }

        static List<byte[]> seeds() throws IOException {
            List<byte[]> seeds = new ArrayList<>();
            seeds.add(with(NAMES.size(), Files.readAllBytes(good())));
            for (int i = 0; i < NAMES.size(); i++) {
                seeds.add(with(i, ModelZips.part(ModelZips.parts(good()), NAMES.get(i)).content));
            }
            return seeds;
        }

        private static byte[] with(int kind, byte[] content) {
            byte[] seed = new byte[content.length + 1];
            seed[0] = (byte) kind;
            System.arraycopy(content, 0, seed, 1, content.length);
            return seed;
        }

        /**
         * Loads the native libraries before the first run is timed.
         *
         * @throws IOException if no file can be written
         */
        public static void fuzzerInitialize() throws IOException {
            ImageClassifier.load(good());
        }

        /**
         * One run.
         *
         * @param data of Jazzer's choice
         */
        public static void fuzzerTestOneInput(byte[] data) {
            if (data.length == 0) {
                return;
            }
            judge(() -> {
                byte[] rest = Arrays.copyOfRange(data, 1, data.length);
                int kind = (data[0] & 0xff) % (NAMES.size() + 1);
                Path file = FOLDER.resolve("model.zip");
                Files.write(
                        file, kind == NAMES.size() ? rest : ModelZips.changed(good(), NAMES.get(kind), old -> rest));
                ImageClassifier.load(file);
            });
        }
    }

    /** The first byte says whether the files are compressed; the second how long the labels' file is. */
    public static final class Idx {
        private static final Path FOLDER = folder();

        private Idx() {}

        static List<byte[]> seeds() throws IOException {
            Path folder = Files.createDirectories(FOLDER.resolve("seeds"));
            IdxFolder.images(folder, "train", new byte[3 * 4], 3, 2, 2, false);
            IdxFolder.labels(folder, "train", new byte[] {0, 1, 2}, false);
            byte[] images = Files.readAllBytes(folder.resolve("train-images-idx3-ubyte"));
            byte[] labels = Files.readAllBytes(folder.resolve("train-labels-idx1-ubyte"));
            return List.of(seed(0, images, labels), seed(1, gzip(images), gzip(labels)));
        }

        private static byte[] gzip(byte[] bytes) throws IOException {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (OutputStream zip = new GZIPOutputStream(out)) {
                zip.write(bytes);
            }
            return out.toByteArray();
        }

        private static byte[] seed(int kind, byte[] images, byte[] labels) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(kind);
            out.write(labels.length);
            out.writeBytes(labels);
            out.writeBytes(images);
            return out.toByteArray();
        }

        /**
         * One run.
         *
         * @param data of Jazzer's choice
         */
        public static void fuzzerTestOneInput(byte[] data) {
            if (data.length < 2) {
                return;
            }
            judge(() -> {
                int end = Math.min(data.length, 2 + (data[1] & 0xff));
                for (String suffix : List.of("", ".gz")) {
                    Files.deleteIfExists(FOLDER.resolve("train-images-idx3-ubyte" + suffix));
                    Files.deleteIfExists(FOLDER.resolve("train-labels-idx1-ubyte" + suffix));
                }
                String suffix = data[0] % 2 == 0 ? "" : ".gz";
                Files.write(FOLDER.resolve("train-labels-idx1-ubyte" + suffix), Arrays.copyOfRange(data, 2, end));
                Files.write(
                        FOLDER.resolve("train-images-idx3-ubyte" + suffix), Arrays.copyOfRange(data, end, data.length));
                ImageSet.train(FOLDER);
            });
        }
    }

    /** The data are a picture's. */
    public static final class Picture {
        private static final Path FOLDER = folder();

        private Picture() {}

        static List<byte[]> seeds() throws IOException {
            List<byte[]> seeds = new ArrayList<>();
            for (String format : List.of("png", "jpg", "gif", "bmp")) {
                for (int type : new int[] {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_BYTE_BINARY}) {
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    if (ImageIO.write(new BufferedImage(9, 7, type), format, out)) {
                        seeds.add(out.toByteArray());
                    }
                }
            }
            return seeds;
        }

        /**
         * One run.
         *
         * @param data of Jazzer's choice
         */
        public static void fuzzerTestOneInput(byte[] data) {
            judge(() -> io.github.squeeze4j.images.Picture.decode(data, "picture"));
        }
    }
}
