package io.github.squeeze4j.cli;

import io.github.squeeze4j.images.ContactSheet;
import io.github.squeeze4j.images.Draws;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.AtomicText;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what training does to pictures. */
@Command(
        name = "augment",
        description =
                "Draw a sheet of training images as a preset changes them, a row each: the image, then three of its changes.",
        sortOptions = false)
final class AugmentCommand implements Runnable {
    private static final int CHANGES = 3;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "senet",
            description = "senet, rgsenet, cifar, eval or caffe. Default: ${DEFAULT-VALUE}.")
    private String preset;

    @Option(
            names = "--images",
            paramLabel = "N",
            defaultValue = "6",
            description = "How many images. Default: ${DEFAULT-VALUE}.")
    private int images;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "FILE.png",
            defaultValue = "augmented.png",
            description = "Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Preset chosen = Preset.named(preset);
        LabelledPictures pictures = data.sets().train();
        int shown = Math.min(Positive.of("--images", images), pictures.size());
        ContactSheet sheet = new ContactSheet(preset + ", seed " + seed).columns(1 + CHANGES);
        for (int i = 0; i < shown; i++) {
            int index = (int) ((long) i * pictures.size() / shown);
            Picture picture = pictures.read(index);
            sheet.add(picture, pictures.classNames().get(pictures.label(index)));
            for (int epoch = 0; epoch < CHANGES; epoch++) {
                Picture changed = chosen.augmentation() == null
                        ? chosen.preprocessing().prepare(picture)
                        : chosen.augmentation().apply(picture, Draws.of(seed, epoch, index));
                sheet.add(changed, "pass " + (epoch + 1));
            }
        }
        AtomicText.write(out, sheet.toPng());
        spec.commandLine().getOut().println("Saved " + ShownText.of(out) + ".");
    }
}
