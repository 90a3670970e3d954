package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.blocks.Computation;
import io.github.squeeze4j.cli.NativeBuild;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Every block's fused kernel against its SameDiff definition at the four stage shapes of ResNet-50, batch 8, FLOAT: medians
 * of runs taken in turn, printed as a table and written as CSV.
 *
 * <p>Arguments: the CSV file (default benchmarks/results/blocks.csv), the number of runs (default 7), the batch (default 8).
 */
public final class BlockTable {
    private static final int[][] SHAPES = {{256, 56}, {512, 28}, {1024, 14}, {2048, 7}};

    private BlockTable() {}

    /**
     * Runs the table.
     *
     * @param args see above
     * @throws IOException if the CSV cannot be written
     */
    public static void main(String[] args) throws IOException {
        NativeBuild.choose();
        Path csv = Paths.get(args.length > 0 ? args[0] : "benchmarks/results/blocks.csv");
        int runs = args.length > 1 ? Integer.parseInt(args[1]) : 7;
        int batch = args.length > 2 ? Integer.parseInt(args[2]) : 8;
        List<String> rows = new ArrayList<>();
        rows.add("block,shape,fused_forward_ms,samediff_forward_ms,forward_speedup,"
                + "fused_training_ms,samediff_training_ms,training_speedup");
        System.out.println("Medians of " + runs + " runs in turn, ms; training is forward plus backward. "
                + Runtime.getRuntime().availableProcessors() + " processors, Java "
                + System.getProperty("java.version") + ", " + System.getProperty("os.arch"));
        System.out.printf(
                "%-8s %-16s %9s %9s %8s   %9s %9s %8s%n",
                "block", "shape", "forward", "SameDiff", "speed-up", "training", "SameDiff", "speed-up");
        for (String block : Bodies.blocks().keySet()) {
            for (int[] shape : SHAPES) {
                rows.add(row(block, shape, runs, batch));
            }
        }
        if (csv.getParent() != null) {
            Files.createDirectories(csv.getParent());
        }
        Path beside = csv.resolveSibling(csv.getFileName() + ".new");
        Files.write(beside, rows);
        Files.move(beside, csv, StandardCopyOption.REPLACE_EXISTING);
        System.out.println("Written to " + csv);
    }

    private static String row(String name, int[] shape, int runs, int batch) {
        int channels = shape[0];
        int size = shape[1];
        Body[] bodies = {
            Bodies.block(name, Computation.FUSED, channels, size, batch, false),
            Bodies.block(name, Computation.SAMEDIFF, channels, size, batch, false),
            Bodies.block(name, Computation.FUSED, channels, size, batch, true),
            Bodies.block(name, Computation.SAMEDIFF, channels, size, batch, true)
        };
        double[][] times = new double[bodies.length][runs];
        PrintStream console = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream())); // SameDiff prints what it differentiates
        try {
            for (int i = -2; i < runs; i++) {
                int run = Math.max(i, 0);
                for (int b = 0; b < bodies.length; b++) {
                    times[b][run] = settled(bodies[b]);
                }
            }
        } finally {
            System.setOut(console);
        }
        double[] medians = Arrays.stream(times).mapToDouble(BlockTable::median).toArray();
        double forward = medians[1] / medians[0];
        double training = medians[3] / medians[2];
        String where = batch + "x" + channels + "x" + size + "x" + size;
        System.out.printf(
                Locale.ROOT,
                "%-8s %-16s %9.2f %9.2f %7.1fx   %9.2f %9.2f %7.1fx%n",
                name,
                where,
                medians[0],
                medians[1],
                forward,
                medians[2],
                medians[3],
                training);
        return String.format(
                Locale.ROOT,
                "%s,%s,%.3f,%.3f,%.2f,%.3f,%.3f,%.2f",
                name,
                where,
                medians[0],
                medians[1],
                forward,
                medians[2],
                medians[3],
                training);
    }

    /** The second of two runs, so that neither way pays for the caches and the garbage that the other one left. */
    private static double settled(Body body) {
        body.run();
        long start = System.nanoTime();
        body.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static double median(double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
