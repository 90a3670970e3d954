package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.IdxFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Whatever the user gets wrong: one line on standard error, no stack trace, exit code 2. */
class BadInputTest {
    @TempDir
    private Path folder;

    @Test
    void unknownCommandsOptionsAndValues() {
        Run.of("tarin").complains("'tarin'", "; perhaps train", "; see squeeze4j --help");
        Run.of("xyzzy").complains("'xyzzy'; see squeeze4j --help");
        Run.of("train", "--model", "vgg16")
                .complains("model (vgg16) must be one of the " + Models.names().size()
                        + " known; see Models.names() or the command list");
        Run.of("train", "--epohs", "3").complains("--epohs", "; perhaps --epochs", "; see squeeze4j train --help");
        Run.of("train", "--epochs", "many").complains("--epochs", "'many'", "see squeeze4j train --help");
        Run.of("train", "--epochs").complains("--epochs");
        Run.of("summary", "--format", "xml").complains("--format", "xml", "TEXT, CSV");
        for (String command : new String[] {"evaluate", "predict"}) {
            Run.of(command, "none.zip", "--precision", "fp8")
                    .complains("precision (fp8) must be fp32, bf16 or auto; use auto where in doubt");
        }
        Run.of("evaluate").complains("MODEL (none) must be given; name a model.zip, or add --weights FILE");
    }

    @Test
    void unknownModelsAndBlocks() {
        Run.of("summary", "--model", "se_resnet21").complains("model (se_resnet21) must be one of", "se_resnet20");
        Run.of("train", "--model", "alexnet").complains("model (alexnet) must be one of");
        Run.of("train", "--attention", "sse")
                .complains("attention (sse) must be one of", "none", "se", "salient", "spse", "rgse", "cbam");
        Run.of("compare", "--blocks", "se,ecs").complains("attention (ecs) must be one of");
        Run.of("compare", "--model", "alexnet").complains("model (alexnet)");
    }

    @Test
    void optionsThatDoNotFitTheModel() {
        Run.of("summary", "--stride-in", "5x5").complains("--stride-in (5x5) must be 1x1 or 3x3; use --stride-in 3x3");
        Run.of("summary", "--model", "cbam_resnet50", "--biases")
                .complains(
                        "attention (of cbam_resnet50) must be se to take --biases or --no-biases; add --attention se");
        Run.of("summary", "--input", "0").complains("input height (0) must be positive");
        Run.of("summary", "--classes", "1").complains("classes (1) must be at least 2");
        Run.of("summary", "--model", "rgse_resnet20", "--input", "16").complains("window (7)", "use window(");
    }

    @Test
    void allModelsAndOne() {
        String rule = " must not be set with --all, which counts every model; leave one of the two out";
        Run.of("summary", "--all", "--model", "resnet20").complains("--model" + rule);
        Run.of("summary", "--all", "--attention", "se").complains("--attention" + rule);
        Run.of("summary", "--stride-in", "3x3", "--all").complains("--stride-in" + rule);
        Run.of("summary", "--all", "--no-biases").complains("--biases" + rule);
        Run.of("summary", "--all", "--classes", "1").complains("classes (1) must be at least 2");
    }

    @Test
    void numbersOutOfRange() {
        Run.of("train", "--epochs", "0").complains("epochs (0) must be positive");
        Run.of("train", "--batch", "-1").complains("batch size (-1) must be positive; use 32");
        Run.of("train", "--limit", "0").complains("limit (0) must be positive");
        Run.of("train", "--learning-rate", "-1").complains("learning rate (-1.0) must be positive and finite; use 0.1");
        Run.of("train", "--weight-decay", "-1").complains("weight decay (-1.0) must be 0 or more and finite; use 1e-4");
    }

    @Test
    void missingAndDamagedData() throws Exception {
        Path nowhere = folder.resolve("nowhere");
        for (String command : new String[] {"train", "compare"}) {
            Run.of(command, "--data", nowhere.toString())
                    .complains("data (" + nowhere + ") must be a folder or a file that exists");
        }
        IdxFolder.cut(folder, 20, 10);
        Path labels = folder.resolve("train-labels-idx1-ubyte");
        Files.write(labels, new byte[] {0, 0, 8, 1, 0, 0, 0, 20, 1});
        Run.of("train", "--data", folder.toString())
                .complains(labels + ": content (1 bytes after the header) must be 20 bytes", "fetch the file again");
    }

    @Test
    void modelFilesOfAnotherKind() throws Exception {
        Path file = folder.resolve("model.zip");
        for (String command : new String[] {"evaluate", "predict", "verify"}) {
            String[] args = command.equals("predict")
                    ? new String[] {command, file.toString(), "--test-index", "7"}
                    : new String[] {command, file.toString()};
            Files.deleteIfExists(file);
            Run.of(args).complains("model file (" + file + ") must be a file that exists");
            Files.write(file, new byte[] {1, 2, 3});
            Run.of(args)
                    .complains("model file (" + file
                            + ") must be whole and of Squeeze4j, but it is too short for a zip file");
            MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                    .list(new OutputLayer.Builder().nIn(2).nOut(2).build())
                    .build());
            network.init();
            network.save(file.toFile());
            Run.of(args)
                    .complains(
                            "model file (" + file
                                    + ") must be whole and of Squeeze4j, but it holds no squeeze4j.json: it is a MultiLayerNetwork");
        }
        Run.of("predict", file.toString()).complains("pictures (none) must be one or more", "--test-index 7");
    }

    /** Names with escape codes and line ends: one line, and nothing that a terminal obeys. */
    @Test
    void namesAreShownEscaped() throws Exception {
        for (String command : new String[] {"evaluate", "verify"}) {
            Run.of(command, "\u001b[2J\nmodel")
                    .complains("model file (\\u001b[2J\\u000amodel) must be a file that exists");
        }
        Run.of("tr\u001b[2Jain").complains("tr\\u001b[2Jain");
        Run.of("train", "--data", "da\u202eta").complains("data (da\\u202eta)");
        Run.of("summary", "--model", "\u009b2J").complains("model (\\u009b2J) must be one of");
        Files.write(folder.resolve("x.zip"), new byte[] {'P', 'K', 27});
        Run.of("verify", folder.resolve("x.zip").toString()).complains("too short for a zip file");
    }

    @Test
    void moreThanMemoryHolds() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        CommandLine command = new CommandLine(new RootCommand()).setErr(new PrintWriter(err, true));
        assertThat(Errors.outOfMemory(new OutOfMemoryError("Java heap space"), command))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly("squeeze4j: memory of the heap must hold network and images, but does not (Java heap"
                        + " space); use a smaller network or picture, or give more with -Xmx");
    }

    /** In a training the answer names the batch to try, and the property for memory outside the heap. */
    @Test
    void batchesThatMemoryDoesNotHold() {
        assertThat(Errors.outOfMemory(new OutOfMemoryError("Java heap space"), 32))
                .hasMessage(
                        "memory of the heap must hold network and images, but does not (Java heap space); try --batch"
                                + " 16 --accumulate 2 instead of --batch 32, or give more with -Xmx");
        assertThat(Errors.outOfMemory(new OutOfMemoryError("Cannot allocate new FloatPointer(9)"), 1))
                .hasMessageStartingWith("memory outside the heap must hold network and images, but does not (Cannot"
                        + " allocate new FloatPointer(9)); use a smaller network or --size, or give more with"
                        + " -Dorg.bytedeco.javacpp.maxbytes and -Dorg.bytedeco.javacpp.maxphysicalbytes");
    }

    /** As head does when it has enough. */
    @Test
    void aReaderThatGoesIsNoError() throws Exception {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        OutputStream head = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                if (read.size() > 200) {
                    throw new IOException("Broken pipe");
                }
                read.write(b);
            }
        };
        String[] command = {"list"};
        assertThat(Main.run(command, new StandardOutput(head), new PrintStream(err, true)))
                .isZero();
        assertThat(read.toString().lines().findFirst())
                .hasValueSatisfying(line -> assertThat(line).startsWith("name  "));
        assertThat(err.toString()).isEmpty();
    }

    /** Standard output that takes nothing, as /dev/full. */
    @Test
    void standardOutputThatFails() throws Exception {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        int code = Main.run(
                new String[] {"summary", "--model", "resnet20"}, new PrintStream(full), new PrintStream(err, true));
        assertThat(code).isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly("squeeze4j: standard output must take what is written, but did not; make room or check"
                        + " where it goes");
        Path device = Path.of("/dev/full");
        if (Files.isWritable(device)) {
            try (PrintStream out = new PrintStream(Files.newOutputStream(device))) {
                assertThat(Main.run(new String[] {"--help"}, out, new PrintStream(err, true)))
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void foldersThatCannotTakeTheResult() throws Exception {
        Path taken = Files.writeString(folder.resolve("taken"), "");
        Run.of("train", "--out", taken.toString()).complains("output folder (" + taken + ") must be a folder");
        Run.of("train", "--out", taken.resolve("below").toString()).complains("output folder (", "with --out");
        Files.writeString(folder.resolve("model.zip"), "precious");
        Run.of("train", "--out", folder.toString())
                .complains("output folder (" + folder + ") must not hold model.zip already", "add --overwrite");
        assertThat(folder.resolve("model.zip")).hasContent("precious");
        Files.writeString(folder.resolve("comparison.csv"), "precious");
        Run.of("compare", "--out", folder.toString()).complains("must not hold comparison.csv already");
    }
}
