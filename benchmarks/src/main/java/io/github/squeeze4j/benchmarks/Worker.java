package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Times cases on demand, for compare.py: one request per line on standard input, one answer per line on standard output.
 *
 * <pre>
 * CASE name reps   name median_ms min max, of reps runs after one that does not count
 * PARAMS name      name learned parameters
 * VERSIONS         VERSIONS java=17.0.15 dl4j=1.0.0-M2.1
 * </pre>
 *
 * <p>Where that fails: {@code name unavailable REASON} or {@code name failed REASON}. The argument {@code stock} gives
 * DL4J alone.
 */
public final class Worker {
    private static final long FIRST_NANOS = 1_000_000_000;
    private static final long TURN_NANOS = 300_000_000;

    private final boolean stock;
    private String name;
    private Body body;

    Worker(boolean stock) {
        this.stock = stock;
    }

    /**
     * Answers until the input ends.
     *
     * @param args nothing, or {@code stock}
     * @throws IOException if the requests cannot be read
     */
    public static void main(String[] args) throws IOException {
        NativeBuild.choose();
        PrintStream answers = System.out;
        System.setOut(System.err); // whatever else is printed
        new Worker(args.length > 0 && args[0].equals("stock"))
                .serve(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), answers);
        System.exit(0); // DL4J's threads are no daemons
    }

    void serve(BufferedReader requests, PrintStream answers) throws IOException {
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            if (!line.isBlank()) {
                answers.println(answer(line.trim().split("\\s+")));
                answers.flush();
            }
        }
    }

    private String answer(String[] request) {
        String subject = request.length > 1 ? request[1] : request[0];
        try {
            if (request[0].equals("VERSIONS")) {
                return "VERSIONS java=" + System.getProperty("java.version") + " dl4j=" + dl4jVersion();
            }
            if (request[0].equals("PARAMS") && request.length == 2) {
                return subject + " " + body(subject).learnedParameters();
            }
            if (request[0].equals("CASE") && request.length == 3) {
                return subject + " " + time(body(subject), Integer.parseInt(request[2]));
            }
            return subject + " failed requests are CASE name reps, PARAMS name or VERSIONS";
        } catch (Bodies.UnavailableException e) {
            return subject + " unavailable " + e.getMessage();
        } catch (RuntimeException | OutOfMemoryError e) {
            e.printStackTrace();
            return subject + " failed " + String.valueOf(e).replaceAll("\\s+", " ");
        }
    }

    /** From the name of its jar, which says nothing of its version inside. */
    private static String dl4jVersion() {
        String jar = ComputationGraph.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        Matcher version = Pattern.compile("deeplearning4j-nn-(.+)\\.jar$").matcher(jar);
        return version.find() ? version.group(1) : "unknown";
    }

    /** One body at a time, kept while the same case is asked for. */
    private Body body(String wanted) {
        if (!wanted.equals(name)) {
            name = null;
            body = null;
            Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
            System.gc();
            body = Bodies.of(wanted, stock);
            name = wanted;
            run(body, FIRST_NANOS);
        }
        return body;
    }

    /** Without counting: workspaces learn their sizes, what runs often is compiled, processors and caches wake up. */
    private static void run(Body body, long nanos) {
        long start = System.nanoTime();
        do {
            body.run();
        } while (System.nanoTime() - start < nanos);
    }

    private static String time(Body body, int reps) {
        double[] times = new double[reps];
        run(body, TURN_NANOS);
        for (int i = 0; i < reps; i++) {
            long start = System.nanoTime();
            body.run();
            times[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(times);
        double median = (times[(reps - 1) / 2] + times[reps / 2]) / 2;
        return String.format(Locale.ROOT, "%.4f %.4f %.4f", median, times[0], times[reps - 1]);
    }
}
