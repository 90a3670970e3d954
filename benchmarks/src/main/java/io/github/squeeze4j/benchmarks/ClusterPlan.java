package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.images.Draws;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a cluster that is not there would do: images per second and passes per day of ResNet-50 on ImageNet with parameter averaging,
 * simulated round by round. A round lasts as long as its slowest worker takes for its updates, and then as long as parameters and
 * momentum take to the driver (in groups, as {@code AveragingMaster} adds them up) and back.
 *
 * <pre>
 * mvn -q -Pbenchmarks test-compile
 * java -cp target/test-classes:target/classes:$(cat target/benchmarks.classpath) io.github.squeeze4j.benchmarks.ClusterPlan
 * </pre>
 *
 * With the argument {@code measure} it measures the time of writing and reading arrays on this machine instead.
 */
public final class ClusterPlan {
    /** Training step of ResNet-50, batch 8, two cores: 807 ms (docs/measured.md). */
    static final double SECONDS_PER_IMAGE = 0.807 / 8;

    static final int BATCH = 32;
    /** ImageNet's training images. */
    static final int IMAGES = 1_281_167;
    /** Parameters with running statistics, and Nesterov's momentum, in FLOAT. */
    static final double BYTES = 2 * 4 * (25_557_032.0 + 53_120);
    /** Bytes a second of Java's serialisation of arrays, both measured here with the argument measure. */
    static final double WRITTEN = 0.29e9;

    static final double READ = 0.36e9;

    /** Share by which machines of one kind differ for good, and by which a machine's updates differ. */
    static final double SPREAD = 0.05;

    /** How often a machine takes twice as long for a round: garbage collection, a neighbour, a disk. */
    static final double HICCUPS = 0.01;

    /** What a round costs Spark besides: two jobs. */
    static final double SCHEDULING = 0.1;

    private static final int ROUNDS = 200;
    private static final long SEED = 1;

    private ClusterPlan() {}

    /**
     * Prints a table.
     *
     * @param args nothing, or measure
     */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("measure")) {
            measure();
            return;
        }
        System.out.println(table());
    }

    static String table() {
        StringBuilder text =
                new StringBuilder("| workers | averaging every | 1 Gbit/s: images/s | passes a day | of the ideal"
                        + " | 10 Gbit/s: images/s | passes a day | of the ideal | GB through the driver in a pass |\n"
                        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        for (int workers : new int[] {4, 16, 64, 256}) {
            for (int frequency : new int[] {1, 5, 20, 100}) {
                text.append("| ").append(workers).append(" | ").append(frequency);
                for (double bandwidth : new double[] {1e9 / 8, 10e9 / 8}) {
                    double speed = imagesPerSecond(workers, frequency, bandwidth);
                    text.append(String.format(
                            Locale.ROOT,
                            " | %.0f | %.2f | %.0f %%",
                            speed,
                            speed * 86_400 / IMAGES,
                            100 * speed * SECONDS_PER_IMAGE / workers));
                }
                double rounds = (double) IMAGES / (workers * frequency * BATCH);
                text.append(String.format(Locale.ROOT, " | %,.0f |\n", rounds * driverBytes(workers) / 1e9));
            }
        }
        return text.toString();
    }

    static double imagesPerSecond(int workers, int frequency, double bandwidth) {
        Draws draws = Draws.of(SEED, workers, frequency);
        double[] machines = new double[workers];
        Arrays.setAll(machines, i -> Math.max(0.5, 1 + SPREAD * gaussian(draws)));
        double seconds = 0;
        for (int round = 0; round < ROUNDS; round++) {
            double slowest = 0;
            for (double machine : machines) {
                // Of independent updates the mean differs less than each.
                double luck = 1 + SPREAD / Math.sqrt(frequency) * gaussian(draws);
                double hiccup = draws.chance(HICCUPS) ? 2 : 1;
                slowest = Math.max(slowest, machine * Math.max(0.5, luck) * hiccup);
            }
            seconds += slowest * frequency * BATCH * SECONDS_PER_IMAGE + exchange(workers, bandwidth);
        }
        return ROUNDS * (double) workers * frequency * BATCH / seconds;
    }

    /** Twelve evenly spread numbers: close enough to a normal one. */
    private static double gaussian(Draws draws) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            sum += draws.nextDouble();
        }
        return sum;
    }

    /** Seconds between the last update of a round and the first of the next. */
    static double exchange(int workers, double bandwidth) {
        int group = workers <= 4 ? 1 : (int) Math.ceil(Math.sqrt(workers));
        int groups = (workers + group - 1) / group;
        double moved = BYTES / bandwidth;
        double written = BYTES / WRITTEN;
        double read = BYTES / READ;
        // On executors: results are written and, where there are groups, read and added up by one of each group.
        double gathering = written + (group > 1 ? group * (moved + read) + written : 0);
        // The driver reads all groups, and writes the mean once.
        double driver = groups * (moved + read) + written;
        // Torrent broadcast: pieces go on from executor to executor, so that the time hardly depends on how many there
        // are.
        double broadcast = 2 * moved + read;
        return SCHEDULING + gathering + driver + broadcast;
    }

    /** Bytes that go to the driver and from it in a round. */
    private static double driverBytes(int workers) {
        int group = workers <= 4 ? 1 : (int) Math.ceil(Math.sqrt(workers));
        return ((workers + group - 1) / group + 1) * BYTES;
    }

    private static void measure() throws IOException, ClassNotFoundException {
        INDArray array = Nd4j.rand(1, 25_610_152);
        double write = Double.MAX_VALUE;
        double read = Double.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(110_000_000);
            long start = System.nanoTime();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(array);
            }
            write = Math.min(write, (System.nanoTime() - start) / 1e9);
            byte[] written = bytes.toByteArray();
            start = System.nanoTime();
            try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(written))) {
                in.readObject();
            }
            read = Math.min(read, (System.nanoTime() - start) / 1e9);
        }
        System.out.printf(
                Locale.ROOT,
                "%d MB: written in %.3f s (%.2f GB/s), read in %.3f s (%.2f GB/s); the best of five%n",
                4 * array.length() / 1_000_000,
                write,
                4 * array.length() / 1e9 / write,
                read,
                4 * array.length() / 1e9 / read);
    }
}
