package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.spark.Cluster;
import io.github.squeeze4j.spark.ParameterAveraging;
import io.github.squeeze4j.training.History;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.OneCycle;
import io.github.squeeze4j.training.Optimizer;
import io.github.squeeze4j.training.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/**
 * Accuracy against how often parameters are averaged: SE-ResNet-20 on Fashion-MNIST with 1, 2, 4 and 8 workers in one process, averaging
 * every 1, 5, 20 and 100 updates, the same number of passes each. Prints a table and draws a curve.
 *
 * <pre>
 * java --add-opens java.base/sun.nio.ch=ALL-UNNAMED -cp target/test-classes:target/classes:$(cat target/benchmarks.classpath):SPARK \
 *     io.github.squeeze4j.benchmarks.AveragingCurve FOLDER PASSES CURVE.png [LIMIT]
 * </pre>
 *
 * FOLDER has the four IDX files; LIMIT is for a trial with fewer images. SPARK is the class path of {@code src/test/spark/pom.xml}.
 */
public final class AveragingCurve {
    private static final int[] FREQUENCIES = {1, 5, 20, 100};
    private static final int BATCH = 32;
    private static final double RATE = 0.1;

    private AveragingCurve() {}

    /**
     * Trains.
     *
     * @param args folder, passes, picture to draw, and perhaps how many images
     */
    public static void main(String[] args) throws IOException {
        NativeBuild.choose();
        int passes = Integer.parseInt(args[1]);
        ImageSet all = ImageSet.train(Path.of(args[0]));
        ImageSet train = args.length > 3 ? all.limit(Integer.parseInt(args[3])) : all;
        ImageSet test = ImageSet.test(Path.of(args[0]), all.classNames());
        System.out.println("| workers | averaging every | top-1, % | test loss |\n| --- | --- | --- | --- |");
        History single = train(Trainer.builder(), train, test, passes, Trainer.steps(train.size(), BATCH, passes));
        print(1, 0, single);
        XYChart chart = new XYChartBuilder()
                .width(700)
                .height(450)
                .title("SE-ResNet-20, Fashion-MNIST, " + passes + " passes")
                .xAxisTitle("updates between averagings")
                .yAxisTitle("top-1, %")
                .build();
        chart.getStyler().setXAxisLogarithmic(true);
        double[] frequencies = Arrays.stream(FREQUENCIES).asDoubleStream().toArray();
        double[] alone = new double[frequencies.length];
        Arrays.fill(alone, 100 * single.last().top1());
        chart.addSeries("one machine", frequencies, alone);
        try (Cluster cluster = Cluster.connect(
                "local[2]", Map.of("spark.driver.host", "127.0.0.1", "spark.driver.bindAddress", "127.0.0.1"))) {
            for (int workers : new int[] {2, 4, 8}) {
                double[] accuracies = new double[frequencies.length];
                for (int i = 0; i < frequencies.length; i++) {
                    ParameterAveraging averaging = ParameterAveraging.on(cluster.session())
                            .workers(workers)
                            .frequency(FREQUENCIES[i])
                            .build();
                    int batches = Trainer.steps(train.size(), BATCH, 1);
                    int updates = passes * ParameterAveraging.updates(batches, workers, FREQUENCIES[i]);
                    History history = train(Trainer.builder().rounds(averaging), train, test, passes, updates);
                    print(workers, FREQUENCIES[i], history);
                    accuracies[i] = 100 * history.last().top1();
                }
                chart.addSeries(workers + " workers", frequencies, accuracies);
            }
        }
        BitmapEncoder.saveBitmap(chart, args[2], BitmapEncoder.BitmapFormat.PNG);
    }

    private static void print(int workers, int frequency, History history) {
        System.out.printf(
                Locale.ROOT,
                "| %d | %s | %.2f | %.4f |%n",
                workers,
                frequency == 0 ? "" : frequency,
                100 * history.last().top1(),
                history.last().testLoss());
    }

    private static History train(Trainer.Builder trainer, ImageSet train, ImageSet test, int passes, int updates) {
        ImageClassifier classifier = ImageClassifier.untrained(
                "se_resnet20",
                Models.builder("se_resnet20")
                        .inputSize(train.height(), train.width())
                        .inputChannels(1)
                        .classes(train.classNames().size())
                        .build()
                        .init(),
                train);
        return trainer.epochs(passes)
                .batchSize(BATCH)
                .optimizer(Optimizer.builder(Optimizer.Kind.SGD, new OneCycle(RATE, updates))
                        .weightDecay(5e-4)
                        .build())
                .build()
                .fit(classifier, train, test);
    }
}
