package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

class ImageIteratorTest {
    @TempDir
    private Path folder;

    private ImageSet sample(int images) {
        return ImageSet.train(IdxFolder.SAMPLE).limit(images);
    }

    private static ImageClassifier classifier(ImageSet images) {
        return ImageClassifier.untrained("test", TinyGraph.pooled(images), images);
    }

    @Test
    void standardisesWithTheTrainingImages() {
        ImageSet images = sample(50);
        DataSet all = ImageIterator.inOrder(images, classifier(images), 50).next();
        assertThat(all.getFeatures().shape()).containsExactly(50, 1, 28, 28);
        assertThat(all.getLabels().shape()).containsExactly(50, 10);
        assertThat(all.getFeatures().meanNumber().doubleValue()).isCloseTo(0, within(1e-5));
        assertThat(all.getFeatures().std(false).getDouble(0)).isCloseTo(1, within(1e-5));
        for (int i = 0; i < 50; i++) {
            assertThat(all.getLabels().getRow(i).sumNumber().doubleValue()).isEqualTo(1);
            assertThat(all.getLabels().getDouble(i, images.label(i))).isEqualTo(1);
        }
    }

    /** Twelve images of one pixel: the pixel names the image. */
    private ImageSet numbered() {
        byte[] pixels = new byte[12];
        byte[] labels = new byte[12];
        for (int i = 0; i < 12; i++) {
            pixels[i] = (byte) (10 * i);
            labels[i] = (byte) (i % 3);
        }
        IdxFolder.images(folder, "train", pixels, 12, 1, 1, false);
        IdxFolder.labels(folder, "train", labels, false);
        return ImageSet.train(folder);
    }

    private static List<Integer> pass(ImageIterator iterator, Standardisation standardisation) {
        List<Integer> seen = new ArrayList<>();
        while (iterator.hasNext()) {
            DataSet batch = iterator.next();
            for (int i = 0; i < batch.numExamples(); i++) {
                double pixel = batch.getFeatures().getDouble(i, 0, 0, 0) * standardisation.deviation()
                        + standardisation.mean();
                int image = (int) Math.round(pixel / 10);
                assertThat(batch.getLabels().getDouble(i, image % 3)).isEqualTo(1);
                seen.add(image);
            }
        }
        return seen;
    }

    @Test
    void shufflesAnewInEachPassAndBySeedAlone() {
        ImageSet images = numbered();
        ImageClassifier classifier = classifier(images);
        ImageIterator iterator = ImageIterator.shuffled(images, classifier, 5, 7, false);
        List<Integer> first = pass(iterator, classifier.standardisation());
        iterator.reset();
        List<Integer> second = pass(iterator, classifier.standardisation());
        List<Integer> inOrder = IntStream.range(0, 12).boxed().collect(Collectors.toList());
        assertThat(first).containsExactlyInAnyOrderElementsOf(inOrder).isNotEqualTo(inOrder);
        assertThat(second).containsExactlyInAnyOrderElementsOf(inOrder).isNotEqualTo(first);
        assertThat(pass(ImageIterator.shuffled(images, classifier, 4, 7, false), classifier.standardisation()))
                .isEqualTo(first);
        assertThat(pass(ImageIterator.shuffled(images, classifier, 5, 8, false), classifier.standardisation()))
                .isNotEqualTo(first);
        assertThat(pass(ImageIterator.inOrder(images, classifier, 5), classifier.standardisation()))
                .isEqualTo(inOrder);
    }

    @Test
    void theLastBatchMayBeSmaller() {
        ImageSet images = numbered();
        ImageIterator iterator = ImageIterator.inOrder(images, classifier(images), 5);
        assertThat(List.of(
                        iterator.next().numExamples(),
                        iterator.next().numExamples(),
                        iterator.next().numExamples()))
                .containsExactly(5, 5, 2);
        assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> ImageIterator.inOrder(images, classifier(images), 0))
                .hasMessage("batch size (0) must be positive; use 32");
    }

    @Test
    void augmentedImagesAreShiftedAndFlippedCopies() {
        ImageSet images = sample(10);
        ImageClassifier classifier = classifier(images);
        INDArray plain = ImageIterator.inOrder(images, classifier, 10).next().getFeatures();
        float black = classifier.standardisation().table()[0];
        HashSet<String> ways = new HashSet<>();
        ImageIterator iterator = ImageIterator.shuffled(images, classifier, 10, 3, true);
        for (int pass = 0; pass < 20; pass++, iterator.reset()) {
            DataSet batch = iterator.next();
            for (int i = 0; i < 10; i++) {
                ways.add(way(batch.getFeatures().slice(i).slice(0), plain, black));
            }
        }
        // 5 x 5 shifts, flipped or not; 200 draws miss one of them with probability 50 * 0.98^200 = 0.9, few miss ten.
        assertThat(ways).hasSizeBetween(40, 50).allMatch(way -> !way.equals("none"));
    }

    /** Which shift and flip of any of the images this is. */
    private static String way(INDArray image, INDArray plain, float black) {
        float[][] seen = image.toFloatMatrix();
        for (int i = 0; i < plain.size(0); i++) {
            float[][] original = plain.slice(i).slice(0).toFloatMatrix();
            for (int down = -2; down <= 2; down++) {
                for (int right = -2; right <= 2; right++) {
                    for (boolean flip : new boolean[] {false, true}) {
                        if (matches(seen, original, down, right, flip, black)) {
                            return down + "," + right + "," + flip;
                        }
                    }
                }
            }
        }
        return "none";
    }

    private static boolean matches(float[][] seen, float[][] original, int down, int right, boolean flip, float black) {
        int size = seen.length;
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                int fromY = y + down;
                int fromX = (flip ? size - 1 - x : x) + right;
                boolean inside = fromY >= 0 && fromY < size && fromX >= 0 && fromX < size;
                if (seen[y][x] != (inside ? original[fromY][fromX] : black)) {
                    return false;
                }
            }
        }
        return true;
    }

    @Test
    void augmentationFollowsFromTheSeed() {
        ImageSet images = sample(10);
        ImageClassifier classifier = classifier(images);
        INDArray once =
                ImageIterator.shuffled(images, classifier, 10, 3, true).next().getFeatures();
        assertThat(ImageIterator.shuffled(images, classifier, 10, 3, true)
                        .next()
                        .getFeatures())
                .isEqualTo(once);
        assertThat(ImageIterator.shuffled(images, classifier, 10, 4, true)
                        .next()
                        .getFeatures())
                .isNotEqualTo(once);
    }
}
