package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.models.Models;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
    @TempDir
    private Path folder;

    private ImageSet images;

    /** Forty images of 6x6 in two classes: horizontal and vertical stripes. */
    @BeforeEach
    void stripes() {
        byte[] pixels = new byte[40 * 36];
        byte[] labels = new byte[40];
        for (int i = 0; i < 40; i++) {
            labels[i] = (byte) (i % 2);
            for (int p = 0; p < 36; p++) {
                int stripe = i % 2 == 0 ? p / 6 : p % 6;
                pixels[i * 36 + p] = (byte) (stripe % 2 == 0 ? 50 + i : 200);
            }
        }
        IdxFolder.images(folder, "train", pixels, 40, 6, 6, false);
        IdxFolder.labels(folder, "train", labels, false);
        images = ImageSet.train(folder);
    }

    private ImageClassifier untrained(double learningRate) {
        return ImageClassifier.untrained("tiny", TinyGraph.create(6, 2, learningRate), images);
    }

    @Test
    void learnsWhatIsThereToLearn() {
        ImageClassifier classifier = untrained(0.1);
        History history = Trainer.builder().epochs(20).batchSize(10).build().fit(classifier, images, images);
        assertThat(history.epochs()).hasSize(20);
        assertThat(history.last().top1()).isEqualTo(1);
        assertThat(history.last().trainLoss())
                .isLessThan(history.epochs().get(0).trainLoss() / 2);
        assertThat(classifier.evaluate(images).top1()).isEqualTo(1);
        assertThat(classifier.graph().getListeners())
                .as("listeners of the user alone")
                .isEmpty();
        assertThat(classifier.graph().getEpochCount()).isEqualTo(20);
    }

    /** Every step and evaluation; the meter of the loss must not make DL4J compute the layers either. */
    @Test
    void trainsOnTheEngine() {
        ImageClassifier classifier = ImageClassifier.untrained(
                "se_resnet20",
                Models.builder("se_resnet20")
                        .inputSize(6)
                        .inputChannels(1)
                        .classes(2)
                        .build()
                        .init(),
                images);
        Acceleration engine = Acceleration.of(classifier.graph());
        List<String> refusals = new ArrayList<>();
        TrainingProgress progress = new TrainingProgress() {
            @Override
            public void step(int epoch, long imagesDone, long imagesTotal, double loss) {
                refusals.add(engine.lastRefusal());
            }

            @Override
            public void epoch(EpochResult result) {
                refusals.add(engine.lastRefusal());
            }
        };
        Trainer.builder().epochs(2).batchSize(20).progress(progress).build().fit(classifier, images, images);
        assertThat(refusals).hasSize(6).containsOnlyNulls();
        assertThat(engine.report()).matches("oneDNN computes \\d+ layers and vertices, DL4J 0 and the output layers");
    }

    @Test
    void theSameSeedGivesTheSameTraining() {
        assertThat(weightsAfter(1)).isEqualTo(weightsAfter(1)).isNotEqualTo(weightsAfter(2));
    }

    private float[] weightsAfter(long seed) {
        ImageClassifier classifier = untrained(0.1);
        Trainer.builder().epochs(3).batchSize(7).seed(seed).build().fit(classifier, images, images);
        return classifier.graph().params().toFloatVector();
    }

    @Test
    void augmentationIsAnOption() {
        ImageClassifier with = untrained(0.1);
        ImageClassifier without = untrained(0.1);
        Trainer.builder()
                .epochs(1)
                .augmentation(io.github.squeeze4j.images.Transforms.padAndCrop(2, 6, 6))
                .build()
                .fit(with, images, images);
        Trainer.builder().epochs(1).build().fit(without, images, images);
        assertThat(with.graph().params()).isNotEqualTo(without.graph().params());
    }

    @Test
    void reportsTheLossThatDl4jMinimises() {
        ImageClassifier classifier = untrained(0.1);
        ComputationGraph same = TinyGraph.create(6, 2, 0.1);
        List<Double> losses = new ArrayList<>();
        Trainer.builder()
                .epochs(1)
                .batchSize(10)
                .seed(3)
                .progress(new TrainingProgress() {
                    @Override
                    public void step(int epoch, long imagesDone, long imagesTotal, double loss) {
                        losses.add(loss);
                        assertThat(imagesDone).isEqualTo(10L * losses.size());
                        assertThat(imagesTotal).isEqualTo(40);
                    }
                })
                .build()
                .fit(classifier, images, images);
        PictureBatches batches = PictureBatches.of(images, classifier.preprocessing())
                .batchSize(10)
                .shuffle(3)
                .build();
        for (double loss : losses) {
            same.fit(batches.next());
            assertThat(loss).isCloseTo(same.score(), within(1e-6));
        }
        assertThat(losses).hasSize(4);
    }

    @Test
    void savesAfterEachPass() {
        Path file = folder.resolve("run").resolve("model.zip");
        List<Integer> iterations = new ArrayList<>();
        Trainer.builder()
                .epochs(2)
                .batchSize(20)
                .saveTo(file)
                .progress(new TrainingProgress() {
                    @Override
                    public void epoch(EpochResult result) {
                        iterations.add(ImageClassifier.load(file).graph().getIterationCount());
                    }
                })
                .build()
                .fit(untrained(0.1), images, images);
        assertThat(iterations).containsExactly(2, 4);
    }

    @Test
    void writesHistoryAndPicture() throws Exception {
        History history = Trainer.builder().epochs(2).batchSize(10).build().fit(untrained(0.1), images, images);
        history.writeCsv(folder.resolve("history.csv"));
        List<String> lines = Files.readAllLines(folder.resolve("history.csv"));
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0))
                .isEqualTo("epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,test_top5,"
                        + "seconds,images_per_second");
        assertThat(lines.get(1))
                .matches("1,0.1(0*),\\d\\.\\d{5},\\d\\.\\d{4},\\d\\.\\d{5},\\d\\.\\d{4},\\d\\.\\d{4},[\\d.]+,[\\d.]+");
        history.writeChart("tiny", folder.resolve("curves.png"));
        BufferedImage picture = ImageIO.read(folder.resolve("curves.png").toFile());
        assertThat(picture.getWidth()).isGreaterThan(1000);
        assertThat(picture.getHeight()).isGreaterThan(400);
    }

    @Test
    void aLossThatIsNoNumberStopsTheTraining() {
        assertThatThrownBy(() -> Trainer.builder().epochs(50).build().fit(untrained(1e30), images, images))
                .isInstanceOf(BadInputException.class)
                .hasMessageMatching("loss \\(NaN\\) of step \\d+ at learning rate 1.0E30 must be finite; use a smaller"
                        + " learning rate");
    }

    @Test
    void badOptionsAndOtherImages() {
        assertThatThrownBy(() -> Trainer.builder().epochs(0)).hasMessage("epochs (0) must be positive; use epochs(3)");
        assertThatThrownBy(() -> Trainer.builder().batchSize(-1))
                .hasMessage("batch size (-1) must be positive; use batchSize(32)");
        ImageSet others = ImageSet.train(IdxFolder.SAMPLE).limit(10);
        assertThatThrownBy(() -> Trainer.builder().build().fit(untrained(0.1), images, others))
                .hasMessageStartingWith("classes (T-shirt/top, ")
                .hasMessageEndingWith(") must be the model's (0, 1); read the images with the model's class names");
        assertThat(Trainer.steps(101, 10, 3)).isEqualTo(33);
        assertThatThrownBy(() -> Trainer.steps(10, 0, 3)).hasMessageContaining("batch size (0)");
    }

    @Test
    void oneImageOfOneGrey() {
        IdxFolder.images(folder, "train", new byte[36], 1, 6, 6, false);
        IdxFolder.labels(folder, "train", new byte[] {1}, false);
        ImageSet grey = ImageSet.train(folder);
        ImageClassifier classifier = ImageClassifier.untrained("tiny", TinyGraph.create(6, 2, 0.1), grey);
        History history = Trainer.builder().epochs(1).build().fit(classifier, grey, grey);
        assertThat(history.last().testLoss()).isFinite();
    }
}
