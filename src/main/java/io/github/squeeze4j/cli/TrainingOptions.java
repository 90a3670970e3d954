package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.explain.GateListener;
import io.github.squeeze4j.images.BatchTransform;
import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.images.Transform;
import io.github.squeeze4j.images.Transforms;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.models.FeatureMap;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.spark.ParameterAveraging;
import io.github.squeeze4j.training.CosineDecay;
import io.github.squeeze4j.training.GateWatch;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.OneCycle;
import io.github.squeeze4j.training.Optimizer;
import io.github.squeeze4j.training.Trainer;
import io.github.squeeze4j.training.WarmUp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeConvolutional;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;
import picocli.CommandLine.Option;

/** How to train. */
final class TrainingOptions {
    /** The course of the learning rate. */
    enum Course {
        /** Up for a fifth, then down along a cosine. */
        ONE_CYCLE,
        /** Down along a cosine. */
        COSINE,
        /** Times a factor every so many passes. */
        STEP,
        /** Times a factor at given passes. */
        MULTI_STEP,
        /** Always the same. */
        CONSTANT
    }

    private static final int FEW_PICTURES = 2000;
    private static final int SMALL_BATCH = 16;
    /** Updates below which running statistics and weights have seen too little. */
    private static final int FEWEST_UPDATES = 300;

    private static final int MOST_PASSES = 30;
    /** Networks whose last map has at most this stride are those for small images. */
    private static final int SMALL_STRIDE = 8;

    private static final double IMAGENET_RATE = 0.02;
    private static final double SMALL_IMAGE_RATE = 0.1;
    private static final double TUNING_RATE = 0.01;
    private static final double ADAM_RATE = 1e-3;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the training images. Default: " + Trainer.DEFAULT_EPOCHS
                    + ", with few images as many as 300 updates need, at most 30.")
    private Integer epochs;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Images per batch. Default: " + Trainer.DEFAULT_BATCH_SIZE + ", 16 with less than 2,000 images.")
    private Integer batch;

    @Option(
            names = "--accumulate",
            paramLabel = "N",
            defaultValue = "1",
            description = "Batches per update. Default: ${DEFAULT-VALUE}.")
    private int accumulate;

    @Option(
            names = "--optimizer",
            paramLabel = "sgd|adam|adamw|rmsprop",
            description =
                    "How gradients become steps. Default: sgd; adamw for networks for small images on less than 2,000"
                            + " photographs, if --learning-rate is not set.")
    private Optimizer.Kind optimizer;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            description =
                    "Peak of the learning rate. Default by network and images per update: for sgd 0.1 (networks for small"
                            + " images), 0.02 (others) or 0.01 (with --from or --weights) for 32; for the others 0.001.")
    private Double learningRate;

    @Option(
            names = "--momentum",
            paramLabel = "M",
            defaultValue = "0.9",
            description = "Momentum of sgd, beta 1 of adam. Default: ${DEFAULT-VALUE}.")
    private double momentum;

    @Option(names = "--no-nesterov", description = "Classic momentum instead of Nesterov's.")
    private boolean classic;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            defaultValue = "one-cycle",
            description = "Course of the learning rate: one-cycle, cosine, step, multi-step or constant. Default:"
                    + " ${DEFAULT-VALUE}.")
    private String schedule;

    @Option(
            names = "--step-every",
            paramLabel = "N",
            defaultValue = "30",
            description = "Passes between two steps of --schedule step. Default: ${DEFAULT-VALUE}.")
    private int stepEvery;

    @Option(
            names = "--milestones",
            paramLabel = "N,...",
            split = ",",
            description = "Passes after which --schedule multi-step takes a step.")
    private List<Integer> milestones = List.of();

    @Option(
            names = "--step-factor",
            paramLabel = "F",
            defaultValue = "0.1",
            description = "What the steps multiply by. Default: ${DEFAULT-VALUE}.")
    private double stepFactor;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "0",
            description = "Passes in which the learning rate rises in a line. Default: ${DEFAULT-VALUE}.")
    private double warmUp;

    @Option(
            names = "--lrp",
            paramLabel = "F",
            defaultValue = "1",
            description =
                    "Factor of the learning rate for the layers that --from or --weights brings. Default: ${DEFAULT-VALUE}.")
    private double pretrainedFactor;

    @Option(
            names = "--weight-decay",
            paramLabel = "W",
            defaultValue = "5e-4",
            description = "Weight decay, which spares batch normalizations and biases. Default: ${DEFAULT-VALUE}.")
    private double weightDecay;

    @Option(names = "--decay-biases", description = "Let biases decay, too.")
    private boolean decayBiases;

    @Option(names = "--clip", paramLabel = "NORM", description = "Largest norm of the whole gradient. Default: any.")
    private Double clip;

    @Option(
            names = "--average",
            paramLabel = "DECAY",
            defaultValue = "0",
            description = "Judge and save an exponential moving average of the weights, such as 0.999. Default: none.")
    private double averaging;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "End when so many passes have brought nothing better. Default: never.")
    private Integer patience;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_SEED,
            description = "Decides weights, order and augmentation. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "Augmentation and preprocessing: senet, rgsenet, cifar, eval or caffe. Default: rgsenet, cifar for"
                            + " networks for small images; IDX files are taken as they are.")
    private String preset;

    @Option(
            names = "--augment",
            description =
                    "Shift and mirror the images of IDX files at random: better in trainings of many passes, worse in"
                            + " short ones.")
    private boolean augment;

    @Option(
            names = "--size",
            paramLabel = "N",
            description =
                    "Height and width of the network's input in pixels. Default: the network's own; that of the images"
                            + " in IDX files.")
    private Integer size;

    @Option(names = "--mixup", paramLabel = "ALPHA", description = "Mix two images of a batch (0.2 is usual).")
    private Double mixup;

    @Option(names = "--cutmix", paramLabel = "ALPHA", description = "Paste a part of another image (1.0 is usual).")
    private Double cutMix;

    @Option(names = "--label-smoothing", paramLabel = "E", description = "Smooth the labels (0.1 is usual).")
    private Double smoothing;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Use at most so many training images, the same number of each class. Default: all.")
    private Integer limit;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Threads that read images. Default: one less than the processors.")
    private Integer workers;

    @Option(
            names = "--gates",
            paramLabel = "N",
            description =
                    "Look at the attention gates every N updates: gates.csv, a part of curves.png, and a warning for"
                            + " each block of which a third stands still. Default: never.")
    private Integer gates;

    @Option(
            names = "--checkpoint-seconds",
            paramLabel = "S",
            description =
                    "How much of a pass a killed run may lose; 0 for a checkpoint after each update. Default: 300,"
                            + " with --spark 0, which means after each averaging.")
    private Integer checkpointSeconds;

    @Option(
            names = "--keep",
            paramLabel = "N",
            defaultValue = "" + Trainer.DEFAULT_KEEP,
            description = "Checkpoints that stay. Default: ${DEFAULT-VALUE}.")
    private int keep;

    @Option(
            names = "--averaging-every",
            paramLabel = "N",
            description = "With --spark: updates of each worker between averagings of their parameters. Default: 5.")
    private Integer averagingEvery;

    @Option(
            names = "--spark-workers",
            paramLabel = "N",
            description =
                    "With --spark: workers that learn at once. Default: as many as the cluster runs tasks at once.")
    private Integer sparkWorkers;

    private Preset chosen;
    /** Workers that learn at once, each batches of its own. */
    private int learners = 1;

    LabelledPictures limited(LabelledPictures train) {
        LabelledPictures some = limit == null ? train : train.limit(limit);
        if (batch == null) {
            batch = some.size() < FEW_PICTURES ? SMALL_BATCH : Trainer.DEFAULT_BATCH_SIZE;
        }
        Trainer.steps(some.size(), batch, 1);
        if (epochs == null) {
            int perPass = steps(some, 1);
            epochs = Math.max(Trainer.DEFAULT_EPOCHS, Math.min(MOST_PASSES, FEWEST_UPDATES / perPass));
        }
        return some;
    }

    /** Updates. */
    private int steps(LabelledPictures train, double passes) {
        int batches = Trainer.steps(train.size(), batch, 1);
        if (learners > 1) {
            return (int) Math.round(passes * ParameterAveraging.updates(batches, learners, averagingEvery));
        }
        int perPass = (batches + Positive.of("--accumulate", accumulate) - 1) / accumulate;
        return (int) Math.round(perPass * passes);
    }

    /**
     * Says how many learn at once.
     *
     * @param tasks that the cluster runs at once
     */
    void onSpark(int tasks) {
        requireNone("--accumulate (" + accumulate + ")", accumulate > 1);
        requireNone("--clip (" + clip + ")", clip != null);
        requireNone("--average (" + averaging + ")", averaging > 0);
        requireNone("--gates (" + gates + ")", gates != null);
        checkpointSeconds = checkpointSeconds == null ? 0 : checkpointSeconds;
        averagingEvery = averagingEvery == null
                ? ParameterAveraging.DEFAULT_FREQUENCY
                : Positive.of("--averaging-every", averagingEvery);
        sparkWorkers = sparkWorkers == null ? tasks : Positive.of("--spark-workers", sparkWorkers);
        learners = sparkWorkers;
    }

    private static void requireNone(String option, boolean set) {
        if (set) {
            throw new BadInputException(option + " must not be set with " + SparkOptions.SPARK
                    + ", whose workers do not have it; leave it out");
        }
    }

    int averagingEvery() {
        return averagingEvery;
    }

    int sparkWorkers() {
        return sparkWorkers;
    }

    /** What the network sees of the images, and what training does to them. */
    Preprocessing preprocessing(Network plain, LabelledPictures train) {
        if (train instanceof ImageSet && preset == null) {
            if (size != null) {
                throw new BadInputException("--size (" + size + ") must not be set for IDX files as they are; leave it"
                        + " out or choose a --preset");
            }
            return ((ImageSet) train).preprocessing();
        }
        if (augment) {
            throw new BadInputException("--augment must not be set with a preset or photographs; use --preset senet");
        }
        InputTypeConvolutional own = plain.inputType();
        int side = size == null ? (int) own.getHeight() : Positive.of("--size", size);
        String name = preset == null ? (isForSmallImages(plain) ? "cifar" : "rgsenet") : preset;
        ColourOrder colours =
                train instanceof ImageSet ? ColourOrder.GREY : name.equals("caffe") ? ColourOrder.BGR : ColourOrder.RGB;
        chosen = Preset.named(name, side, side, colours);
        return chosen.preprocessing();
    }

    /** The same for a network whose input is as it was saved. */
    void presetFor(Preprocessing saved) {
        if (augment && saved.colours() != ColourOrder.GREY || size != null) {
            throw new BadInputException(
                    "--size and --augment must not be set with --from or --weights, whose images keep their form;"
                            + " leave them out");
        }
        if (saved.colours() != ColourOrder.GREY || preset != null) {
            chosen = Preset.named(preset == null ? "rgsenet" : preset, saved.height(), saved.width(), saved.colours());
        }
    }

    /** Who looks at the gates, or null. */
    GateWatch gates() {
        return gates == null ? null : new GateListener(Positive.of("--gates", gates));
    }

    private Transform augmentation(Preprocessing input) {
        if (chosen != null) {
            return chosen.augmentation();
        }
        // He et al. pad 32 pixels by 4; these images are smaller and centred.
        return augment ? Transforms.padAndCrop(2, input.height(), input.width()).then(Transforms.mirror()) : null;
    }

    private BatchTransform[] batchTransforms() {
        List<BatchTransform> transforms = new ArrayList<>();
        if (smoothing != null) {
            transforms.add(Transforms.labelSmoothing(smoothing));
        }
        if (mixup != null) {
            transforms.add(Transforms.mixup(mixup));
        }
        if (cutMix != null) {
            transforms.add(Transforms.cutMix(cutMix));
        }
        return transforms.toArray(new BatchTransform[0]);
    }

    private static boolean isForSmallImages(Network network) {
        List<FeatureMap> maps = network.features();
        return !maps.isEmpty() && maps.get(maps.size() - 1).stride() <= SMALL_STRIDE;
    }

    /** The network for these images. */
    Network network(NetworkBuilder<?> builder, LabelledPictures train, Preprocessing input, String name) {
        Network network =
                ModelOptions.checked(() -> builder.classes(train.classNames().size())
                        .inputSize(input.height(), input.width())
                        .inputChannels(input.colours().channels())
                        .seed(seed)
                        .build());
        List<FeatureMap> maps = network.features();
        FeatureMap last = maps.isEmpty() ? null : maps.get(maps.size() - 1);
        if (last != null && last.height() * last.width() == 1 && input.height() * input.width() > 1) {
            throw new BadInputException("input (" + input.height() + "x" + input.width() + ") must leave more than one"
                    + " position on the last map of " + name + ", whose stride is " + last.stride() + "; use --size "
                    + 2 * last.stride() + " or a network for small images such as se_resnet20");
        }
        // 225 photographs, se_resnet20, the default of 20 passes: top-1 89.3 % with adamw, 76.0 % with sgd at the
        // better
        // of two rates.
        chooseOptimizer(chosen != null && isForSmallImages(network) && train.size() < FEW_PICTURES);
        if (learningRate == null) {
            double base = optimizer == Optimizer.Kind.SGD
                    ? (isForSmallImages(network) ? SMALL_IMAGE_RATE : IMAGENET_RATE)
                    : ADAM_RATE;
            chooseRate(base);
        }
        return network;
    }

    /** For a network that was trained before. */
    void tune() {
        chooseOptimizer(false);
        if (learningRate == null) {
            chooseRate(optimizer == Optimizer.Kind.SGD ? TUNING_RATE : ADAM_RATE / 10);
        }
    }

    private void chooseOptimizer(boolean adaptive) {
        if (optimizer == null) {
            optimizer = adaptive && learningRate == null && !classic ? Optimizer.Kind.ADAMW : Optimizer.Kind.SGD;
        }
    }

    private void chooseRate(double base) {
        double share = optimizer == Optimizer.Kind.SGD ? batch * accumulate / 32.0 : 1;
        learningRate = Double.valueOf(String.format(Locale.ROOT, "%.2g", base * share));
    }

    private Optimizer optimizer(LabelledPictures train, boolean pretrained, String classifier) {
        int steps = steps(train, epochs);
        double rate = learningRate;
        ISchedule course;
        switch (course()) {
            case ONE_CYCLE:
                course = new OneCycle(rate, steps);
                break;
            case COSINE:
                course = new CosineDecay(rate, steps, 0);
                break;
            case STEP:
                course = new StepSchedule(
                        ScheduleType.ITERATION,
                        new FixedSchedule(rate).valueAt(0, 0),
                        stepFactor,
                        steps(train, Positive.of("--step-every", stepEvery)));
                break;
            case MULTI_STEP:
                course = new MapSchedule(ScheduleType.ITERATION, milestones(train, rate));
                break;
            default:
                course = new FixedSchedule(rate);
        }
        if (warmUp < 0) {
            throw new BadInputException("--warm-up (" + warmUp + ") must be 0 or more; use 5");
        }
        ISchedule whole = warmUp > 0 ? new WarmUp(course, Math.max(1, steps(train, warmUp))) : course;
        // The rate is checked where it is constant, too.
        Optimizer.builder(optimizer, rate);
        return Optimizer.builder(optimizer, whole)
                .momentum(momentum)
                .nesterov(!classic)
                .weightDecay(weightDecay)
                .decayBiases(decayBiases)
                .layerFactor(layer -> pretrained && !layer.equals(classifier) ? pretrainedFactor : 1)
                .build();
    }

    private Course course() {
        for (Course course : Course.values()) {
            if (name(course).equals(schedule)) {
                return course;
            }
        }
        throw new BadInputException(
                "--schedule (" + schedule + ") must be one-cycle, cosine, step, multi-step or constant; use one-cycle");
    }

    private static String name(Course course) {
        return course.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private Map<Integer, Double> milestones(LabelledPictures train, double rate) {
        if (milestones.isEmpty()) {
            throw new BadInputException("--milestones (none) must name passes for --schedule multi-step; use 30,60,90");
        }
        Map<Integer, Double> rates = new TreeMap<>();
        rates.put(0, rate);
        double falling = rate;
        for (int pass : new java.util.TreeSet<>(milestones)) {
            falling *= stepFactor;
            rates.put(steps(train, Positive.of("--milestones", pass)), falling);
        }
        return rates;
    }

    Trainer.Builder trainer(LabelledPictures train, Preprocessing input, boolean pretrained, String classifier) {
        checkpointSeconds = checkpointSeconds == null ? (int) Trainer.DEFAULT_INTERVAL.toSeconds() : checkpointSeconds;
        Trainer.Builder trainer = Trainer.builder()
                .epochs(epochs)
                .batchSize(batch)
                .accumulate(accumulate)
                .seed(seed)
                .augmentation(augmentation(input))
                .batchTransforms(batchTransforms())
                .averaging(averaging)
                .optimizer(optimizer(train, pretrained, classifier))
                .checkpointEvery(Duration.ofSeconds(checkpointSeconds))
                .keep(keep);
        if (clip != null) {
            trainer.clipGradients(clip);
        }
        if (patience != null) {
            trainer.patience(patience);
        }
        if (workers != null) {
            trainer.workers(workers);
        }
        return trainer;
    }

    /** What was chosen, for the user. */
    String text() {
        return String.format(
                Locale.ROOT,
                "%s, learning rate %s (%s), batch %d%s, weight decay %s, augmentation %s; see --help for others.",
                optimizer.name().toLowerCase(Locale.ROOT),
                learningRate,
                schedule,
                batch,
                accumulate > 1 ? " times " + accumulate : "",
                weightDecay,
                ShownText.of(chosen != null ? chosen.name() : augment ? "shifts and mirror" : "none"));
    }

    /** The options that were chosen and not typed. */
    Map<String, String> choices() {
        return Map.of(
                "--epochs",
                "" + epochs,
                "--batch",
                "" + batch,
                "--learning-rate",
                "" + learningRate,
                "--optimizer",
                optimizer.name().toLowerCase(Locale.ROOT));
    }

    int epochs() {
        return epochs;
    }

    int batch() {
        return batch;
    }

    long seed() {
        return seed;
    }
}
