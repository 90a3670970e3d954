package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

@Timeout(60)
class PictureBatchesTest {
    private static final Preprocessing SMALL =
            Preprocessing.builder().size(8, 10).shorterSide(10).build();
    private static final Transform AUGMENT =
            Transforms.randomResizedCrop(8, 10).then(Transforms.mirror()).then(Transforms.pixelJitter(20));

    private static PictureBatches.Builder shuffled(LabelledPictures pictures) {
        return PictureBatches.of(pictures, SMALL)
                .augmentation(AUGMENT)
                .batchSize(4)
                .shuffle(7);
    }

    private static List<DataSet> epochs(PictureBatches batches, int epochs) {
        List<DataSet> all = new ArrayList<>();
        for (int i = 0; i < epochs; i++) {
            while (batches.hasNext()) {
                all.add(batches.next());
            }
            batches.reset();
        }
        return all;
    }

    private static void assertEqual(List<DataSet> actual, List<DataSet> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).getFeatures())
                    .as("batch %d", i)
                    .isEqualTo(expected.get(i).getFeatures());
            assertThat(actual.get(i).getLabels())
                    .as("batch %d", i)
                    .isEqualTo(expected.get(i).getLabels());
        }
    }

    @Test
    void inOrderAndUnchanged() {
        Noise pictures = new Noise(10);
        try (PictureBatches batches =
                PictureBatches.of(pictures, SMALL).batchSize(4).build()) {
            List<DataSet> all = epochs(batches, 1);
            assertThat(all).hasSize(3);
            assertThat(all.get(2).getFeatures().shape()).containsExactly(2, 3, 8, 10);
            for (int i = 0; i < 10; i++) {
                float[] row = all.get(i / 4)
                        .getFeatures()
                        .get(NDArrayIndex.point(i % 4))
                        .dup()
                        .data()
                        .asFloat();
                assertThat(row).containsExactly(SMALL.toArray(pictures.read(i)));
                assertThat(all.get(i / 4).getLabels().getDouble(i % 4, i % 3)).isEqualTo(1);
            }
            assertThat(batches.getLabels()).containsExactly("a", "b", "c");
            assertThat(batches.inputColumns()).isEqualTo(240);
            assertThat(batches.totalOutcomes()).isEqualTo(3);
        }
    }

    @Test
    void evenBatchesShareWhatTheLastOneLacks() {
        Noise pictures = new Noise(9);
        try (PictureBatches batches =
                PictureBatches.of(pictures, SMALL).batchSize(4).even().build()) {
            List<DataSet> all = epochs(batches, 1);
            assertThat(all).extracting(DataSet::numExamples).containsExactly(3, 3, 3);
            for (int i = 0; i < 9; i++) {
                float[] row = all.get(i / 3)
                        .getFeatures()
                        .get(NDArrayIndex.point(i % 3))
                        .dup()
                        .data()
                        .asFloat();
                assertThat(row).containsExactly(SMALL.toArray(pictures.read(i)));
            }
            batches.startAt(0, 2);
            assertThat(batches.next().getFeatures()).isEqualTo(all.get(2).getFeatures());
        }
        for (int size : new int[] {1, 3, 4, 5, 31, 33}) {
            try (PictureBatches batches = PictureBatches.of(new Noise(size), SMALL)
                    .batchSize(4)
                    .even()
                    .build()) {
                int[] sizes = epochs(batches, 1).stream()
                        .mapToInt(DataSet::numExamples)
                        .sorted()
                        .toArray();
                assertThat(sizes).hasSize((size + 3) / 4);
                assertThat(Arrays.stream(sizes).sum()).isEqualTo(size);
                assertThat(sizes[sizes.length - 1] - sizes[0]).isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void sameForAnyNumberOfWorkers() {
        List<DataSet> expected;
        try (PictureBatches batches =
                shuffled(new Noise(30)).workers(1).ahead(1).build()) {
            expected = epochs(batches, 3);
        }
        assertThat(expected.get(0).getFeatures()).isNotEqualTo(expected.get(8).getFeatures());
        try (PictureBatches batches =
                shuffled(new Noise(30)).workers(7).ahead(5).build()) {
            assertEqual(epochs(batches, 3), expected);
        }
    }

    /** Every place of three epochs, reached at once or after something else. */
    @Test
    void goesOnWhereItWasStopped() {
        Noise pictures = new Noise(14, 5, 9);
        List<DataSet> expected;
        List<int[]> places = new ArrayList<>();
        PictureBatches.Builder builder = shuffled(pictures)
                .batchTransforms(Transforms.mixup(0.2), Transforms.labelSmoothing(0.1))
                .onBadPicture(PictureBatches.OnBadPicture.SKIP);
        try (PictureBatches batches = builder.build()) {
            expected = new ArrayList<>();
            for (int epoch = 0; epoch < 3; epoch++, batches.reset()) {
                while (batches.hasNext()) {
                    places.add(new int[] {batches.epoch(), batches.nextBatch()});
                    expected.add(batches.next());
                }
            }
            assertThat(batches.skipped()).containsExactly("picture (noise 5) is bad", "picture (noise 9) is bad");
        }
        try (PictureBatches batches = builder.build()) {
            for (int i = places.size() - 1; i >= 0; i--) {
                batches.startAt(places.get(i)[0], places.get(i)[1]);
                DataSet batch = batches.next();
                assertThat(batch.getFeatures()).isEqualTo(expected.get(i).getFeatures());
                assertThat(batch.getLabels()).isEqualTo(expected.get(i).getLabels());
            }
        }
    }

    @Test
    void badPictures() {
        try (PictureBatches batches = PictureBatches.of(new Noise(9, 0, 1, 2, 4, 8), SMALL)
                .batchSize(3)
                .onBadPicture(PictureBatches.OnBadPicture.SKIP)
                .build()) {
            List<DataSet> all = epochs(batches, 1);
            // The first batch has nothing left, the second one bad, the third one bad.
            assertThat(all).hasSize(2);
            assertThat(all.get(0).getLabels()).isEqualTo(Nd4j.createFromArray(new float[][] {{1, 0, 0}, {0, 0, 1}}));
            assertThat(batches.skipped()).hasSize(5);
        }
        try (PictureBatches batches =
                PictureBatches.of(new Noise(9, 4), SMALL).batchSize(3).build()) {
            batches.next();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(batches::next)
                        .isInstanceOf(BadInputException.class)
                        .hasMessage("picture (noise 4) is bad");
                assertThat(batches.nextBatch()).isEqualTo(1);
            }
            batches.startAt(0, 2);
            assertThat(batches.next().numExamples()).isEqualTo(3);
            assertThat(batches.hasNext()).isFalse();
            assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
        }
        try (PictureBatches batches = PictureBatches.of(new Noise(2, 0, 1), SMALL)
                .onBadPicture(PictureBatches.OnBadPicture.SKIP)
                .build()) {
            assertThat(batches.hasNext()).isFalse();
        }
    }

    /** No more batches in the making than those asked for. */
    @Test
    void memoryIsBounded() throws Exception {
        Noise pictures = new Noise(400);
        try (PictureBatches batches = PictureBatches.of(pictures, SMALL)
                .batchSize(4)
                .ahead(2)
                .workers(3)
                .build()) {
            batches.next();
            Thread.sleep(100);
            assertThat(pictures.reads.get()).isLessThanOrEqualTo(4 * 3);
        }
    }

    @Test
    void wrongValuesAndClosing() {
        PictureBatches batches = shuffled(new Noise(9)).build();
        assertThatThrownBy(() -> batches.startAt(0, 4))
                .isInstanceOf(BadInputException.class)
                .hasMessage("batch (4) must be from 0 to 3; use 3");
        assertThatThrownBy(() -> batches.next(5)).isInstanceOf(BadInputException.class);
        batches.reset();
        assertThat(batches.epoch()).isZero();
        batches.close();
        assertThatThrownBy(batches::next).hasMessageContaining("closed");
        try (PictureBatches wrong = PictureBatches.of(new Noise(3), SMALL)
                .augmentation(Transforms.centreCrop(5, 5))
                .build()) {
            assertThatThrownBy(wrong::next)
                    .hasMessage(
                            "picture (noise 0): picture (5x5) must have the network's size, 10x8; resize or crop it so");
        }
    }
}
