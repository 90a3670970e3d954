package io.github.squeeze4j.cli;

import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureSets;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.spark.Cluster;
import io.github.squeeze4j.spark.Evaluations;
import io.github.squeeze4j.spark.ParameterAveraging;
import io.github.squeeze4j.spark.PictureClassifier;
import io.github.squeeze4j.spark.SparkRuntime;
import io.github.squeeze4j.spark.UriFolder;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.Rounds;
import io.github.squeeze4j.training.TestReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import picocli.CommandLine.Model.CommandSpec;

/** What commands do with {@code --spark}. Only this class and package {@code spark} name Spark's classes. */
final class OnSpark implements AutoCloseable {
    private final Cluster cluster;

    private OnSpark(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Complains, before anything is read, unless Spark is there. */
    static void require() {
        SparkRuntime.require();
    }

    /** The same for trainings. */
    static void requireForTraining() {
        SparkRuntime.requireForTraining();
    }

    static OnSpark connect(SparkOptions options) {
        return new OnSpark(Cluster.connect(options.master(), options.settings()));
    }

    /** Tasks that the cluster runs at once. */
    int tasks() {
        return cluster.tasks();
    }

    PictureSets sets(DataOptions data) {
        return isUri(data) ? UriFolder.open(cluster.session(), data.name(), null) : data.sets();
    }

    Rounds averaging(int workers, int frequency) {
        return ParameterAveraging.on(cluster.session())
                .workers(workers)
                .frequency(frequency)
                .build();
    }

    @Override
    public void close() {
        cluster.close();
    }

    /** Scores all pictures below a folder, into Parquet files. */
    static void predict(
            SparkOptions options, ImageClassifier classifier, String data, String output, int top, PrintWriter out) {
        try (Cluster cluster = Cluster.connect(options.master(), options.settings())) {
            long start = System.nanoTime();
            long[] counts = cluster.run(() -> {
                Dataset<Row> files = cluster.session()
                        .read()
                        .format("binaryFile")
                        .option("recursiveFileLookup", true)
                        .option("pathGlobFilter", pictures())
                        .load(uri(data));
                new PictureClassifier(classifier)
                        .setTopK(top)
                        .setKeepInput(false)
                        .transform(files)
                        .write()
                        .parquet(uri(output));
                Dataset<Row> written = cluster.session().read().parquet(uri(output));
                return new long[] {
                    written.count(),
                    written.filter(written.col("error").isNotNull()).count()
                };
            });
            double seconds = (System.nanoTime() - start) / 1e9;
            out.printf(
                    Locale.ROOT,
                    "Scored %,d pictures in %.1f s, %.1f a second; %,d of them could not be read, see column error. Saved"
                            + " %s.%n",
                    counts[0],
                    seconds,
                    counts[0] / seconds,
                    counts[1],
                    ShownText.of(output));
        }
    }

    /** Judges a network. */
    static TestReport evaluate(SparkOptions options, ImageClassifier classifier, DataOptions data) {
        try (Cluster cluster = Cluster.connect(options.master(), options.settings())) {
            LabelledPictures pictures = heldOut(cluster, classifier.classNames(), data);
            return Evaluations.evaluate(cluster.session(), classifier, pictures, data.onBadImage());
        }
    }

    private static LabelledPictures heldOut(Cluster cluster, List<String> classNames, DataOptions data) {
        return isUri(data)
                ? DataOptions.heldOut(UriFolder.open(cluster.session(), data.name(), classNames))
                : data.heldOut(classNames);
    }

    /** Folders that Spark reads are not split: their own are train, val and test, or all is held out. */
    static void requireWhole(CommandSpec spec, DataOptions data) {
        if (isUri(data)) {
            ModelOptions.requireNone(
                    spec,
                    List.of("--validation", "--split-seed", "--root"),
                    "--data, a URI, whose pictures are all judged or lie in a folder val; leave it out");
        }
    }

    private static boolean isUri(DataOptions data) {
        return data.name() != null && UriFolder.isUri(data.name());
    }

    /** A local path is one of this machine, whatever file system is Spark's default. */
    private static String uri(String name) {
        return UriFolder.isUri(name)
                ? name
                : Path.of(name).toAbsolutePath().toUri().toString();
    }

    private static String pictures() {
        return PredictCommand.ENDINGS.stream()
                .flatMap(ending -> Stream.of(ending, ending.toUpperCase(Locale.ROOT)))
                .collect(Collectors.joining(",", "*{", "}"));
    }
}
