package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.images.PictureSets;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.IdxForm;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Which images. */
final class DataOptions {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = {
                "One folder per class (with train, val and test above them, or split); an image list (name and label a line);"
                        + " files of CIFAR-10 or CIFAR-100; or IDX files under their usual names, raw or with .gz, with"
                        + " class names one a line in classes.txt beside them.",
                "Default: the bundled sample of Fashion-MNIST."
            })
    private String directory;

    @Option(
            names = "--root",
            paramLabel = "DIR",
            description = "Where the names of an image list begin. Default: the list's own folder.")
    private Path root;

    @Option(
            names = "--validation",
            paramLabel = "PART",
            defaultValue = "0.1",
            description =
                    "Part of each class that is held out where the data has no validation part of its own; which, decides"
                            + " --split-seed. Default: ${DEFAULT-VALUE}.")
    private double validation;

    @Option(
            names = "--split-seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Decides which images are held out. Default: ${DEFAULT-VALUE}.")
    private long splitSeed;

    @Option(
            names = "--on-bad-image",
            paramLabel = "fail|skip",
            defaultValue = "fail",
            description =
                    "What happens on an image that cannot be read: the command ends, or goes on without it and says how"
                            + " many. Default: ${DEFAULT-VALUE}.")
    private OnBadPicture onBadImage;

    /** For training: the classes as found. */
    PictureSets sets() {
        return open(null);
    }

    /** The images that judge a model. */
    LabelledPictures heldOut(List<String> classNames) {
        return heldOut(open(classNames));
    }

    /** What judges after each pass of a training. */
    static LabelledPictures validation(PictureSets sets) {
        return sets.validation().orElseGet(() -> heldOut(sets));
    }

    static LabelledPictures heldOut(PictureSets sets) {
        return sets.test()
                .or(sets::validation)
                .orElseThrow(() -> new BadInputException("held-out images (none: " + sets.found()
                        + ") must be there to judge the network; use --validation 0.1 or a folder val"));
    }

    private PictureSets open(List<String> classNames) {
        PictureFinder finder = new PictureFinder().form(new IdxForm(classNames)).split(validation, splitSeed);
        if (root != null) {
            finder.root(root);
        }
        if (classNames != null) {
            finder.classNames(classNames);
        }
        return finder.open(directory());
    }

    OnBadPicture onBadImage() {
        return onBadImage;
    }

    /** What must be typed to have the same images again. */
    String argument() {
        return directory == null ? "" : " --data " + ShownText.of(directory);
    }

    /** As it was typed, which with Spark may be a URI; null if it was not. */
    String name() {
        return directory;
    }

    private Path directory() {
        return directory == null ? Sample.folder() : Path.of(directory);
    }
}
