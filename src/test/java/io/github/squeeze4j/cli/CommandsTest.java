package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.IdxFolder;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {
    private static final String COUNTS = "model,input,params,bn_stats,macs";

    @TempDir
    private Path folder;

    @Test
    void trainEvaluatePredict() throws Exception {
        Path data = IdxFolder.cut(folder.resolve("data"), 40, 20);
        Path out = folder.resolve("run");
        Path model = out.resolve("model.zip");
        String[] train = {"train", "--data", data.toString(), "--epochs", "1", "--batch", "20", "--out", out.toString()
        };
        Run trained = Run.of(train).ok();
        assertThat(trained.out.lines())
                .contains(
                        "Training se_resnet20 (275,770 parameters) on 40 images of 10 classes in 1 pass; 20 images are"
                                + " held out.")
                .anyMatch(line -> line.startsWith("epoch 1/1: loss "))
                .anyMatch(line -> line.startsWith("top-1 "))
                .anyMatch(line -> line.startsWith("worst classes"))
                .contains("  mvn -q compile exec:java -Dexec.args=\"predict " + model + " --test-index 7 --data " + data
                        + "\"");
        assertThat(out).isDirectoryContaining(file -> file.endsWith("model.zip"));
        assertThat(Files.readAllLines(out.resolve("history.csv"))).hasSize(2);
        assertThat(ImageIO.read(out.resolve("curves.png").toFile()).getWidth()).isGreaterThan(1000);

        String top1 = trained.out
                .lines()
                .filter(line -> line.startsWith("top-1"))
                .findFirst()
                .get();
        Run evaluated =
                Run.of("evaluate", model.toString(), "--data", data.toString()).ok();
        assertThat(evaluated.out).startsWith("se_resnet20: " + top1);
        // wherever the tests run
        Run narrow = Run.of("evaluate", model.toString(), "--data", data.toString(), "--precision", "auto")
                .ok();
        assertThat(narrow.out).startsWith("se_resnet20: top-1 ");

        Path picture = folder.resolve("picture.png");
        ImageIO.write(new BufferedImage(100, 60, BufferedImage.TYPE_BYTE_GRAY), "png", picture.toFile());
        Run predicted = Run.of(
                        "predict",
                        model.toString(),
                        picture.toString(),
                        "--test-index",
                        "7,8",
                        "--data",
                        data.toString())
                .ok();
        List<String> lines = predicted.out.lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0))
                .matches(picture + ": (\\d [\\d.]+ %, ){2}\\d [\\d.]+ % \\[stretched from 100x60 to 28x28]");
        assertThat(lines.get(1)).matches("held-out image 7 \\(\\d\\): (\\d [\\d.]+ %, ){2}\\d [\\d.]+ %");

        Run.of("predict", model.toString(), "--test-index", "20", "--data", data.toString())
                .complains("image index (20) must be from 0 to 19; choose one of the 20 images");
        Run.of("predict", model.toString(), folder.resolve("none.png").toString())
                .complains("none.png) must be a file");
        Run.of(train).complains("must not hold model.zip already");

        List<String> verified =
                Run.of("verify", model.toString()).ok().out.lines().toList();
        assertThat(verified.get(0)).isEqualTo("model se_resnet20, 10 classes, images of 28x28, format version 3");
        assertThat(verified.get(2)).isEqualTo("275,770 parameters of type FLOAT, 274,202 values of updater state");
        assertThat(verified).anyMatch(line -> line.matches("updaterState.bin +[\\d,]+ bytes, SHA-256 [0-9a-f]{64}"));
    }

    @Test
    void compareKeepsTheTableAsItGrows() throws Exception {
        Path data = IdxFolder.cut(folder.resolve("data"), 20, 10);
        Path out = folder.resolve("compared");
        Run run = Run.of(
                        "compare",
                        "--data",
                        data.toString(),
                        "--blocks",
                        "none,se",
                        "--epochs",
                        "1",
                        "--batch",
                        "10",
                        "--out",
                        out.toString())
                .ok();
        assertThat(run.out.lines())
                .anyMatch(line -> line.startsWith("1/2 none    epoch 1/1: "))
                .anyMatch(line -> line.startsWith("2/2 se      epoch 1/1: "))
                .anyMatch(line -> line.startsWith("attention     top-1"));
        List<String> rows = Files.readAllLines(out.resolve("comparison.csv"));
        assertThat(rows).hasSize(3);
        assertThat(rows.get(1)).startsWith("resnet20,none,").contains(",272186,");
        assertThat(rows.get(2)).startsWith("resnet20,se,");
        assertThat(ImageIO.read(out.resolve("comparison.png").toFile())).isNotNull();
    }

    @Test
    void compareLeavesOutABlockThatDoesNotFitTheMap() {
        Path data = IdxFolder.black(folder.resolve("data"), 16, (byte) 0, (byte) 1);
        Path out = folder.resolve("compared");
        String[] args = {"compare", "--data", "" + data, "--epochs", "1", "--out", "" + out, "--blocks", "rgse,none"};
        assertThat(Run.of(args).ok().out.lines())
                .anyMatch(line -> line.startsWith("Left out rgse: rgse layer \"stage3.block1.attention\": window (7)"))
                .anyMatch(line -> line.startsWith("1/1 none    epoch 1/1: "));
        args[args.length - 1] = "rgse";
        args[args.length - 3] = out + "2";
        Run.of(args)
                .complains("blocks (rgse) must hold one that fits resnet20 and images of 16x16; add none to --blocks");
        assertThat(folder.resolve("compared2")).doesNotExist();
    }

    @Test
    void summaryCountsTheRowsOfThePapers() {
        assertThat(csv("--model", "se_resnet50")).isEqualTo("se_resnet50,224,28088024,53120,3860488192");
        assertThat(csv("--model", "se_resnet50", "--stride-in", "3x3", "--no-biases"))
                .startsWith("se_resnet50,224,28071976,53120,");
        assertThat(csv("--model", "resnet50")).isEqualTo("resnet50,224,25557032,53120,4089184256");
        assertThat(csv("--model", "resnet50", "--stride-in", "1x1"))
                .isEqualTo("resnet50,224,25557032,53120,3857973248");
        assertThat(csv("--model", "se_resnet20", "--input", "32")).startsWith("se_resnet20,32,274490,1568,");
        assertThat(csv("--model", "resnet18", "--attention", "cbam"))
                .isEqualTo("resnet18-cbam,224,11779392,9616,1815063764");
        assertThat(csv("--model", "resnet20", "--classes", "5", "--channels", "1"))
                .startsWith("resnet20,32,271861,");
    }

    @Test
    void summaryOfAllModels() {
        List<String> csv =
                Run.of("summary", "--all", "--format", "csv").ok().out.lines().toList();
        assertThat(csv).hasSize(1 + Models.names().size());
        assertThat(csv.get(0)).isEqualTo(COUNTS);
        assertThat(csv.stream().skip(1).map(line -> line.split(",")[0])).isEqualTo(Models.names());
        assertThat(csv).contains("se_resnet50,224,28088024,53120,3860488192", "resnet20,32,272474,1568,40813184");

        List<String> text =
                Run.of("summary", "--all", "--classes", "5").ok().out.lines().toList();
        assertThat(text).hasSize(csv.size());
        assertThat(text.get(0)).startsWith("model ").contains(" published ", " attention params ");
        assertThat(text).anyMatch(line -> line.matches("resnet20 +32 +272,149 +1,568 +40,812,864 +40,812,864 .*"));
        assertThat(text).anyMatch(line -> line.matches("se_resnet50 +224 +.* 9\\.72 % +0\\.35 %"));
    }

    @Test
    void summaryNamesWhatThePapersCount() {
        List<String> lines =
                Run.of("summary", "--model", "se_resnet50").ok().out.lines().toList();
        assertThat(lines.get(0)).endsWith(" macs      published");
        assertThat(lines.get(lines.size() - 3))
                .matches("se_resnet50 +total +28,088,024 +53,120 +3,860,488,192 +3,871,526,912");
        assertThat(lines.get(lines.size() - 2)).matches(" +attention +2,530,992 +0 +2,514,944 +13,553,664");
    }

    private static String csv(String... options) {
        String[] args = new String[options.length + 3];
        args[0] = "summary";
        args[1] = "--format";
        args[2] = "csv";
        System.arraycopy(options, 0, args, 3, options.length);
        List<String> lines = Run.of(args).ok().out.lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).isEqualTo(COUNTS);
        return lines.get(1);
    }

    @Test
    void helpNamesCommandsAndDefaults() {
        assertThat(Run.of("--help").ok().out)
                .contains("train", "evaluate", "predict", "summary", "compare", Invocation.MAVEN);
        assertThat(Run.of("train", "--help").ok().out.replaceAll("\\s+", " "))
                .contains(
                        "Default: 3, with",
                        "16 with less",
                        "0.1 (networks for small",
                        "Default: 42.",
                        "Default: se_resnet20.");
    }
}
