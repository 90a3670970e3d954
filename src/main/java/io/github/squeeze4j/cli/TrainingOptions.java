package io.github.squeeze4j.cli;

import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.OneCycle;
import io.github.squeeze4j.training.Trainer;
import org.nd4j.linalg.learning.config.Nesterovs;
import picocli.CommandLine.Option;

/** How to train. */
final class TrainingOptions {
    private static final double MOMENTUM = 0.9;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_EPOCHS,
            description = "Passes over the training images. Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_BATCH_SIZE,
            description = "Images per update. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            defaultValue = "0.1",
            description = "Peak of the learning rate, which rises for a fifth of the training and then falls along a"
                    + " cosine. Default: ${DEFAULT-VALUE}.")
    private double learningRate;

    @Option(
            names = "--l2",
            paramLabel = "L2",
            defaultValue = "5e-4",
            description = "Weight decay: multiple of each weight added to its gradient. Default: ${DEFAULT-VALUE}.")
    private double l2;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_SEED,
            description = "Decides weights, order, crops and flips. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--augment",
            description =
                    "Crop and flip the training images at random: better in trainings of many passes, worse in short"
                            + " ones.")
    private boolean augment;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Use at most so many training images, the same number of each class. Default: all.")
    private Integer limit;

    ImageSet limited(ImageSet train) {
        return limit == null ? train : train.limit(limit);
    }

    /** The network for these images, with an updater that knows how long the training takes. */
    Network network(NetworkBuilder<?> builder, ImageSet train) {
        int steps = Trainer.steps(train.size(), batch, epochs);
        return ModelOptions.checked(() -> builder.classes(train.classNames().size())
                .inputSize(train.height(), train.width())
                .inputChannels(1)
                .seed(seed)
                .l2(l2)
                .updater(new Nesterovs(new OneCycle(learningRate, steps), MOMENTUM))
                .build());
    }

    Trainer.Builder trainer() {
        return Trainer.builder().epochs(epochs).batchSize(batch).seed(seed).augment(augment);
    }

    int epochs() {
        return epochs;
    }
}
