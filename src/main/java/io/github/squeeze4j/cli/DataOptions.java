package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.BadInputException;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.ShownText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Which images. */
final class DataOptions {
    /** The bundled sample, seen from the root of the project. */
    static final Path SAMPLE = Path.of("src", "sample", "fashion-mnist");

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = {
                "Folder of the IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and"
                        + " t10k-labels-idx1-ubyte, raw or with .gz. Class names: one a line in classes.txt beside them.",
                "Default: the bundled sample of Fashion-MNIST."
            })
    private Path directory;

    ImageSet train() {
        return ImageSet.train(directory());
    }

    ImageSet test(List<String> classNames) {
        return ImageSet.test(directory(), classNames);
    }

    /** What must be typed to have the same images again. */
    String argument() {
        return directory == null ? "" : " --data " + ShownText.of(directory);
    }

    private Path directory() {
        if (directory != null) {
            return directory;
        }
        if (!Files.isDirectory(SAMPLE)) {
            throw new BadInputException("bundled sample (" + SAMPLE
                    + ") must lie under the current folder; run from the root of the project or give --data DIR");
        }
        return SAMPLE;
    }
}
