package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Distributions over many draws of seeds 0, 1, ...: means within five standard errors. */
class RandomTransformsTest {
    private static final int DRAWS = 20_000;

    private static Offset<Double> within(double deviation) {
        return Offset.offset(5 * deviation / Math.sqrt(DRAWS));
    }

    /**
     * The mean share of a square that torchvision's rule takes: uniform area and logarithm of the ratio, whole pixels, drawn again
     * where a side is longer than the most allowed.
     */
    private static double meanShare(
            int side, double least, double most, double leastRatio, double mostRatio, int longest) {
        int points = 1000;
        double sum = 0;
        int taken = 0;
        for (int i = 0; i < points; i++) {
            double area = side * side * (least + (most - least) * (i + 0.5) / points);
            for (int j = 0; j < points; j++) {
                double ratio = leastRatio * Math.pow(mostRatio / leastRatio, (j + 0.5) / points);
                long width = Math.round(Math.sqrt(area * ratio));
                long height = Math.round(Math.sqrt(area / ratio));
                if (width <= longest && height <= longest) {
                    sum += (double) width * height / (side * side);
                    taken++;
                }
            }
        }
        return sum / taken;
    }

    @Test
    void draws() {
        Draws draws = Draws.of(1, 2);
        // Of SplitMix64, so that saved runs go on the same on every version.
        assertThat(Draws.of(1, 2).nextLong()).isEqualTo(draws.nextLong());
        assertThat(Draws.of(2, 1).nextLong()).isNotEqualTo(Draws.of(1, 2).nextLong());
        double normal = 0;
        double squares = 0;
        double beta = 0;
        double betaSquares = 0;
        int[] counts = new int[7];
        for (int i = 0; i < DRAWS; i++) {
            double g = draws.gaussian();
            normal += g;
            squares += g * g;
            double b = draws.beta(0.2);
            beta += b;
            betaSquares += (b - 0.5) * (b - 0.5);
            counts[draws.below(7)]++;
        }
        assertThat(normal / DRAWS).isCloseTo(0, within(1));
        assertThat(squares / DRAWS).isCloseTo(1, within(Math.sqrt(2)));
        assertThat(beta / DRAWS).isCloseTo(0.5, within(0.423));
        // Variance of Beta(a, a) is 1 / (4 (2 a + 1)).
        assertThat(betaSquares / DRAWS).isCloseTo(1 / 5.6, within(0.1));
        for (int count : counts) {
            assertThat(count / (double) DRAWS).isCloseTo(1 / 7.0, within(0.35));
        }
    }

    /** Coordinates as colours: what part was taken shows in the result. */
    @Test
    void randomResizedCrop() {
        int side = 200;
        byte[] pixels = new byte[side * side * 3];
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                pixels[(y * side + x) * 3] = (byte) x;
                pixels[(y * side + x) * 3 + 1] = (byte) y;
            }
        }
        Picture picture = Picture.of(side, side, 3, pixels);
        Transform crop = Transforms.randomResizedCrop(9, 9, 0.08, 1, Interpolation.NEAREST);
        double area = 0;
        double logRatio = 0;
        double left = 0;
        for (int i = 0; i < DRAWS; i++) {
            Picture part = crop.apply(picture, Draws.of(i));
            // The centres of the first and the last pixel are 8/9 of the part's side apart.
            double width = (part.value(0, 8, 0) - part.value(0, 0, 0)) * 9 / 8.0;
            double height = (part.value(8, 0, 1) - part.value(0, 0, 1)) * 9 / 8.0;
            area += width * height / (side * side);
            logRatio += Math.log(width / height);
            left += part.value(0, 4, 0);
        }
        // Deviations at most those of uniform areas, ratios and places; an end is a whole pixel, which moves a mean
        // area by less.
        assertThat(area / DRAWS)
                .isCloseTo(meanShare(side, 0.08, 1, 3 / 4.0, 4 / 3.0, side), within(0.92 / Math.sqrt(12)));
        assertThat(logRatio / DRAWS).isCloseTo(0, within(Math.log(4 / 3.0) / Math.sqrt(3)));
        assertThat(left / DRAWS).isCloseTo((side - 1) / 2.0, within(side / Math.sqrt(12)));
    }

    @Test
    void mirrorAndErasing() {
        Picture picture = Noise.picture(10, 10, 1);
        int mirrored = 0;
        int erased = 0;
        double share = 0;
        for (int i = 0; i < DRAWS; i++) {
            mirrored += Transforms.mirror().apply(picture, Draws.of(i)) == picture ? 0 : 1;
            Picture changed = Transforms.randomErasing(0.5).apply(picture, Draws.of(i));
            if (changed != picture) {
                erased++;
                for (int y = 0; y < 10; y++) {
                    for (int x = 0; x < 10; x++) {
                        share += changed.value(y, x, 0) == 124 && changed.value(y, x, 1) == 116 ? 0.01 : 0;
                    }
                }
            }
        }
        assertThat(mirrored / (double) DRAWS).isCloseTo(0.5, within(0.5));
        assertThat(erased / (double) DRAWS).isCloseTo(0.5, within(0.5));
        assertThat(share / erased)
                .isCloseTo(
                        meanShare(10, 0.02, 0.33, 0.3, 3.3, 9),
                        Offset.offset(5 * 0.31 / Math.sqrt(12) / Math.sqrt(erased)));
        Picture twice = Mirror.swapped(Mirror.swapped(picture));
        assertThat(twice).isEqualTo(picture);
        assertThat(Mirror.swapped(picture).value(3, 2, 1)).isEqualTo(picture.value(3, 7, 1));
    }

    @Test
    void pixelJitter() {
        byte[] grey = new byte[100 * 100 * 3];
        Arrays.fill(grey, (byte) 128);
        Picture jittered = Transforms.pixelJitter(20).apply(Picture.of(100, 100, 3, grey), Draws.of(4));
        double sum = 0;
        double squares = 0;
        Set<Integer> values = new HashSet<>();
        for (byte value : jittered.raw()) {
            int shift = (value & 0xff) - 128;
            values.add(shift);
            sum += shift;
            squares += shift * shift;
        }
        int count = jittered.raw().length;
        assertThat(values).hasSize(41).allMatch(shift -> shift >= -20 && shift <= 20);
        assertThat(sum / count).isCloseTo(0, Offset.offset(5 * 11.8 / Math.sqrt(count)));
        // Variance of -20 to 20: (41^2 - 1) / 12.
        assertThat(squares / count).isCloseTo(140, Offset.offset(5 * 126 / Math.sqrt(count)));
        Arrays.fill(grey, (byte) 250);
        Picture bright = Transforms.pixelJitter(20).apply(Picture.of(100, 100, 3, grey), Draws.of(4));
        for (byte value : bright.raw()) {
            assertThat(value & 0xff).isBetween(230, 255);
        }
    }

    @Test
    void padAndCrop() {
        Picture picture = Noise.picture(8, 8, 3);
        Set<Picture> all = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            all.add(Transforms.padAndCrop(2, 8, 8).apply(picture, Draws.of(i)));
        }
        // Five places in each direction.
        assertThat(all).hasSize(25).contains(picture);
    }

    @Test
    void rotationAndColourJitterAndRandAugment() {
        Picture picture = References.picture("input");
        Set<Picture> turned = new HashSet<>();
        Set<Picture> coloured = new HashSet<>();
        Set<Picture> augmented = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            turned.add(Transforms.rotation(10).apply(picture, Draws.of(i)));
            coloured.add(Transforms.colourJitter(0.4, 0.4, 0.4, 0.1).apply(picture, Draws.of(i)));
            augmented.add(Transforms.randAugment(2, 9).apply(picture, Draws.of(i)));
            // The middle stays, whatever the angle.
            Picture about = Transforms.rotation(10).apply(Picture.of(1, 1, 1, new byte[] {9}), Draws.of(i));
            assertThat(about.value(0, 0, 0)).isEqualTo(9);
        }
        assertThat(turned).hasSize(100);
        assertThat(coloured).hasSize(100);
        assertThat(augmented).hasSizeGreaterThan(70);
        assertThat(Transforms.rotation(0).apply(picture, Draws.of(1))).isEqualTo(picture);
        assertThat(Transforms.colourJitter(0, 0, 0, 0).apply(picture, Draws.of(1)))
                .isEqualTo(picture);
    }

    /** Against the formulas, for two pictures of one channel. */
    @Test
    void batchTransforms() {
        float[] features = {0, 0, 0, 0, 1, 1, 1, 1};
        float[] labels = {1, 0, 0, 1};
        int[] shape = {2, 1, 2, 2};
        Transforms.mixup(0.2).apply(features, labels, shape, Draws.of(5));
        float lambda = (float) Draws.of(5).beta(0.2);
        assertThat(features)
                .containsExactly(
                        new float[] {1 - lambda, 1 - lambda, 1 - lambda, 1 - lambda, lambda, lambda, lambda, lambda},
                        Offset.offset(1e-7f));
        assertThat(labels).containsExactly(new float[] {lambda, 1 - lambda, 1 - lambda, lambda}, Offset.offset(1e-7f));

        for (int seed = 0; seed < 200; seed++) {
            float[] cut = new float[3 * 2 * 64];
            float[] cutLabels = {1, 0, 0, 0, 1, 0, 0, 0, 1};
            for (int i = 0; i < cut.length; i++) {
                cut[i] = i / 128;
            }
            Transforms.cutMix(1).apply(cut, cutLabels, new int[] {3, 2, 8, 8}, Draws.of(seed));
            for (int picture = 0; picture < 3; picture++) {
                int other = (picture + 2) % 3;
                int changed = 0;
                for (int i = 0; i < 128; i++) {
                    float value = cut[picture * 128 + i];
                    assertThat(value == picture || value == other).isTrue();
                    changed += value == other ? 1 : 0;
                }
                assertThat(cutLabels[picture * 3 + other]).isCloseTo(changed / 128f, Offset.offset(1e-6f));
                assertThat(cutLabels[picture * 3 + picture]).isCloseTo(1 - changed / 128f, Offset.offset(1e-6f));
            }
        }

        float[] smoothed = {1, 0, 0, 0};
        Transforms.labelSmoothing(0.1).apply(new float[0], smoothed, new int[] {1}, Draws.of(1));
        assertThat(smoothed).containsExactly(new float[] {0.925f, 0.025f, 0.025f, 0.025f}, Offset.offset(1e-7f));
    }

    @Test
    void texts() {
        assertThat(Preset.named("senet").augmentation())
                .hasToString(
                        "randomResizedCrop(224x224, area 0.08 to 1.0, ratio 0.7500 to 1.3333, BILINEAR), mirror(0.5), "
                                + "rotation(+-10.0 degrees, BILINEAR), pixelJitter(+-20)");
        assertThat(Preset.named("cifar").augmentation())
                .hasToString("resize(32x32, BILINEAR), padAndCrop(4, 32x32), mirror(0.5)");
        assertThat(Transforms.randomErasing(0.25)).hasToString("randomErasing(0.25, area 0.02 to 0.33, #7c7468)");
    }
}
