package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.weights.Pretrained;
import io.github.squeeze4j.weights.WeightExport;
import io.github.squeeze4j.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;

/** What it takes to load SENet-154's 460 MB: seconds beside those of reading the file, and peak memory. */
public final class LoadWeights {
    private static final int BLOCK = 1 << 20;
    private static final double MEGABYTE = 1e6;
    private static final double KIBIBYTE = 1024;

    private LoadWeights() {}

    /**
     * Prints the seconds to read the file, to make the network and to load the file into it, and the most memory that the process
     * had. A file that does not exist is written first, with random weights, by a process of its own.
     *
     * @param args the file; default {@code target/senet154.safetensors}
     * @throws IOException if the file cannot be read, or this system has no /proc/self/status
     * @throws InterruptedException if it is interrupted
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        NativeBuild.choose();
        Path file = Path.of(args.length > 0 ? args[0] : "target/senet154.safetensors");
        if (args.length > 1) {
            WeightExport.safetensors(network(), WeightSource.CADENE, file);
            System.exit(0);
        }
        if (!Files.exists(file)) {
            new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            LoadWeights.class.getName(),
                            file.toString(),
                            "write")
                    .inheritIO()
                    .start()
                    .waitFor();
        }
        read(file); // into the system's cache
        double read = read(file);
        long start = System.nanoTime();
        ComputationGraph network = network();
        double make = seconds(start);
        start = System.nanoTime();
        Pretrained.from(file).into(network);
        double load = seconds(start);
        double size = Files.size(file) / MEGABYTE;
        double peak = peakMegabytes();
        System.out.printf(
                "%.0f MB: read in %.2f s; network made in %.2f s, loaded in %.2f s (%.1f times reading); at most %.0f MB resident"
                        + " (%.2f times the file)%n",
                size, read, make, load, load / read, peak, peak / size);
        System.exit(0); // DL4J's threads are no daemons
    }

    private static ComputationGraph network() {
        return Models.builder("senet154").build().init();
    }

    private static double read(Path file) throws IOException {
        long start = System.nanoTime();
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            while (channel.read(block) >= 0) {
                block.clear();
            }
        }
        return seconds(start);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static double peakMegabytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * KIBIBYTE / MEGABYTE;
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }
}
