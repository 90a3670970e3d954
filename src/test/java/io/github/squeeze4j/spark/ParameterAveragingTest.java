package io.github.squeeze4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Transforms;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.BatchPlan;
import io.github.squeeze4j.training.Checkpoint;
import io.github.squeeze4j.training.CosineDecay;
import io.github.squeeze4j.training.History;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.Optimizer;
import io.github.squeeze4j.training.Rounds;
import io.github.squeeze4j.training.TestReport;
import io.github.squeeze4j.training.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Training on Spark: one worker's is the single machine's, bit for bit; one that was stopped goes on exactly. */
@Tag("spark")
@DisabledForJreRange(min = JRE.JAVA_23, disabledReason = "Spark 3.5 does not run there")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Hadoop wants its winutils there")
class ParameterAveragingTest {
    @TempDir
    private static Path data;

    @TempDir
    private Path folder;

    private static LabelledPictures pictures;

    /** 24 pictures: six batches of four. */
    @BeforeAll
    static void write() throws Exception {
        pictures = new PictureFinder()
                .split(0, 0)
                .open(LocalSpark.pictures(data, 8))
                .train();
    }

    /** Dropout, stochastic depth, running statistics of batch normalizations and of a block. */
    private static ImageClassifier untrained() {
        return ImageClassifier.of(
                        Models.builder("cbam_resnet20")
                                .inputSize(16)
                                .classes(LocalSpark.CLASSES.size())
                                .dropout(0.3)
                                .stochasticDepth(0.2)
                                .seed(3)
                                .build()
                                .init(),
                        LocalSpark.CLASSES,
                        Preprocessing.builder().size(16, 16).shorterSide(18).build())
                .named("small");
    }

    private static Trainer.Builder trainer(int updates) {
        return Trainer.builder()
                .epochs(2)
                .batchSize(4)
                .seed(8)
                .augmentation(Transforms.randomResizedCrop(16, 16).then(Transforms.mirror()))
                .batchTransforms(Transforms.labelSmoothing(0.1))
                .optimizer(Optimizer.builder(Optimizer.Kind.ADAMW, new CosineDecay(0.01, updates, 0))
                        .weightDecay(0.01)
                        .build());
    }

    private static ParameterAveraging averaging(int workers, int frequency) {
        return ParameterAveraging.on(LocalSpark.session())
                .workers(workers)
                .frequency(frequency)
                .build();
    }

    private static void assertSame(ImageClassifier one, ImageClassifier other) {
        // ND4J's own equality forgives 1e-5.
        assertThat(one.graph().params().toFloatVector())
                .isEqualTo(other.graph().params().toFloatVector());
        assertThat(one.graph().getUpdater().getStateViewArray().toFloatVector())
                .isEqualTo(other.graph().getUpdater().getStateViewArray().toFloatVector());
        assertThat(one.graph().getIterationCount()).isEqualTo(other.graph().getIterationCount());
        assertThat(one.graph().getEpochCount()).isEqualTo(other.graph().getEpochCount());
    }

    @Test
    void oneWorkerIsTheSingleMachine() {
        ImageClassifier single = untrained();
        History course = trainer(12).build().fit(single, pictures, pictures);
        ImageClassifier spark = untrained();
        History rounds = trainer(12).rounds(averaging(1, 4)).build().fit(spark, pictures, pictures);
        assertSame(spark, single);
        assertThat(rounds.last().trainAccuracy()).isEqualTo(course.last().trainAccuracy());
        assertThat(rounds.last().trainLoss())
                .isCloseTo(course.last().trainLoss(), org.assertj.core.data.Offset.offset(1e-9));
        assertThat(rounds.last().testLoss()).isEqualTo(course.last().testLoss());
    }

    /** Rounds of four batches and of two. */
    @Test
    void stoppedAndResumedIsTheSame() {
        int updates = 2 * ParameterAveraging.updates(6, 2, 2);
        assertThat(updates).isEqualTo(6);
        ImageClassifier whole = untrained();
        trainer(updates).rounds(averaging(2, 2)).build().fit(whole, pictures, pictures);
        assertThat(whole.graph().getIterationCount()).isEqualTo(updates);
        AtomicInteger rounds = new AtomicInteger();
        trainer(updates)
                .rounds(averaging(2, 2))
                .checkpoints(folder)
                .checkpointEvery(Duration.ZERO)
                .stopWhen(() -> rounds.getAndIncrement() == 3)
                .build()
                .fit(untrained(), pictures, pictures);
        Checkpoint checkpoint = Checkpoint.latest(folder).orElseThrow();
        assertThat(checkpoint.history().epochs()).hasSize(1);
        assertThatThrownBy(() -> trainer(updates)
                        .rounds(averaging(2, 3))
                        .build()
                        .resume(Checkpoint.latest(folder).orElseThrow(), pictures, pictures))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("parameters averaged over 2 workers every 3 updates")
                .hasMessageContaining("parameters averaged over 2 workers every 2 updates");
        trainer(updates).rounds(averaging(2, 2)).checkpoints(folder).build().resume(checkpoint, pictures, pictures);
        assertSame(checkpoint.classifier(), whole);
    }

    /** Six workers on two cores: their results are added up in two groups. Without dropout, whose draws differ from worker to worker. */
    @Test
    void theMeanIsThatOfWorkersTrainedAlone() {
        ImageClassifier spark = plain();
        trainer(1).epochs(1).rounds(averaging(6, 1)).build().fit(spark, pictures, pictures);
        ImageClassifier again = plain();
        trainer(1).epochs(1).rounds(averaging(6, 1)).build().fit(again, pictures, pictures);
        assertSame(spark, again);
        INDArray[] alone = new INDArray[6];
        for (int batch = 0; batch < 6; batch++) {
            ImageClassifier one = plain();
            trainer(1)
                    .epochs(1)
                    .rounds(new OneBatch(averaging(1, 1), batch))
                    .build()
                    .fit(one, pictures, pictures);
            alone[batch] = one.graph().params();
        }
        // In the order of the groups: three and three.
        INDArray left = alone[0].add(alone[1]).addi(alone[2]);
        INDArray right = alone[3].add(alone[4]).addi(alone[5]);
        assertThat(spark.graph().params().toFloatVector())
                .isEqualTo(left.addi(right).divi(6).toFloatVector());
    }

    private static ImageClassifier plain() {
        return ImageClassifier.of(
                Models.builder("cbam_resnet20")
                        .inputSize(16)
                        .classes(LocalSpark.CLASSES.size())
                        .seed(3)
                        .build()
                        .init(),
                LocalSpark.CLASSES,
                Preprocessing.builder().size(16, 16).shorterSide(18).build());
    }

    /** A pass in which only one batch is learned. */
    private static final class OneBatch implements Rounds {
        private final ParameterAveraging averaging;
        private final int batch;

        OneBatch(ParameterAveraging averaging, int batch) {
            this.averaging = averaging;
            this.batch = batch;
        }

        @Override
        public int batches() {
            return 6;
        }

        @Override
        public Result run(
                ImageClassifier classifier, LabelledPictures all, BatchPlan plan, int epoch, int first, int end) {
            return averaging.run(classifier, all, plan, epoch, batch, batch + 1);
        }

        @Override
        public TestReport evaluate(ImageClassifier classifier, LabelledPictures held, OnBadPicture onBadPicture) {
            return classifier.evaluate(held, onBadPicture);
        }
    }

    @Test
    void damagedPicturesAreLeftOutOrNamed() throws Exception {
        Path some = LocalSpark.pictures(folder.resolve("damaged"), 4);
        Path cut = some.resolve("red/002.png");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 100));
        LabelledPictures damaged = new PictureFinder().split(0, 0).open(some).train();
        assertThatThrownBy(() -> trainer(2).rounds(averaging(2, 1)).build().fit(untrained(), damaged, pictures))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("picture (" + cut + ") must be whole");
        History history = trainer(2)
                .epochs(1)
                .onBadPicture(OnBadPicture.SKIP)
                .rounds(averaging(2, 1))
                .build()
                .fit(untrained(), damaged, pictures);
        assertThat(history.skipped()).hasSize(1).first().asString().contains("" + cut);
    }

    @Test
    void whatCannotBeCombinedIsRefused() {
        assertThatThrownBy(
                        () -> trainer(2).accumulate(2).rounds(averaging(2, 1)).build())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "accumulate must not be set where others make the updates (parameters averaged over 2 workers"
                                + " every 1 update); leave it out");
        assertThatThrownBy(() -> averaging(0, 1))
                .isInstanceOf(BadInputException.class)
                .hasMessage("workers (0) must be positive; use as many as the cluster runs tasks at once");
        assertThat(ParameterAveraging.updates(60, 2, 5)).isEqualTo(30);
        assertThat(ParameterAveraging.updates(61, 2, 5)).isEqualTo(31);
        assertThat(ParameterAveraging.updates(1, 4, 5)).isEqualTo(1);
    }
}
