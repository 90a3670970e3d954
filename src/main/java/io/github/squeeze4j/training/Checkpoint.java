package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A training that was stopped: the network with its updater's state and counts, the average of its weights, the place of the
 * next batch, and the course so far. {@link Trainer#resume} goes on from it as if nothing had been.
 *
 * <pre>{@code
 * Checkpoint checkpoint = Checkpoint.latest(folder).orElseThrow();
 * History history = trainer.resume(checkpoint, train, test);
 * }</pre>
 */
public final class Checkpoint {
    private static final Pattern NAME = Pattern.compile("checkpoint-\\d{8}\\.zip");

    private final Path file;
    private final ImageClassifier classifier;
    private final TrainingState state;
    private final INDArray average;

    Checkpoint(Path file, ImageClassifier classifier, TrainingState state, INDArray average) {
        this.file = file;
        this.classifier = classifier;
        this.state = state;
        this.average = average;
    }

    /**
     * The newest checkpoint of a folder that is whole.
     *
     * @param folder where a trainer left them
     * @return the checkpoint; none if the folder holds none
     * @throws BadInputException if the folder cannot be read or every checkpoint in it is damaged
     */
    public static Optional<Checkpoint> latest(Path folder) {
        BadInputException first = null;
        for (Path file : files(folder)) {
            try {
                return Optional.of(ModelFile.standard().loadCheckpoint(file));
            } catch (BadInputException e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
        return Optional.empty();
    }

    /** The checkpoints of a folder, the newest first. */
    static List<Path> files(Path folder) {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(
                    folder, file -> NAME.matcher("" + file.getFileName()).matches())) {
                all.forEach(files::add);
            } catch (IOException e) {
                throw new BadInputException(
                        "folder of checkpoints (" + folder + ") must be readable (" + e + "); check its rights", e);
            }
        }
        files.sort(Comparator.comparing((Path file) -> "" + file.getFileName()).reversed());
        return files;
    }

    /** Writes a checkpoint and deletes the oldest above {@code kept}. */
    static Path write(Path folder, int kept, ImageClassifier classifier, TrainingState state, INDArray average) {
        Path file = folder.resolve(String.format(
                Locale.ROOT, "checkpoint-%08d.zip", classifier.graph().getIterationCount()));
        ModelFile.standard().saveCheckpoint(classifier, file, state, average);
        List<Path> all = files(folder);
        for (Path old : all.subList(Math.min(kept, all.size()), all.size())) {
            try {
                Files.deleteIfExists(old);
            } catch (IOException e) {
                // One more than wanted: the next checkpoint tries again.
            }
        }
        return file;
    }

    /**
     * Where it was read from.
     *
     * @return a file
     */
    public Path file() {
        return file;
    }

    /**
     * The network as it was, which {@link Trainer#resume} trains on.
     *
     * @return the classifier with the trained weights, not their average
     */
    public ImageClassifier classifier() {
        return classifier;
    }

    /**
     * The passes that were done.
     *
     * @return the course until then
     */
    public History history() {
        return state.history;
    }

    TrainingState state() {
        return state;
    }

    INDArray average() {
        return average;
    }

    /** Complains unless a training would go on as it began. */
    void requireSettings(String settings) {
        if (!state.settings.equals(settings)) {
            throw new BadInputException("settings (" + settings + ") must be those of checkpoint " + file + " ("
                    + state.settings + "); resume with the same data and options");
        }
    }

    @Override
    public String toString() {
        return "checkpoint " + file;
    }
}
