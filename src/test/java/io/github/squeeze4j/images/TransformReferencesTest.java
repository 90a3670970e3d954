package io.github.squeeze4j.images;

import static io.github.squeeze4j.images.References.assertSame;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Transforms with given values, bit for bit those of PIL and torchvision. */
class TransformReferencesTest {
    private static final Picture INPUT = References.picture("input");

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    private static Interpolation filter(String text) {
        return Interpolation.valueOf(text.toUpperCase(Locale.ROOT));
    }

    static List<String> resizes() {
        return References.tests("resize");
    }

    @ParameterizedTest
    @MethodSource("resizes")
    void resizing(String name) {
        String[] words = name.split(" ");
        Transform resize = Transforms.resize(number(words[1]), number(words[2]), filter(words[0]));
        assertSame(name, resize.apply(INPUT, null), References.picture("resize " + name));
    }

    @Test
    void resizingGrey() {
        assertSame("grey", INPUT.toGrey(), References.picture("grey"));
        assertThat(References.tests("resize-grey")).hasSize(5).allSatisfy(name -> {
            String[] words = name.split(" ");
            assertSame(
                    name,
                    Resampling.resize(INPUT.toGrey(), number(words[1]), number(words[2]), filter(words[0])),
                    References.picture("resize-grey " + name));
        });
    }

    @Test
    void parts() {
        assertThat(References.tests("part")).hasSize(5).allSatisfy(name -> {
            String[] words = name.split(" ");
            int[] n = Arrays.stream(words).skip(1).mapToInt(Integer::parseInt).toArray();
            Picture part =
                    Resampling.resize(INPUT, new Resampling.Area(n[0], n[1], n[2], n[3]), n[4], n[5], filter(words[0]));
            assertSame(name, part, References.picture("part " + name));
        });
    }

    @Test
    void shorterSidesCentresAndTenCrops() {
        assertThat(References.tests("shorter")).hasSize(6).allSatisfy(name -> {
            String[] words = name.split(" ");
            Transform resize = Transforms.shorterSide(number(words[1]), filter(words[0]));
            assertSame(name, resize.apply(INPUT, null), References.picture("shorter " + name));
        });
        assertThat(References.tests("centre")).hasSize(6).allSatisfy(name -> {
            String[] words = name.split(" ");
            Transform crop = Transforms.centreCrop(number(words[0]), number(words[1]));
            assertSame(name, crop.apply(INPUT, null), References.picture("centre " + name));
        });
        assertThat(References.tests("ten")).hasSize(10).allSatisfy(name -> {
            String[] words = name.split(" ");
            List<Picture> parts = Transforms.tenCrop(INPUT, number(words[1]), number(words[2]));
            assertSame(name, parts.get(number(words[0])), References.picture("ten " + name));
        });
    }

    static List<String> rotations() {
        return References.tests("rotate");
    }

    @ParameterizedTest
    @MethodSource("rotations")
    void rotating(String name) {
        String[] words = name.split(" ");
        Picture turned = Affine.rotation(Double.parseDouble(words[1]), INPUT.height(), INPUT.width())
                .apply(INPUT, words[0].equals("bilinear"));
        // At 45 degrees values lie on whole numbers, which the last bit of a double rounds down to the one below or
        // not.
        int bound = name.equals("bilinear 45") ? 1 : 0;
        assertThat(References.largestDifference(name, turned, References.picture("rotate " + name)))
                .isLessThanOrEqualTo(bound);
    }

    @ParameterizedTest
    @ValueSource(strings = {"brightness", "contrast", "saturation", "sharpness", "hue"})
    void colours(String kind) {
        BiFunction<Picture, Double, Picture> change = switch (kind) {
            case "brightness" -> Colours::brightness;
            case "contrast" -> Colours::contrast;
            case "saturation" -> Colours::saturation;
            case "sharpness" -> Colours::sharpness;
            default -> Colours::hue;
        };
        assertThat(References.tests(kind))
                .hasSize(6)
                .allSatisfy(factor -> assertSame(
                        kind + " " + factor,
                        change.apply(INPUT, Double.parseDouble(factor)),
                        References.picture(kind + " " + factor)));
    }

    static List<String> augmentations() {
        return References.tests("randaugment");
    }

    @ParameterizedTest
    @MethodSource("augmentations")
    void randAugment(String name) {
        String[] words = name.split(" ");
        RandAugment.Change change = switch (words[0]) {
            case "ShearX" -> RandAugment.Change.SHEAR_X;
            case "ShearY" -> RandAugment.Change.SHEAR_Y;
            case "TranslateX" -> RandAugment.Change.TRANSLATE_X;
            case "TranslateY" -> RandAugment.Change.TRANSLATE_Y;
            case "Color" -> RandAugment.Change.COLOUR;
            default -> RandAugment.Change.valueOf(words[0].toUpperCase(Locale.ROOT));
        };
        Picture changed = change.apply(INPUT, number(words[1]) / 30.0, number(words[2]));
        assertSame(name, changed, References.picture("randaugment " + name));
    }

    @Test
    void stretchedAndEvenedHistograms() {
        Picture dull = References.picture("dull");
        assertSame("AutoContrast", Colours.autoContrast(dull), References.picture("dull AutoContrast"));
        assertSame("Equalize", Colours.equalize(dull), References.picture("dull Equalize"));
    }

    /** All in all, to the last bit of the floats. */
    @Test
    void imageNetPreprocessing() {
        Preprocessing preprocessing =
                Preprocessing.builder().size(28, 28).shorterSide(32).build();
        assertThat(preprocessing.toArray(INPUT)).containsExactly(References.floats("imagenet 28 of 32"));
    }
}
