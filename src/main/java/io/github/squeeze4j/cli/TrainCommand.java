package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureSets;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.Checkpoint;
import io.github.squeeze4j.training.GateWatch;
import io.github.squeeze4j.training.History;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.Trainer;
import io.github.squeeze4j.training.Transfer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.deeplearning4j.nn.graph.ComputationGraph;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network and saves it with its curves. */
@Command(
        name = TrainCommand.NAME,
        description = {
            "Train a network, judge it on held-out images, save it as model.zip (the best pass as best.zip) with curves.png,"
                    + " history.csv, metrics.jsonl and run.properties, its whole configuration.",
            "A run that was interrupted or killed goes on with --resume DIR and ends as if it had not been, bit for bit."
        },
        sortOptions = false)
final class TrainCommand implements Runnable {
    static final String NAME = "train";
    static final String MODEL_FILE = "model.zip";
    private static final String BEST_FILE = "best.zip";
    private static final String CURVES_FILE = "curves.png";
    private static final String HISTORY_FILE = "history.csv";
    private static final String METRICS_FILE = "metrics.jsonl";
    private static final String GATES_FILE = "gates.csv";
    static final String CHECKPOINTS = "checkpoints";

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--from",
            paramLabel = "MODEL",
            description =
                    "Go on from a saved model.zip, with a new classifier if the classes are others, instead of --model.")
    private Path from;

    @Mixin
    private WeightOptions weights;

    @Option(
            names = "--freeze",
            paramLabel = "VERTEX",
            description =
                    "With --from or --weights: layers up to this one stay as they are; \"all\" for all but the classifier.")
    private String freeze;

    @Mixin
    private DataOptions data;

    @Option(
            names = Recipes.OPTION,
            paramLabel = "NAME|FILE",
            description =
                    "Options from a file of lines such as epochs=100, or from senet, rgsenet, cifar or finetune; those"
                            + " that are typed hold.")
    private String recipe;

    @Mixin
    private TrainingOptions training;

    @Mixin
    private SparkOptions spark;

    @Mixin
    private RunFolder run;

    @Option(
            names = Recipes.RESUME,
            paramLabel = "DIR",
            description = "Go on with the run in this folder, from its newest checkpoint.")
    private Path resume;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        boolean pretrained = weights.areGiven() || from != null;
        if (freeze != null && !pretrained) {
            throw new BadInputException(
                    "--freeze (" + freeze + ") must come with --from or --weights, the trained network; add it");
        }
        if (from != null) {
            ModelOptions.requireNone(spec, "--from, which brings its own network; leave one of the two out");
            ModelOptions.requireNone(
                    spec, List.of("--weights"), "--from, which brings its own weights; leave one of the two out");
        }
        if (resume != null) {
            ModelOptions.requireNone(
                    spec,
                    List.of("--out", "--overwrite"),
                    Recipes.RESUME + ", which goes on in its own folder; leave one of the two out");
        }
        if (!spark.areGiven()) {
            ModelOptions.requireNone(
                    spec,
                    List.of("--averaging-every", "--spark-workers"),
                    "one machine alone; add --spark or leave it out");
            train(null, pretrained, out);
            return;
        }
        OnSpark.requireForTraining();
        try (OnSpark cluster = OnSpark.connect(spark)) {
            training.onSpark(cluster.tasks());
            train(cluster, pretrained, out);
        }
    }

    /** Here, or on a cluster that is not null. */
    private void train(OnSpark cluster, boolean pretrained, PrintWriter out) {
        NetworkBuilder<?> builder = pretrained ? null : model.builder();
        PictureSets sets = cluster == null ? data.sets() : cluster.sets(data);
        LabelledPictures train = training.limited(sets.train());
        LabelledPictures held = DataOptions.validation(sets);
        ImageClassifier classifier = pretrained ? tuned(train) : fresh(builder, train);
        String output =
                classifier.graph().getConfiguration().getNetworkOutputs().get(0);
        GateWatch gates = training.gates();
        Trainer.Builder trainer = training.trainer(train, classifier.preprocessing(), pretrained, output);
        if (cluster != null) {
            trainer.rounds(cluster.averaging(training.sparkWorkers(), training.averagingEvery()));
        }
        RunResults results =
                resume == null ? run.create(classifier.modelName(), MODEL_FILE) : RunResults.resumed(resume);
        boolean complete;
        try (results) {
            new RunConfiguration(spec, training.choices()).write(results.file(Recipes.RUN_FILE));
            introduce(classifier, sets, train, held, out);
            complete = train(classifier, trainer.gates(gates, results.file(GATES_FILE)), train, held, results, out);
            if (complete) {
                results.done();
            }
        } catch (OutOfMemoryError e) {
            throw Errors.outOfMemory(e, training.batch());
        }
        if (complete) {
            conclude(classifier, held, results, out);
        }
    }

    private ImageClassifier fresh(NetworkBuilder<?> builder, LabelledPictures train) {
        Network plain = ModelOptions.checked(
                () -> builder.classes(train.classNames().size()).build());
        Preprocessing input = training.preprocessing(plain, train);
        Network network = training.network(builder, train, input, model.name());
        return ImageClassifier.of(network.init(), train.classNames(), input).named(model.name());
    }

    private ImageClassifier tuned(LabelledPictures train) {
        ImageClassifier trained = from == null ? weights.forTraining(model) : ImageClassifier.load(from);
        training.presetFor(trained.preprocessing());
        training.tune();
        Transfer transfer = Transfer.of(trained.graph()).seed(training.seed());
        if (!train.classNames().equals(trained.classNames())) {
            transfer.classes(train.classNames().size());
        }
        if (freeze != null) {
            transfer.freezeUpTo(freeze.equals("all") ? transfer.lastBeforeClassifier() : freeze);
        }
        ComputationGraph graph = transfer.build();
        return ImageClassifier.of(graph, train.classNames(), trained.preprocessing())
                .named(trained.modelName());
    }

    private void introduce(
            ImageClassifier classifier,
            PictureSets sets,
            LabelledPictures train,
            LabelledPictures held,
            PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "Training %s (%,d parameters) on %,d images of %d classes in %d %s; %,d images are held out.%n",
                ShownText.of(classifier.modelName()),
                classifier.graph().numParams(),
                train.size(),
                train.classNames().size(),
                training.epochs(),
                training.epochs() == 1 ? "pass" : "passes",
                held.size());
        out.println("Data: " + ShownText.of(sets.found()) + ".");
        out.println("Options: " + training.text());
    }

    private boolean train(
            ImageClassifier classifier,
            Trainer.Builder builder,
            LabelledPictures train,
            LabelledPictures held,
            RunResults results,
            PrintWriter out) {
        Path checkpoints = results.file(CHECKPOINTS);
        String again = Invocation.of(
                "train --resume " + ShownText.of(results.result(MODEL_FILE).getParent()));
        History history;
        String stopped = "Stopped: " + (results.replaces() ? "the old results are as they were, and " : "")
                + "everything until the last update is saved in " + ShownText.of(checkpoints) + "; go on with: "
                + again;
        try (Interruption interruption = new Interruption(out, stopped)) {
            ProgressLine progress = new ProgressLine(out, ProgressLine.onTerminal(), "", training.epochs());
            Trainer trainer = builder.saveTo(results.file(MODEL_FILE))
                    .bestTo(results.file(BEST_FILE))
                    .historyTo(results.file(HISTORY_FILE), results.file(METRICS_FILE))
                    .checkpoints(checkpoints)
                    .onBadPicture(data.onBadImage())
                    .stopWhen(interruption::isRequested)
                    .progress(progress)
                    .build();
            Optional<Checkpoint> checkpoint = resume == null ? Optional.empty() : Checkpoint.latest(checkpoints);
            if (checkpoint.isPresent()) {
                out.println("Going on from " + ShownText.of(checkpoint.get().file()) + ".");
                history = trainer.resume(checkpoint.get(), train, held);
            } else {
                history = trainer.fit(classifier, train, held);
            }
            if (!history.epochs().isEmpty()) {
                history.writeChart(classifier.modelName(), results.file(CURVES_FILE));
            }
            if (interruption.isRequested()) {
                return false;
            }
        }
        if (!history.skipped().isEmpty()) {
            out.println(history.skipped().size() + " training images were left out, the first: "
                    + ShownText.of(history.skipped().get(0)));
        }
        return true;
    }

    private void conclude(ImageClassifier classifier, LabelledPictures held, RunResults results, PrintWriter out) {
        Path file = results.result(MODEL_FILE);
        out.println();
        out.print(ImageClassifier.load(file).evaluate(held, data.onBadImage()).text());
        out.println();
        out.println("Saved " + ShownText.of(file) + ", " + ShownText.of(results.result(BEST_FILE)) + ", "
                + ShownText.of(results.result(CURVES_FILE)) + ", " + ShownText.of(results.result(HISTORY_FILE)) + ", "
                + ShownText.of(results.result(METRICS_FILE)) + " and " + ShownText.of(results.result(Recipes.RUN_FILE))
                + ".");
        out.println("Next, look at one held-out image, at a picture of your own, or at all blocks side by side:");
        suggest(out, "predict " + ShownText.of(file) + " --test-index 7" + data.argument());
        suggest(out, "predict " + ShownText.of(file) + " PICTURE.png");
        suggest(out, "compare" + data.argument());
    }

    private static void suggest(PrintWriter out, String command) {
        out.println("  " + Invocation.of(command));
    }
}
