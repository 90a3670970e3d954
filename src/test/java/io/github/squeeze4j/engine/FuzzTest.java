package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Random small networks by DL4J and by the engine.
 *
 * <p>{@code -Dfuzz.seed=N} runs from that seed on, {@code -Dfuzz.graphs=N} so many; a failure prints the seed of its graph.
 */
@Tag("tiny")
class FuzzTest {
    private static final long FIRST = Long.getLong("fuzz.seed", 1);
    private static final int SECONDS = 120;
    /** How many roundings of inputs and parameters are tried where DOUBLE draws other random numbers. */
    private static final int ROUNDINGS = 3;
    /** Seconds to make a network that differs smaller. */
    private static final int SHRINKING = Integer.getInteger("fuzz.shrinking", 20);

    /** What came out for one graph. */
    private static final class Outcome {
        final String skipped;
        final String difference;
        final boolean ran;
        final int nodes;

        Outcome(String skipped, String difference, boolean ran, int nodes) {
            this.skipped = skipped;
            this.difference = difference;
            this.ran = ran;
            this.nodes = nodes;
        }

        static Outcome skipped(String why) {
            return new Outcome(why, null, false, 0);
        }
    }

    @Test
    void randomNetworksGiveWhatStockGives() throws Exception {
        fuzz(FIRST, Integer.getInteger("fuzz.graphs", 300));
    }

    /** Its derivative is no number in DL4J where exp(2x) is none, and the engine's is 1: see {@link EqualToDl4jTest}. */
    private static final Pattern OVERFLOWING = Pattern.compile("swish");

    @Test
    @Tag("heavy")
    void fiveThousandRandomNetworksGiveWhatStockGives() throws Exception {
        fuzz(Long.getLong("fuzz.seed", RandomNetwork.THOROUGH), Integer.getInteger("fuzz.graphs", 5_000));
    }

    /**
     * Numbers drawn twice where DL4J ran a pass again; the gradient of a frozen vertex; dropout over what a frozen activation
     * reads again; a result that was another name of DL4J's array; noise at inference behind layers of a chain; a loss that
     * writes over what others read; a frozen activation that reads again what it wrote over; one that writes over what others read
     * at inference; dropout of the last reader over what others read again; an activation over the user's input, which a PReLU gave on; a
     * layer that keeps the size that it was asked about; dropout of nothing that draws before a randomised ReLU; a gradient that is no number
     * behind a region of a chain; a merge that forgot its axis; parameters that are no numbers before maxima; noise on weights of a pass that was
     * given up; dropout at a region's beginning over what a frozen activation reads again; a dense product of a map of one pixel; noise
     * that a frozen layer puts on its weights in its backward pass; dropout for maps of one pixel.
     */
    @ParameterizedTest
    @ValueSource(
            longs = {
                100014, 100163, 100183, 100478, 100517, 101067, 101544, 101703, 101793, 103601, 100191, 206413, 206451,
                102063, 200764, 202571, 203107, 301890, 303621, 302726, 302812, 321556
            })
    void networksThatOnceDiffered(long seed) {
        RandomNetwork network = RandomNetwork.of(seed);
        assertThat(outcome(network, seed).difference).as("%s", network).isNull();
    }

    private static void fuzz(long first, int graphs) throws Exception {
        ExecutorService worker = Executors.newSingleThreadExecutor();
        Map<String, Integer> skipped = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        int ran = 0;
        int nodes = 0;
        int compared = 0;
        try {
            for (long seed = first; seed < first + graphs; seed++) {
                RandomNetwork network = RandomNetwork.of(seed);
                Future<Outcome> future = worker.submit(() -> confirmed(network));
                Outcome outcome;
                try {
                    outcome = future.get(SECONDS, TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    throw new AssertionError("hangs: " + network + "\n" + network.described(), e);
                }
                if (outcome.skipped != null) {
                    skipped.merge(outcome.skipped, 1, Integer::sum);
                    continue;
                }
                compared++;
                ran += outcome.ran ? 1 : 0;
                nodes += outcome.nodes;
                if (outcome.difference != null) {
                    String failure =
                            worker.submit(() -> shrunk(network, outcome)).get();
                    System.out.println(failure);
                    failures.add(failure);
                }
            }
        } finally {
            worker.shutdownNow();
        }
        System.out.printf(
                "%d graphs from seed %d: %d compared, %d ran on the engine with %d native nodes, skipped %s%n",
                graphs, first, compared, ran, nodes, skipped);
        assertThat(failures).as("%s", String.join("\n\n", failures)).isEmpty();
        assertThat(ran).as("graphs on the engine").isGreaterThan(graphs / 3);
        assertThat(nodes).as("native nodes").isGreaterThan(graphs / 2);
    }

    /** A difference that comes with other numbers too: one alone may be a ReLU whose input is 0 but for rounding. */
    private static Outcome confirmed(RandomNetwork network) {
        Outcome outcome = outcome(network, network.seed);
        if (outcome.difference == null) {
            return outcome;
        }
        int again = 0;
        for (int i = 1; i <= 3; i++) {
            again += outcome(network, network.seed + i * 1_000_000L).difference == null ? 0 : 1;
        }
        return again >= 2 ? outcome : Outcome.skipped("a difference with some numbers only");
    }

    private static Outcome outcome(RandomNetwork network, long dataSeed) {
        Model stock;
        List<Twins.Pass> passes;
        Map<String, INDArray> expected;
        Twins.closeWorkspaces();
        try {
            passes = network.passes(network.build(DataType.FLOAT), dataSeed);
            stock = network.build(DataType.FLOAT);
            expected = Twins.trace(stock, passes);
        } catch (RuntimeException | Error e) {
            if (network.isResized()) {
                network.keepSize();
                return outcome(network, dataSeed);
            }
            return Outcome.skipped("DL4J fails");
        }
        Model accelerated = network.build(DataType.FLOAT);
        Acceleration acceleration = null;
        String difference;
        boolean ran = false;
        try {
            acceleration = Twins.accelerate(accelerated);
            Map<String, INDArray> actual = Twins.trace(accelerated, passes);
            ran = acceleration.refusal() == null && acceleration.lastRefusal() == null;
            difference = Twins.difference(actual, expected, null);
            if (difference != null) {
                difference = beyondRounding(network, passes, actual, expected);
            }
            if (difference != null
                    && difference.endsWith("stock's NaN")
                    && OVERFLOWING.matcher(network.toString()).find()) {
                return Outcome.skipped("DL4J's derivative overflows");
            }
            if (difference == null) {
                difference = inferred(network, stock, passes);
            }
        } catch (Twins.Failed e) {
            difference = e.getMessage() + at(e.getCause());
        } catch (BadReferenceException e) {
            return Outcome.skipped(e.getMessage());
        } catch (RuntimeException | Error e) {
            difference = e + at(e);
        }
        return new Outcome(
                null, difference, ran, ran ? acceleration.nativeLayers().size() : 0);
    }

    /** Nothing can be said: DL4J's own numbers are too far from the reference, or there is none. */
    private static final class BadReferenceException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadReferenceException(String message) {
            super(message);
        }
    }

    /** Against what DL4J itself is off by. */
    private static String beyondRounding(
            RandomNetwork network,
            List<Twins.Pass> passes,
            Map<String, INDArray> actual,
            Map<String, INDArray> expected) {
        String difference = null;
        boolean none = network.isRandom(); // in DOUBLE it draws other numbers
        for (int rounding = 0; rounding <= (none ? ROUNDINGS : 0); rounding++) {
            Map<String, INDArray> reference = reference(network, passes, rounding);
            if (rounding == 0 && reference != null && !areNumbers(reference, expected)) {
                none = true; // blocks in FLOAT lose what is no number, where those in DOUBLE keep it
                continue;
            }
            boolean bad = reference == null || Twins.badly(expected, reference) != null;
            if (bad && rounding == 0 && none) {
                continue;
            }
            if (bad && difference != null) {
                continue; // another reference was good
            }
            if (bad) {
                throw new BadReferenceException(reference == null ? "DL4J fails in DOUBLE" : "DL4J computes badly");
            }
            difference = Twins.difference(actual, expected, reference);
            if (difference == null) {
                return null;
            }
        }
        return "accelerated: " + difference;
    }

    /** Whether a reference has numbers wherever DL4J in FLOAT does. */
    private static boolean areNumbers(Map<String, INDArray> reference, Map<String, INDArray> expected) {
        for (Map.Entry<String, INDArray> entry : expected.entrySet()) {
            INDArray other = reference.get(entry.getKey());
            boolean numbers = entry.getValue() != null
                    && !Double.isNaN(entry.getValue().sumNumber().doubleValue());
            if (numbers && other != null && Double.isNaN(other.sumNumber().doubleValue())) {
                return false;
            }
        }
        return true;
    }

    /** By DL4J: in DOUBLE, or with parameters and inputs that are off by one rounding, by the draw of that number from 1 on; null if it fails. */
    private static Map<String, INDArray> reference(RandomNetwork network, List<Twins.Pass> passes, int rounding) {
        try {
            List<Twins.Pass> others = new ArrayList<>();
            passes.forEach(pass -> others.add(rounding > 0 ? pass.perturbed(rounding) : pass.as(DataType.DOUBLE)));
            Model other = network.build(rounding > 0 ? DataType.FLOAT : DataType.DOUBLE);
            if (rounding > 0) {
                Twins.perturb(other, rounding);
            }
            return Twins.trace(other, others);
        } catch (RuntimeException | Error e) {
            return null;
        }
    }

    /** The form for inference, with the parameters after training. */
    private static String inferred(RandomNetwork network, Model trained, List<Twins.Pass> passes) {
        Map<String, INDArray> wanted = Twins.outputs(x -> Twins.output(trained, false, x), passes);
        if (wanted == null) {
            return null;
        }
        Map<String, INDArray> outputs = Twins.outputs(Twins.optimize(trained)::output, passes);
        if (outputs == null) {
            return "inference fails";
        }
        String difference = Twins.difference(outputs, wanted, null);
        if (difference != null && !network.isRandom()) {
            Model other = network.build(DataType.DOUBLE);
            other.setParams(trained.params().castTo(DataType.DOUBLE));
            List<Twins.Pass> others = new ArrayList<>();
            passes.forEach(pass -> others.add(pass.as(DataType.DOUBLE)));
            Map<String, INDArray> reference = Twins.outputs(x -> Twins.output(other, false, x), others);
            difference = Twins.difference(outputs, wanted, reference);
        }
        return difference == null ? null : "inference: " + difference;
    }

    private static String at(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(4, thrown.getStackTrace().length); i++) {
            text.append(" at ").append(thrown.getStackTrace()[i]);
        }
        return text.toString();
    }

    /** Leaves out what the difference does not need. */
    private static String shrunk(RandomNetwork network, Outcome outcome) {
        RandomNetwork smallest = network;
        Outcome last = outcome;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SHRINKING);
        boolean smaller = true;
        while (smaller && System.nanoTime() < end) {
            smaller = false;
            for (RandomNetwork candidate : smallest.smaller()) {
                if (System.nanoTime() > end) {
                    break;
                }
                Outcome its = outcome(candidate, candidate.seed);
                if (its.difference != null) {
                    smallest = candidate;
                    last = its;
                    smaller = true;
                    break;
                }
            }
        }
        return "-Dfuzz.seed=" + network.seed + " -Dfuzz.graphs=1: " + outcome.difference + "\n" + network + "\nshrunk: "
                + last.difference + "\n" + smallest + "\n" + smallest.described() + "\n----";
    }
}
