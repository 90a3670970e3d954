package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.internal.OpenMp;
import io.github.squeeze4j.models.Models;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.dataset.DataSet;

/**
 * What pictures cost a training: milliseconds per update of a network on picture files, read and augmented by threads of their
 * own, and on the same batches in memory, in turns.
 *
 * <pre>
 * python src/test/python/make_photographs.py target/photographs-500x375 500x375
 * mvn -q -Pbenchmarks test-compile
 * java -cp target/test-classes:target/classes:$(cat target/benchmarks.classpath) \
 *     io.github.squeeze4j.benchmarks.PictureTraining target/photographs-500x375 se_resnet50 16 senet
 * </pre>
 */
public final class PictureTraining {
    private static final int ROUNDS = 5;
    private static final int UPDATES = 4;

    private PictureTraining() {}

    /**
     * Prints a table.
     *
     * @param args folder of pictures, network, batch, preset
     */
    public static void main(String[] args) {
        NativeBuild.choose();
        OpenMp.spinBriefly();
        String model = args[1];
        int batch = Integer.parseInt(args[2]);
        Preset preset = Preset.named(args[3]);
        LabelledPictures pictures = new PictureFinder().open(Path.of(args[0])).train();
        ComputationGraph graph = Models.builder(model)
                .classes(pictures.classNames().size())
                .build()
                .init();
        try (PictureBatches batches = PictureBatches.of(pictures, preset.preprocessing())
                .augmentation(preset.augmentation())
                .batchSize(batch)
                .shuffle(1)
                .even()
                .build()) {
            Supplier<DataSet> files = () -> {
                if (!batches.hasNext()) {
                    batches.reset();
                }
                return batches.next();
            };
            List<DataSet> kept = new ArrayList<>();
            for (int i = 0; i < UPDATES; i++) {
                kept.add(files.get());
                graph.fit(kept.get(i));
            }
            int[] at = {0};
            Supplier<DataSet> memory = () -> kept.get(at[0]++ % kept.size());
            double[] fromFiles = new double[ROUNDS];
            double[] fromMemory = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                fromMemory[round] = millis(graph, memory);
                fromFiles[round] = millis(graph, files);
            }
            double slow = median(fromFiles);
            double fast = median(fromMemory);
            System.out.println(Hardware.processor() + "; " + model
                    + ", batches of " + batch + ", preset " + args[3] + "; ms per update, median of " + ROUNDS
                    + " rounds of " + UPDATES + ", in turns");
            System.out.println("| from files | from memory | files / memory | least and most of the rounds' ratios |");
            System.out.println("| ---: | ---: | ---: | --- |");
            double[] ratios = new double[ROUNDS];
            Arrays.setAll(ratios, i -> fromFiles[i] / fromMemory[i]);
            Arrays.sort(ratios);
            System.out.printf(
                    Locale.ROOT,
                    "| %.0f | %.0f | %.3f | %.3f to %.3f |%n",
                    slow,
                    fast,
                    median(ratios),
                    ratios[0],
                    ratios[ROUNDS - 1]);
        }
    }

    private static double millis(ComputationGraph graph, Supplier<DataSet> batches) {
        long start = System.nanoTime();
        for (int i = 0; i < UPDATES; i++) {
            graph.fit(batches.get());
        }
        return (System.nanoTime() - start) / 1e6 / UPDATES;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
