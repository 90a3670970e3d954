package io.github.squeeze4j.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.Interpolation;
import io.github.squeeze4j.images.Transforms;
import io.github.squeeze4j.models.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.factory.Nd4j;

/** A training that is stopped anywhere and goes on ends as one that is not: bit for bit. */
@Tag("tiny")
class ResumeTest {
    @TempDir
    private Path folder;

    private ImageSet images;

    @BeforeEach
    void read() {
        images = ImageSet.train(IdxFolder.SAMPLE).limit(40);
    }

    /** Dropout, stochastic depth, batch normalization, augmentation, Adam's state, a schedule, sums, an average. */
    private ImageClassifier untrained() {
        ComputationGraph graph = Models.builder("cbam_resnet20")
                .inputSize(28)
                .inputChannels(1)
                .classes(10)
                .dropout(0.3)
                .stochasticDepth(0.2)
                .build()
                .init();
        return ImageClassifier.untrained("tiny", graph, images);
    }

    private Trainer.Builder trainer() {
        Optimizer optimizer = Optimizer.builder(Optimizer.Kind.ADAMW, new WarmUp(new CosineDecay(0.01, 12, 0), 3))
                .weightDecay(0.01)
                .build();
        return Trainer.builder()
                .epochs(3)
                .batchSize(7)
                .accumulate(2)
                .seed(8)
                .augmentation(Transforms.padAndCrop(2, 28, 28).then(Transforms.mirror()))
                .averaging(0.9)
                .clipGradients(1)
                .optimizer(optimizer);
    }

    /** Three updates in each pass, the last of a whole and a smaller batch. */
    @Test
    void stoppedAndResumedIsTheSame() {
        images = images.limit(22);
        ImageClassifier whole = untrained();
        History course = trainer().batchSize(4).build().fit(whole, images, images);
        assertThat(course.steps()).hasSize(9);
        for (int stop : new int[] {1, 5}) {
            Path checkpoints = folder.resolve("run" + stop);
            AtomicInteger updates = new AtomicInteger();
            trainer()
                    .batchSize(4)
                    .checkpoints(checkpoints)
                    .stopWhen(() -> updates.getAndIncrement() == stop)
                    .build()
                    .fit(untrained(), images, images);
            // What other code does to the global generator is no concern of the training's.
            Nd4j.getRandom().setSeed(stop);
            Checkpoint checkpoint = Checkpoint.latest(checkpoints).orElseThrow();
            assertThat(checkpoint.history().steps()).hasSize(stop);
            History resumed =
                    trainer().batchSize(4).checkpoints(checkpoints).build().resume(checkpoint, images, images);
            // ND4J's own equality forgives 1e-5.
            assertThat(checkpoint.classifier().graph().params().toFloatVector())
                    .as("stopped after %d", stop)
                    .isEqualTo(whole.graph().params().toFloatVector());
            assertThat(checkpoint
                            .classifier()
                            .graph()
                            .getUpdater()
                            .getStateViewArray()
                            .toFloatVector())
                    .isEqualTo(whole.graph().getUpdater().getStateViewArray().toFloatVector());
            assertThat(resumed.steps().stream().mapToDouble(step -> step.loss).toArray())
                    .isEqualTo(course.steps().stream()
                            .mapToDouble(step -> step.loss)
                            .toArray());
            assertThat(resumed.last().testLoss()).isEqualTo(course.last().testLoss());
        }
    }

    @Test
    void keepsTheNewestAndPassesOverDamagedOnes() throws Exception {
        Path checkpoints = folder.resolve("run");
        Path best = folder.resolve("best.zip");
        Trainer trainer = trainer()
                .checkpoints(checkpoints)
                .checkpointEvery(Duration.ZERO)
                .keep(2)
                .bestTo(best)
                .build();
        History history = trainer.fit(untrained(), images, images);
        assertThat(Checkpoint.files(checkpoints))
                .extracting(file -> "" + file.getFileName())
                .containsExactly("checkpoint-00000009.zip", "checkpoint-00000008.zip");
        assertThat(ImageClassifier.load(best).evaluate(images).top1())
                .isEqualTo(history.best().top1());
        Path newest = Checkpoint.files(checkpoints).get(0);
        byte[] whole = Files.readAllBytes(newest);
        Files.write(newest, Arrays.copyOf(whole, whole.length / 2));
        assertThat(Checkpoint.latest(checkpoints).orElseThrow().file()).hasFileName("checkpoint-00000008.zip");
        assertThat(Checkpoint.latest(folder.resolve("nowhere"))).isEmpty();
        Files.copy(best, newest, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.delete(checkpoints.resolve("checkpoint-00000008.zip"));
        assertThatThrownBy(() -> Checkpoint.latest(checkpoints))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("it holds no training.json: it is a model and no checkpoint");
    }

    /** Either file of the course may be left out; one that cannot be written leaves the pass's checkpoint. */
    @Test
    void historyComesAfterTheCheckpoint() throws Exception {
        images = images.limit(14);
        Path checkpoints = folder.resolve("run");
        Path csv = folder.resolve("history.csv");
        Path lines = folder.resolve("metrics.jsonl");
        trainer().epochs(1).historyTo(csv, null).build().fit(untrained(), images, images);
        assertThat(csv).isRegularFile();
        Files.delete(csv);
        Files.createDirectories(csv.resolve("in the way"));
        assertThatThrownBy(() -> trainer()
                        .epochs(1)
                        .checkpoints(checkpoints)
                        .historyTo(csv, null)
                        .build()
                        .fit(untrained(), images, images))
                .isInstanceOf(RuntimeException.class)
                .hasMessageContaining("history.csv");
        Checkpoint checkpoint = Checkpoint.latest(checkpoints).orElseThrow();
        assertThat(checkpoint.history().epochs()).hasSize(1);
        trainer().epochs(1).historyTo(null, lines).build().resume(checkpoint, images, images);
        assertThat(Files.readAllLines(lines)).as("a step and a pass").hasSize(2);
    }

    /** Names of files, and options that are compared, have the same digits and points in every language. */
    @Test
    void goesOnInAnotherLanguage() {
        Path checkpoints = folder.resolve("run");
        Trainer.Builder trainer = trainer()
                .epochs(1)
                .augmentation(Transforms.randomResizedCrop(28, 28, 0.5, 1, Interpolation.BILINEAR))
                .checkpoints(checkpoints);
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            trainer.build().fit(untrained(), images, images);
        } finally {
            Locale.setDefault(before);
        }
        assertThat(Checkpoint.files(checkpoints)).hasSize(1).allMatch(file -> file.endsWith("checkpoint-00000003.zip"));
        Checkpoint checkpoint = Checkpoint.latest(checkpoints).orElseThrow();
        assertThat(trainer.build().resume(checkpoint, images, images).steps()).hasSize(3);
    }

    @Test
    void otherSettingsAreRefused() {
        Path checkpoints = folder.resolve("run");
        trainer().epochs(1).checkpoints(checkpoints).build().fit(untrained(), images, images);
        Checkpoint checkpoint = Checkpoint.latest(checkpoints).orElseThrow();
        assertThatThrownBy(() -> trainer().seed(9).build().resume(checkpoint, images, images))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("seed 9")
                .hasMessageContaining("seed 8")
                .hasMessageEndingWith("; resume with the same data and options");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"version\":1 | \"version\":2 | training.json has a version other than 1",
                "\"settings\" | \"setting\" | training.json does not say settings",
                "\"epoch\":1 | \"epoch\":2 | training.json lists 1 passes where 2 are done",
                "\"batch\":0 | \"batch\":-1 | batch (-1) must be a whole number from 0",
                "\"lossSum\":0.0 | \"lossSum\":[] | lossSum ([]) must be a number",
                "\"steps\":[[ | \"steps\":[[1, | steps must hold rows of 4 numbers"
            })
    void damagedStates(String from, String to, String complaint) throws Exception {
        Path checkpoints = folder.resolve("run");
        ImageClassifier classifier = ImageClassifier.untrained("tiny", TinyGraph.create(28, 10, 0.1), images);
        Trainer.builder().epochs(1).checkpoints(checkpoints).build().fit(classifier, images, images);
        Path file = Checkpoint.files(checkpoints).get(0);
        assertThat(ModelFile.verify(file).text()).contains("note updates: 2");
        Files.write(
                file,
                ModelZips.changed(
                        file,
                        TrainingState.ENTRY,
                        was -> new String(was, UTF_8).replace(from, to).getBytes(UTF_8)));
        assertThatThrownBy(() -> Checkpoint.latest(checkpoints))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("model file (" + file + ") must be whole and of Squeeze4j, but ")
                .hasMessageContaining(complaint);
    }

    /** Without batch normalization nothing but the weights could make progress. */
    @Test
    void endsEarlyWithoutProgress() {
        ImageClassifier classifier = ImageClassifier.untrained("tiny", TinyGraph.create(28, 10, 0.1), images);
        History history = Trainer.builder()
                .epochs(50)
                .batchSize(40)
                .patience(2)
                .optimizer(Optimizer.builder(Optimizer.Kind.SGD, 1e-30).build())
                .build()
                .fit(classifier, images, images);
        assertThat(history.best().epoch()).isEqualTo(1);
        assertThat(history.epochs()).hasSize(3);
    }
}
