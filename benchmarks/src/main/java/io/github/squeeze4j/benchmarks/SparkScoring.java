package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.OpenMp;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.spark.Cluster;
import io.github.squeeze4j.spark.PictureClassifier;
import io.github.squeeze4j.training.ImageClassifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Pictures a second on Spark, and of the same network, batches and pictures without: in turns, on this machine alone. Files are read,
 * decoded and scored in both; without Spark by threads that decode ahead of an {@link InferenceNetwork}.
 *
 * <pre>
 * java --add-opens java.base/sun.nio.ch=ALL-UNNAMED -cp target/test-classes:target/classes:$(cat target/benchmarks.classpath):SPARK \
 *     io.github.squeeze4j.benchmarks.SparkScoring FOLDER se_resnet50 ROUNDS
 * </pre>
 *
 * FOLDER has one folder per class. SPARK is the class path of {@code src/test/spark/pom.xml}.
 */
public final class SparkScoring {
    private static final int BATCH = 16;

    private SparkScoring() {}

    /**
     * Prints a line for each round, and the median of the ratios.
     *
     * @param args folder, network, rounds
     */
    public static void main(String[] args) {
        NativeBuild.choose();
        OpenMp.spinBriefly();
        LabelledPictures pictures =
                new PictureFinder().split(0, 0).open(Path.of(args[0])).train();
        ImageClassifier classifier = ImageClassifier.of(
                Models.builder(args[1])
                        .classes(pictures.classNames().size())
                        .build()
                        .init(),
                pictures.classNames(),
                Preprocessing.builder().build());
        int rounds = Integer.parseInt(args[2]);
        double[] ratios = new double[rounds];
        try (Cluster cluster = Cluster.connect(
                "local[2]", Map.of("spark.driver.host", "127.0.0.1", "spark.driver.bindAddress", "127.0.0.1"))) {
            Dataset<Row> files = cluster.session()
                    .read()
                    .format("binaryFile")
                    .option("recursiveFileLookup", true)
                    .load("" + Path.of(args[0]).toUri());
            Dataset<Row> seen =
                    new PictureClassifier(classifier).setKeepInput(false).transform(files);
            try (InferenceNetwork network = InferenceNetwork.optimize(classifier.graph())) {
                spark(seen); // both compile their programs
                alone(network, classifier, pictures);
                for (int i = 0; i < rounds; i++) {
                    double spark = pictures.size() / spark(seen);
                    double alone = pictures.size() / alone(network, classifier, pictures);
                    ratios[i] = spark / alone;
                    System.out.printf(
                            Locale.ROOT, "Spark %.1f pictures/s, without %.1f, ratio %.3f%n", spark, alone, ratios[i]);
                }
            }
        }
        Arrays.sort(ratios);
        System.out.printf(Locale.ROOT, "median ratio %.3f of %d pictures%n", ratios[rounds / 2], pictures.size());
    }

    private static double spark(Dataset<Row> seen) {
        long start = System.nanoTime();
        seen.write().format("noop").mode("overwrite").save();
        return (System.nanoTime() - start) / 1e9;
    }

    private static double alone(InferenceNetwork network, ImageClassifier classifier, LabelledPictures pictures) {
        long start = System.nanoTime();
        try (PictureBatches batches = PictureBatches.of(pictures, classifier.preprocessing())
                .batchSize(BATCH)
                .workers(2)
                .build()) {
            while (batches.hasNext()) {
                network.outputSingle(batches.next().getFeatures()).getDouble(0);
            }
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
