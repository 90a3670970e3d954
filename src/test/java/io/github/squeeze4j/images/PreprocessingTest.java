package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreprocessingTest {
    private static final Picture INPUT = References.picture("input");

    private static String json(Preprocessing preprocessing) {
        return new String(preprocessing.toJson(), StandardCharsets.UTF_8);
    }

    private static Preprocessing ofJson(String json) {
        return Preprocessing.ofJson(json.getBytes(StandardCharsets.UTF_8), "FILE");
    }

    @Test
    void presetsArePinned() {
        assertThat(Preset.names()).containsExactly("senet", "rgsenet", "cifar", "eval", "caffe");
        String imageNet = "shorter side 256 bilinear, centre 224x224, RGB from 0 to 1.0, mean [0.485, 0.456, 0.406], "
                + "deviation [0.229, 0.224, 0.225]";
        for (String name : new String[] {"senet", "rgsenet", "eval"}) {
            assertThat(Preset.named(name).preprocessing()).hasToString(imageNet);
        }
        assertThat(Preset.named("cifar").preprocessing())
                .hasToString("resized to 32x32 bilinear, RGB from 0 to 1.0, mean [0.4914, 0.4822, 0.4465], "
                        + "deviation [0.247, 0.2435, 0.2616]");
        assertThat(Preset.named("caffe").preprocessing())
                .hasToString(
                        "shorter side 256 bilinear, centre 224x224, BGR from 0 to 255.0, mean [104.0, 117.0, 123.0], "
                                + "deviation [1.0, 1.0, 1.0]");
        assertThat(Preset.named("eval").augmentation()).isNull();
        assertThatThrownBy(() -> Preset.named("vgg"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("senet, rgsenet, cifar, eval, caffe");
    }

    @Test
    void jsonAndBack() {
        Random random = new Random(6);
        for (int i = 0; i < 50; i++) {
            Preprocessing.Builder builder = Preprocessing.builder()
                    .size(1 + random.nextInt(300), 1 + random.nextInt(300))
                    .shorterSide(1 + random.nextInt(400))
                    .interpolation(Interpolation.values()[random.nextInt(5)])
                    .colours(ColourOrder.values()[random.nextInt(3)])
                    .range(random.nextBoolean() ? 1 : 255)
                    .mean(random.nextDouble());
            Preprocessing made = (i % 3 == 0 ? builder.exact() : i % 3 == 1 ? builder.unresized() : builder).build();
            assertThat(ofJson(json(made))).isEqualTo(made).hasToString(made.toString());
            assertThat(made.toBuilder().build()).isEqualTo(made);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "\"height\" : 224 | \"height\" : 0 | height (0) must be from 1 to 4096",
                "\"height\" : 224 | \"height\" : 5000 | height (5000) must be from 1 to 4096",
                "\"height\" : 224 | \"height\" : 2.5 | height (2.5) must be a whole number",
                "\"height\" : 224, | ^^ | height (null) must be a whole number",
                "\"height\" : 224 | \"height\" : 224, \"height\" : 3 | must be one JSON object",
                "\"height\" : 224 | \"height\" : 224, \"more\" : 3 | fields (more) must be known ones",
                "bilinear | cubic | must be one of [nearest, box, bilinear, bicubic, lanczos]",
                "0.229 | 0.0 | deviation (0.0) must be from 1.0E-6",
                "0.229 | 1e400 | deviation",
                "0.229, | ^^ | deviation ([0.224, 0.225]) must have one value for each of 3 channels",
                "\"range\" : 1.0 | \"range\" : \"1\" | range",
                "} | ^^ | must be one JSON object",
                "} | } x | must be one JSON object",
            })
    void wrongJson(String from, String to, String message) {
        String text = json(Preset.named("eval").preprocessing());
        assertThat(text).contains(from);
        assertThatThrownBy(() -> ofJson(text.replace(from, to)))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("FILE: ")
                .hasMessageContaining(message);
    }

    /** Whatever is written into the file, the answer is a complaint or a value that can be written again. */
    @Test
    void mutatedJson() {
        byte[] json = Preset.named("caffe").preprocessing().toJson();
        Random random = new Random(9);
        for (int i = 0; i < 3000; i++) {
            byte[] mutant = json.clone();
            mutant[random.nextInt(json.length)] = (byte) random.nextInt(256);
            try {
                Preprocessing read = Preprocessing.ofJson(mutant, "FILE");
                assertThat(Preprocessing.ofJson(read.toJson(), "FILE")).isEqualTo(read);
            } catch (BadInputException e) {
                assertThat(e.getMessage()).as("mutation %d of seed 9", i).startsWith("FILE: ");
            }
        }
    }

    @Test
    void channelsAndRanges() {
        Preprocessing bgr = Preprocessing.builder()
                .size(49, 63)
                .unresized()
                .colours(ColourOrder.BGR)
                .range(255)
                .mean(104, 117, 123)
                .deviation(1)
                .build();
        float[] values = bgr.toArray(INPUT);
        int area = 49 * 63;
        assertThat(values[70]).isEqualTo(INPUT.value(1, 7, 2) - 104f);
        assertThat(values[2 * area + 70]).isEqualTo(INPUT.value(1, 7, 0) - 123f);
        Preprocessing grey = Preprocessing.builder()
                .size(49, 63)
                .exact()
                .colours(ColourOrder.GREY)
                .mean(0)
                .deviation(1)
                .build();
        assertThat(grey.toArray(INPUT)[70]).isEqualTo(INPUT.toGrey().value(1, 7, 0) / 255f);
        assertThat(grey.toArray(INPUT.toGrey())).isEqualTo(grey.toArray(INPUT));
        assertThat(bgr.toArray(INPUT.toGrey())[area + 3])
                .isEqualTo(INPUT.toGrey().value(0, 3, 0) - 117f);
    }

    /** The crop alone is the crop of the whole, for each filter and order of passes. */
    @Test
    void onlyTheCropIsComputed() {
        Random random = new Random(2);
        for (int i = 0; i < 200; i++) {
            Picture picture = Noise.picture(1 + random.nextInt(60), 1 + random.nextInt(60), i);
            int side = 1 + random.nextInt(60);
            Preprocessing preprocessing = Preprocessing.builder()
                    .size(1 + random.nextInt(60), 1 + random.nextInt(60))
                    .shorterSide(side)
                    .interpolation(Interpolation.values()[random.nextInt(5)])
                    .build();
            Interpolation filter = Interpolation.valueOf(json(preprocessing)
                    .replaceAll("(?s).*\"interpolation\" : \"(\\w+)\".*", "$1")
                    .toUpperCase(Locale.ROOT));
            Picture expected = Transforms.centreCrop(preprocessing.height(), preprocessing.width())
                    .apply(Transforms.shorterSide(side, filter).apply(picture, null), null);
            References.assertSame("case " + i + " of seed 2", preprocessing.prepare(picture), expected);
        }
    }

    @Test
    void changesAreSaid() {
        Preprocessing.Builder builder = Preprocessing.builder().size(28, 28);
        assertThat(builder.exact().colours(ColourOrder.GREY).build().changes(INPUT))
                .containsExactly("made grey", "stretched from 63x49 to 28x28");
        assertThat(builder.shorterSide(32).colours(ColourOrder.RGB).build().changes(INPUT))
                .isEmpty();
        assertThat(builder.shorterSide(60).build().changes(INPUT)).containsExactly("enlarged from 63x49");
        assertThat(builder.unresized().size(50, 63).build().changes(INPUT)).containsExactly("framed in black to 63x50");
    }

    @Test
    void contactSheet() throws Exception {
        ContactSheet sheet = new ContactSheet("title");
        for (int i = 0; i < 5; i++) {
            sheet.add(INPUT, "a caption that is longer than the picture is wide " + i);
        }
        Picture page = Picture.decode(sheet.toPng(), "sheet");
        assertThat(page).isEqualTo(Picture.of(ImageIO.read(new ByteArrayInputStream(sheet.toPng()))));
        // Three columns of 96 pixels with 8 between, two rows with captions of 20, a title of 20.
        assertThat(page.width()).isEqualTo(8 + 3 * 104);
        assertThat(page.height()).isEqualTo(28 + 2 * 124);
        Picture shown = Transforms.resize(74, 96, Interpolation.NEAREST).apply(INPUT, null);
        assertThat(page.value(28 + 11 + 40, 8 + 50, 0)).isEqualTo(shown.value(40, 50, 0));
        assertThat(sheet.columns(1).toImage().getHeight()).isEqualTo(28 + 5 * 124);
        assertThatThrownBy(() -> sheet.columns(0)).hasMessageContaining("columns (0) must be from 1 to 100");
    }
}
