package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.training.ImageClassifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a folder of pictures to a picture's class, and everything on the way. */
class PhotographsTest {
    @TempDir
    private static Path folder;

    private static Path photos;
    private static Path out;
    private static Run trained;

    @BeforeAll
    static void train() throws Exception {
        photos = PhotographFolder.of(folder.resolve("photos"), 10, "red", "green", "blue");
        out = folder.resolve("run");
        trained = train("--epochs", "4", "--out", out.toString()).ok();
    }

    private static Run train(String... more) {
        return Run.of(java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(
                                "train",
                                "--data",
                                photos.toString(),
                                "--model",
                                "resnet20",
                                "--size",
                                "16",
                                "--batch",
                                "9",
                                "--validation",
                                "0.2"),
                        java.util.stream.Stream.of(more))
                .toArray(String[]::new));
    }

    @Test
    void saysWhatItFoundAndChose() throws Exception {
        assertThat(trained.out)
                .contains(
                        "Data: one folder per class, 30 pictures in 3 classes, 6 of them kept for validation by seed 0.")
                .contains(
                        "Options: adamw, learning rate 0.001 (one-cycle), batch 9, weight decay 5.0E-4, augmentation cifar;");
        assertThat(Files.readAllLines(out.resolve("history.csv"))).hasSize(5);
        assertThat(Files.readAllLines(out.resolve("metrics.jsonl")))
                .hasSize(12 + 4)
                .allMatch(line -> line.matches("\\{\"(step|epoch)\":\\d+,\"learning_rate\":.*}"));
        assertThat(ImageIO.read(out.resolve("curves.png").toFile())).isNotNull();
        assertThat(Files.readAllLines(out.resolve("run.properties")))
                .anyMatch(line -> line.startsWith("# mvn -q compile exec:java -Dexec.args=\"train "))
                .anyMatch(line -> line.startsWith("# Java "))
                .contains(
                        "data=" + photos,
                        "batch=9",
                        "learning-rate=0.001",
                        "optimizer=adamw",
                        "seed=42",
                        "model=resnet20");
        assertThat(ImageClassifier.load(out.resolve("best.zip")).classNames()).containsExactly("blue", "green", "red");
    }

    @Test
    void theWrittenConfigurationMakesTheRunAgain() throws Exception {
        Path again = folder.resolve("again");
        Run.of("train", "--recipe", out.resolve("run.properties").toString(), "--out", again.toString())
                .ok();
        assertThat(Files.readAllBytes(again.resolve("model.zip")))
                .isEqualTo(Files.readAllBytes(out.resolve("model.zip")));
    }

    @Test
    void resumesWhereItEnded() throws Exception {
        Path half = folder.resolve("half");
        // One-cycle ends with the passes: a course that does not is the same for both.
        train("--epochs", "2", "--schedule", "constant", "--out", half.toString())
                .ok();
        Run.of("train", "--resume", half.toString(), "--epochs", "4").ok();
        assertThat(Files.readAllLines(half.resolve("history.csv")))
                .as("no pass twice")
                .hasSize(5);
        assertThat(Files.readAllLines(half.resolve("metrics.jsonl"))).hasSize(12 + 4);
        Path whole = folder.resolve("whole");
        train("--epochs", "4", "--schedule", "constant", "--out", whole.toString())
                .ok();
        assertThat(Files.readAllBytes(half.resolve("model.zip")))
                .isEqualTo(Files.readAllBytes(whole.resolve("model.zip")));
        Run.of("train", "--resume", folder.resolve("none").toString()).complains("must hold run.properties");
        Run.of("train", "--resume", half.toString(), "--seed", "1")
                .complains("seed 1", "seed 42", "resume with the same");
        Files.delete(half.resolve("model.zip"));
        train("--out", half.toString()).complains("checkpoints of another run", "--resume " + half);
    }

    @Test
    void judges() throws Exception {
        Path sheet = folder.resolve("mistakes.png");
        Path table = folder.resolve("confusions.csv");
        Run judged = Run.of(
                        "evaluate",
                        out.resolve("model.zip").toString(),
                        "--data",
                        photos.toString(),
                        "--validation",
                        "0.2",
                        "--mistakes",
                        sheet.toString(),
                        "--confusions",
                        table.toString())
                .ok();
        assertThat(judged.out).startsWith("resnet20: top-1 ").contains("calibration error 0.", " on 6 held-out images");
        assertThat(ImageIO.read(sheet.toFile())).isNotNull();
        List<String> rows = Files.readAllLines(table);
        assertThat(rows).hasSize(4);
        assertThat(rows.get(0)).endsWith("taken for,blue,green,red");
    }

    @Test
    void predictsFilesFoldersAndPatterns() throws Exception {
        String model = out.resolve("model.zip").toString();
        List<String> table =
                Run.of("predict", model, photos.toString()).ok().out.lines().toList();
        assertThat(table)
                .hasSize(30)
                .allMatch(line -> line.matches(".*\\.png: (\\w+ [\\d.]+ %(, )?){3} \\[stretched from 48x40 to 16x16]"));
        List<String> csv = Run.of("predict", model, photos + "/red/[12].png", "--format", "csv", "--top", "1")
                .ok()
                .out
                .lines()
                .toList();
        assertThat(csv).hasSize(3);
        assertThat(csv.get(0)).isEqualTo("picture,class,probability");
        assertThat(csv.get(1)).matches(".*1\\.png,(red|green|blue),0\\.\\d{6}");
        assertThat(Run.of("predict", model, photos + "/red/1.png", "--format", "jsonl")
                        .ok()
                        .out)
                .matches("\\{\"picture\":\".*1\\.png\",\"classes\":\\{.*},\"changes\":\\[\"stretched from .*\"]}\\s*");
        Run.of("predict", model, photos + "/red/*.gif").complains("must match files, but match none");
        Path bad = Files.write(folder.resolve("bad.png"), new byte[] {1, 2});
        Run.of("predict", model, bad.toString()).complains("bad.png");
        Run skipping = Run.of("predict", model, bad.toString(), photos + "/red/1.png", "--on-bad-image", "skip");
        assertThat(skipping.code).isEqualTo(2);
        assertThat(skipping.out.lines()).hasSize(1);
        assertThat(skipping.err).contains("left out: ", "pictures (1 of 2) must be readable, but were left out");
    }

    @Test
    void saysWhatAFileHolds() {
        String model = out.resolve("model.zip").toString();
        assertThat(Run.of("summary", model).ok().out)
                .contains("pictures: resized to 16x16 bilinear, RGB from 0 to 1.0")
                .contains("classes: blue, green, red")
                .contains("stem.conv");
        assertThat(Run.of("verify", model).ok().out).contains("pictures: resized to 16x16");
        Run.of("summary", model, "--all").complains("--all must not be set with a file");
    }

    /** Other classes, a frozen body: only the new classifier learns. */
    @Test
    void fineTunes() throws Exception {
        Path others = PhotographFolder.of(folder.resolve("others"), 5, "dark", "light");
        Path tuned = folder.resolve("tuned");
        String model = out.resolve("model.zip").toString();
        Run run = Run.of(
                        "train",
                        "--from",
                        model,
                        "--freeze",
                        "all",
                        "--recipe",
                        "finetune",
                        "--epochs",
                        "2",
                        "--batch",
                        "4",
                        "--data",
                        others.toString(),
                        "--out",
                        tuned.toString())
                .ok();
        assertThat(run.out).contains("learning rate 0.02 (cosine), batch 4", "augmentation rgsenet");
        ImageClassifier before = ImageClassifier.load(out.resolve("model.zip"));
        ImageClassifier after = ImageClassifier.load(tuned.resolve("model.zip"));
        assertThat(after.classNames()).containsExactly("dark", "light");
        for (String kept : new String[] {"stem.conv_W", "stem.bn_mean", "stage3.block3.conv2_W"}) {
            assertThat(after.graph().getParam(kept))
                    .as(kept)
                    .isEqualTo(before.graph().getParam(kept));
        }
        Run.of("train", "--from", model, "--model", "resnet20")
                .complains("--model must not be set with --from, which brings its own network");
        Run.of("train", "--resume", tuned.toString(), "--out", "elsewhere")
                .complains("--out must not be set with --resume");
        Run.of("train", "--freeze", "all").complains("--freeze (all) must come with --from");
        Run.of("train", "--from", model, "--freeze", "stage9", "--data", others.toString())
                .complains("vertex to freeze up to (stage9) must be one of the network's");
    }

    @Test
    void augments() throws Exception {
        Path sheet = folder.resolve("sheet.png");
        Run.of("augment", "--data", photos.toString(), "--preset", "senet", "--images", "2", "--out", sheet.toString())
                .ok();
        assertThat(ImageIO.read(sheet.toFile()).getWidth()).isGreaterThan(200);
        Run.of("augment", "--data", photos.toString(), "--preset", "senat").complains("preset (senat) must be one of");
    }

    @Test
    void badInput() throws Exception {
        train("--limit", "2").complains("limit (2) must be at least the number of classes (3)");
        Run.of("train", "--data", photos.toString(), "--model", "se_resnet50", "--size", "16")
                .complains(
                        "input (16x16) must leave more than one position on the last map of se_resnet50",
                        "use --size 64");
        train("--schedule", "stairs").complains("--schedule (stairs) must be one-cycle, cosine, step");
        train("--schedule", "multi-step").complains("--milestones (none) must name passes");
        train("--recipe", "senat").complains("recipe (senat) must be senet, rgsenet, cifar, finetune or a file");
        Path recipe = Files.writeString(folder.resolve("recipe"), "epocs=3\n");
        train("--recipe", recipe.toString()).complains("--epocs");
        train("--clip", "-1").complains("gradient norm (-1.0) must be positive");
        Path bad = PhotographFolder.of(folder.resolve("bad"), 4, "one", "two");
        Files.write(bad.resolve("one/0.png"), new byte[] {1, 2, 3});
        Run.of("train", "--data", bad.toString(), "--model", "resnet20", "--epochs", "1", "--validation", "0.25")
                .complains("0.png");
        String model = out.resolve("model.zip").toString();
        Run.of("evaluate", model, "--data", bad.toString()).complains("class");
    }

    @Test
    void badPicturesAreSkippedWhereWanted() throws Exception {
        Path bad = PhotographFolder.of(folder.resolve("skipped"), 8, "one", "two");
        for (int i = 0; i < 3; i++) {
            Files.write(bad.resolve("one/" + i + ".png"), new byte[] {1, 2, 3});
        }
        Run run = Run.of(
                        "train",
                        "--data",
                        bad.toString(),
                        "--model",
                        "resnet20",
                        "--size",
                        "16",
                        "--epochs",
                        "1",
                        "--on-bad-image",
                        "skip",
                        "--out",
                        folder.resolve("skipping").toString())
                .ok();
        assertThat(run.out).containsPattern("\\d training images were left out, the first: .*\\d.png");
    }
}
