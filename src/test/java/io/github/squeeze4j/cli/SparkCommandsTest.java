package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.ImageClassifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command line with {@code --spark}. */
@Tag("spark")
@DisabledForJreRange(min = JRE.JAVA_23, disabledReason = "Spark 3.5 does not run there")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Hadoop wants its winutils there")
class SparkCommandsTest {
    private static final String[] LOCAL = {
        "--spark", "local[2]", "--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.driver.bindAddress=127.0.0.1"
    };

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path pictures;

    @BeforeAll
    static void write() throws Exception {
        pictures = PhotographFolder.of(folder.resolve("pictures"), 6, "blue", "green", "red");
        model = folder.resolve("model.zip");
        ImageClassifier.of(
                        Models.builder("se_resnet20")
                                .inputSize(32)
                                .classes(3)
                                .build()
                                .init(),
                        List.of("blue", "green", "red"),
                        Preprocessing.builder().size(32, 32).shorterSide(32).build())
                .save(model);
    }

    private static Run run(String... args) {
        String[] all = new String[args.length + LOCAL.length];
        System.arraycopy(args, 0, all, 0, args.length);
        System.arraycopy(LOCAL, 0, all, args.length, LOCAL.length);
        return Run.of(all);
    }

    @Test
    void predictWritesParquet() throws Exception {
        Files.writeString(pictures.resolve("red/broken.jpg"), "no picture");
        Path seen = folder.resolve("seen.parquet");
        try {
            assertThat(run("predict", "" + model, "--data", "" + pictures, "--out", "" + seen)
                            .ok()
                            .out)
                    .startsWith("Scored 19 pictures in ")
                    .contains("; 1 of them could not be read, see column error. Saved " + seen + ".");
        } finally {
            Files.delete(pictures.resolve("red/broken.jpg"));
        }
        assertThat(seen.resolve("_SUCCESS")).isRegularFile();
        run("predict", "" + model, "--data", "" + pictures, "--out", "" + seen)
                .complains("output (file:", "seen.parquet) must not exist already; choose another or remove it");
    }

    @Test
    void evaluateIsTheSingleMachines() {
        String single = Run.of("evaluate", "" + model, "--data", "" + pictures).ok().out;
        assertThat(run("evaluate", "" + model, "--data", "" + pictures).ok().out)
                .isEqualTo(single);
        String all = Run.of("evaluate", "" + model, "--data", "" + pictures, "--validation", "0.9")
                .ok()
                .out;
        assertThat(all).contains("held-out");
        assertThat(run("evaluate", "" + model, "--data", "" + pictures.toUri()).ok().out)
                .contains(" on 18 held-out images");
    }

    /** 12 training pictures of which 6 are in each round. */
    @Test
    void trainAndResume() throws Exception {
        Path out = folder.resolve("run");
        String[] train = {
            "train",
            "--data",
            "" + pictures,
            "--validation",
            "0.34",
            "--size",
            "32",
            "--batch",
            "3",
            "--epochs",
            "2",
            "--averaging-every",
            "1",
            "--out",
            "" + out
        };
        assertThat(run(train).ok().out)
                .contains("Training se_resnet20 ", "on 12 images of 3 classes in 2 passes; 6 images are held out.")
                .contains("Saved " + out.resolve("model.zip"));
        assertThat(Files.readString(out.resolve("run.properties")))
                .contains("spark=local[2]", "averaging-every=1", "spark-workers=2")
                .doesNotContain("driver.host");
        assertThat(Files.readAllLines(out.resolve("metrics.jsonl"))).hasSize(2 * 2 + 2);
        String judged = run("evaluate", "" + out.resolve("model.zip"), "--data", "" + pictures, "--validation", "0.34")
                .ok()
                .out;
        assertThat(judged).contains(" on 6 held-out images");
        assertThat(run("train", "--resume", "" + out, "--epochs", "3").ok().out).contains("Going on from ");
        assertThat(Files.readAllLines(out.resolve("metrics.jsonl"))).hasSize(3 * 2 + 3);
        run("train", "--data", "" + pictures, "--accumulate", "2")
                .complains("--accumulate (2) must not be set with --spark, whose workers do not have it; leave it out");
        Run.of("train", "--averaging-every", "2")
                .complains("--averaging-every must not be set with one machine alone; add --spark or leave it out");
    }

    @Test
    void wrongOptionsAndPaths() {
        Path nowhere = folder.resolve("nowhere");
        run("predict", "" + model, "--data", "" + nowhere, "--out", "" + folder.resolve("no.parquet"))
                .complains("data (file:", "nowhere) must exist; check its name, and that all machines see it");
        run("evaluate", "" + model, "--data", "file:/nowhere")
                .complains("data (file:/nowhere) must exist; check its name, and that all machines see it");
        Run.of("predict", "" + model, "--spark", "lokal", "--data", "" + pictures, "--out", "x.parquet")
                .complains("Spark's master must be one that answers (Could not parse Master URL: 'lokal')");
        run("predict", "" + model, "--data", "" + pictures).complains("--out (none) must be given with --spark");
        run("predict", "" + model, "a.png").complains("pictures (a.png) must not be named with --spark");
        run("predict", "" + model, "--data", "a", "--out", "b", "--invert")
                .complains("--invert must not be set with --spark, which writes Parquet; leave it out");
        Run.of("predict", "" + model, "a.png", "--out", "b").complains("--out (b) must come with --spark");
        run("evaluate", "" + model, "--conf", "memory")
                .complains("--conf (memory) must be a name of Spark's and a value");
        Run.of("evaluate", "" + model, "--conf", "spark.x=1").complains("--conf (spark.x=1) must come with --spark");
    }
}
