package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.ImageClassifier;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainCommandTest {
    @TempDir
    private static Path folder;

    private static String se;
    private static String cbam;
    private static String picture;

    @BeforeAll
    static void save() throws Exception {
        se = save("se_resnet20");
        cbam = save("cbam_resnet20");
        picture = PhotographFolder.of(folder.resolve("photos"), 1, "red")
                .resolve("red")
                .resolve("0.png")
                .toString();
    }

    private static String save(String model) {
        Path file = folder.resolve(model + ".zip");
        ImageClassifier.of(
                        Models.builder(model)
                                .classes(3)
                                .inputSize(16, 16)
                                .build()
                                .init(),
                        List.of("red", "green", "b<lue"),
                        Preset.named("cifar").preprocessing().toBuilder()
                                .size(16, 16)
                                .build())
                .named(model)
                .save(file);
        return file.toString();
    }

    private static List<String> files(Path out) throws Exception {
        try (Stream<Path> all = Files.list(out)) {
            return all.map(file -> file.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    @Test
    void writesPicturesAndAPage() throws Exception {
        Path out = folder.resolve("out");
        Run run = Run.of("explain", se, picture, picture, "--out", out.toString(), "--class", "b<lue", "--stage", "1,3")
                .ok();
        assertThat(run.out).isEqualTo("Saved " + out.resolve("index.html") + "." + System.lineSeparator());
        assertThat(files(out))
                .hasSize(2 * (2 * 2 + 9) + 1)
                .contains("1-0-grad-cam-stage-1.png", "2-0-grad-cam-plus-plus-stage-3.png")
                .contains("1-0-stage1.block1.attention-channel.png", "index.html");
        BufferedImage map = ImageIO.read(out.resolve("1-0-grad-cam-stage-3.png").toFile());
        assertThat(new int[] {map.getWidth(), map.getHeight()}).containsExactly(48, 40);
        String page = Files.readString(out.resolve("index.html"));
        assertThat(page)
                .contains("The maps explain: b&lt;lue.")
                .doesNotContain("<script", "http:", "https:", "b<lue", "src=\"/", "url(");
        assertThat(page.length()).isLessThan(3_000_000);
    }

    @Test
    void twoModelsStandSideBySide() throws Exception {
        Path out = folder.resolve("compared");
        Run.of("explain", se, picture, "--compare", cbam, "--out", out.toString())
                .ok();
        assertThat(files(out))
                .contains("1-0-model1-grad-cam-stage-1.png", "1-0-model2-stage3.block3.attention-spatial.png");
        assertThat(Files.readString(out.resolve("index.html")))
                .contains("<h1>What se_resnet20 and cbam_resnet20 look at</h1>")
                .contains("<h3>se_resnet20</h3>", "<h3>cbam_resnet20</h3>");
    }

    @Test
    void saysWhatIsWrong() {
        String out = folder.resolve("none").toString();
        Run.of("explain", se, picture, "--out", out, "--class", "purple")
                .complains(
                        "class (purple) must be one of the 3 of se_resnet20; use 0 to 2, or a name: red, green, b<lue");
        Run.of("explain", se, picture, "--out", out, "--stage", "7")
                .complains("stage (7) must be one of the network's 3; use 1 to 3");
        String photos = folder.resolve("photos").toString();
        Run.of("explain", se, photos, "--out", out)
                .complains("picture (" + photos + ") must be a file, but is a folder; name the pictures in it, such as "
                        + photos + "/*.jpg");
        Run.of("explain", se).complains("Missing required parameter: 'PICTURE'");
        assertThat(Path.of(out)).doesNotExist();
    }

    @Test
    void gatesOverPicturesByClass() throws Exception {
        Path photos = PhotographFolder.of(folder.resolve("classes"), 4, "red", "green", "b<lue");
        Path out = folder.resolve("gates");
        Run run = Run.of("gates", cbam, "--data", photos.toString(), "--out", out.toString(), "--validation", "0.5")
                .ok();
        assertThat(run.out.lines())
                .hasSize(18 + 1)
                .anyMatch(line -> line.matches("stage1\\.block1\\.attention spatial, 1 gates: always open .*"));
        assertThat(Files.readAllLines(out.resolve("blocks.csv")))
                .hasSize(18 + 1)
                .anyMatch(line -> line.startsWith("stage3.block3.attention,cbam,channel,4,64,"));
        assertThat(Files.readAllLines(out.resolve("classes.csv"))).hasSize(18 * 3 + 1);
        assertThat(Files.readAllLines(out.resolve("channels.csv"))).hasSize(3 * (16 + 32 + 64 + 3) + 1);
        assertThat(ImageIO.read(
                        out.resolve("stage1.block1.attention-channel.png").toFile()))
                .isNotNull();
    }

    @Test
    void aNetworkWithoutGatesHasNoneToShow() throws Exception {
        Path photos = PhotographFolder.of(folder.resolve("few"), 2, "red", "green", "b<lue");
        Run.of("gates", save("resnet20"), "--data", photos.toString(), "--validation", "0.5")
                .complains("network (resnet20, 3 pictures) must have attention blocks with gates");
    }
}
