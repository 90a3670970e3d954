package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory while SE-ResNet-20 trains on one batch: what leaks would grow from step to step. */
public final class MemoryGrowth {
    private static final int SETTLED = 200;

    private MemoryGrowth() {}

    /**
     * Prints resident memory after step 200 and after the last one.
     *
     * @param args the number of steps, 2,000 if there is none
     * @throws IOException if this system has no /proc/self/status
     */
    public static void main(String[] args) throws IOException {
        int steps = args.length > 0 ? Integer.parseInt(args[0]) : 2000;
        NativeBuild.choose();
        Body body = Bodies.network("se_resnet20", false, 8, 32, 10, true);
        long start = System.nanoTime();
        for (int step = 1; step <= steps; step++) {
            body.run();
            if (step % SETTLED == 0 || step == steps) {
                System.gc();
                double seconds = (System.nanoTime() - start) / 1e9;
                System.out.printf(
                        "step %d of %d: %.1f MiB resident, of which %.1f Java heap; %.0f steps/s, %.0f s left%n",
                        step,
                        steps,
                        residentMib(),
                        Runtime.getRuntime().totalMemory() / (double) (1 << 20),
                        step / seconds,
                        seconds / step * (steps - step));
            }
        }
        System.exit(0); // DL4J's threads are no daemons
    }

    static double residentMib() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        throw new IOException("/proc/self/status has no VmRSS");
    }
}
