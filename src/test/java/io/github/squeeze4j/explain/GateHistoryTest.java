package io.github.squeeze4j.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.Checkpoint;
import io.github.squeeze4j.training.GateReading;
import io.github.squeeze4j.training.History;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("tiny")
class GateHistoryTest {
    /** SE blocks of se_resnet20. */
    private static final int BLOCKS = 9;

    private static final ImageSet IMAGES =
            ImageSet.train(Path.of("src/sample/fashion-mnist")).limit(20);

    @TempDir
    private Path folder;

    private static ImageClassifier untrained() {
        return ImageClassifier.untrained(
                "tiny",
                Models.builder("se_resnet20")
                        .inputSize(16)
                        .inputChannels(1)
                        .classes(10)
                        .build()
                        .init(),
                IMAGES);
    }

    private Trainer.Builder trainer(Path csv) {
        return Trainer.builder().epochs(2).batchSize(5).gates(new GateListener(3), csv);
    }

    private static List<String> text(History history) {
        return history.gates().stream()
                .map(r -> r.iteration() + " " + r.layer() + " " + r.gate() + " " + r.shut() + " " + r.open() + " "
                        + r.still())
                .collect(Collectors.toList());
    }

    @Test
    void gatesOfAStoppedTrainingAreThoseOfOneThatWasNot() throws Exception {
        Path csv = folder.resolve("gates.csv");
        History whole = trainer(csv).build().fit(untrained(), IMAGES, IMAGES);
        // after 0, 3 and 6 of 8 updates
        assertThat(whole.gates()).hasSize(3 * BLOCKS);
        assertThat(whole.gates())
                .extracting(GateReading::iteration)
                .contains(0, 3, 6)
                .doesNotContain(1, 2, 4, 5, 7);
        List<String> lines = Files.readAllLines(csv);
        assertThat(lines).hasSize(1 + 3 * BLOCKS);

        Path checkpoints = folder.resolve("checkpoints");
        AtomicInteger updates = new AtomicInteger();
        trainer(null)
                .checkpoints(checkpoints)
                .stopWhen(() -> updates.getAndIncrement() == 5)
                .build()
                .fit(untrained(), IMAGES, IMAGES);
        Checkpoint checkpoint = Checkpoint.latest(checkpoints).orElseThrow();
        Path again = folder.resolve("again.csv");
        History resumed = trainer(again).build().resume(checkpoint, IMAGES, IMAGES);
        assertThat(text(resumed)).isEqualTo(text(whole));
        assertThat(Files.readAllLines(again)).isEqualTo(lines);

        Path chart = folder.resolve("curves.png");
        resumed.writeChart("tiny", chart);
        int wide = ImageIO.read(chart.toFile()).getWidth();
        trainer(null)
                .gates(null, null)
                .epochs(1)
                .build()
                .fit(untrained(), IMAGES, IMAGES)
                .writeChart("tiny", chart);
        assertThat(wide).isEqualTo(ImageIO.read(chart.toFile()).getWidth() * 3 / 2);
    }
}
