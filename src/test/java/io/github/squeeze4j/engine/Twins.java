package io.github.squeeze4j.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.exception.ND4JIllegalStateException;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The same passes through the same network, by DL4J and by the engine, and what differs.
 *
 * <p>A trace is everything that passes give, by name. Two traces are equal if each number of one is that of the other up to
 * float's rounding: {@value #FACTOR} times what DL4J itself is off from the reference, and {@value #ROUNDING} of the largest
 * number of the same layer's gradients (a lone bias may be what remains where they cancel). What is not a number or infinite
 * is so in both. The reference is the same network in DOUBLE, unless that draws other random numbers, or DL4J in FLOAT on
 * inputs and parameters that are off by one rounding.
 */
final class Twins {
    static final double FACTOR = 8;
    static final double ROUNDING = 1e-5;
    /** DL4J's own error from which a comparison says nothing. */
    static final double BAD = 1e-3;

    private static final String FAILS = " fails";

    private Twins() {}

    /** Inputs and labels of one pass. */
    static final class Pass {
        final INDArray[] x;
        final INDArray[] y;

        Pass(INDArray[] x, INDArray[] y) {
            this.x = x;
            this.y = y;
        }

        Pass as(DataType type) {
            return new Pass(cast(x, type), cast(y, type));
        }

        /** Of its own: an activation that comes first writes over the user's input. */
        Pass copy() {
            return new Pass(Arrays.stream(x).map(INDArray::dup).toArray(INDArray[]::new), y);
        }

        /** Inputs that are off by one rounding. */
        Pass perturbed(long seed) {
            return new Pass(
                    Arrays.stream(x).map(array -> Twins.perturbed(array, seed)).toArray(INDArray[]::new), y);
        }

        private static INDArray[] cast(INDArray[] arrays, DataType type) {
            return Arrays.stream(arrays).map(array -> array.castTo(type)).toArray(INDArray[]::new);
        }
    }

    private static List<Pass> copies(List<Pass> passes) {
        return passes.stream().map(Pass::copy).collect(Collectors.toList());
    }

    /** What DL4J gives where it fails. */
    static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failed(String where, Throwable cause) {
            super(where + ": " + cause, cause);
        }
    }

    /** Of each pass, outputs and a training step; once, outputs in training and, with the second pass, gradients alone and scores. */
    static Map<String, INDArray> trace(Model network, List<Pass> passes) {
        closeWorkspaces();
        // for each call inputs of its own, over which DL4J may write
        List<Pass> first = copies(passes);
        List<Pass> second = copies(passes);
        List<Pass> third = copies(passes);
        List<Pass> fourth = copies(passes);
        Map<String, INDArray> trace = new LinkedHashMap<>();
        String where = "";
        try {
            for (int i = 0; i < passes.size(); i++) {
                where = "pass " + i + " output";
                Nd4j.getRandom().setSeed(100 + i);
                outputs(trace, where, network, false, first.get(i));
                if (i == 0) {
                    where = "pass " + i + " output(train)";
                    Nd4j.getRandom().setSeed(200 + i);
                    outputs(trace, where, network, true, second.get(i));
                } else if (i == 1) {
                    where = "pass " + i + " gradient";
                    Nd4j.getRandom().setSeed(300 + i);
                    gradients(network, second.get(i));
                    for (Map.Entry<String, INDArray> entry :
                            network.gradient().gradientForVariable().entrySet()) {
                        trace.put(where + " " + entry.getKey(), copy(entry.getValue()));
                    }
                    trace.put("pass " + i + " flattened", copy(flattened(network)));
                    trace.put("pass " + i + " score", score(network));
                    where = "pass " + i + " scores of examples";
                    Nd4j.getRandom().setSeed(500 + i);
                    scores(trace, where, network, fourth.get(i));
                }
                where = "pass " + i + " fit";
                Nd4j.getRandom().setSeed(400 + i);
                fit(network, third.get(i));
                for (Map.Entry<String, INDArray> entry : network.paramTable().entrySet()) {
                    trace.put("pass " + i + " parameter " + entry.getKey(), copy(entry.getValue()));
                }
                trace.put("pass " + i + " score of fit", score(network));
            }
        } catch (RuntimeException | Error e) {
            throw new Failed(where, e);
        } finally {
            closeWorkspaces(); // DL4J leaves one open without those of inference
        }
        return trace;
    }

    /** DL4J's output fails with noise: it asks for a workspace that is not open. Training does not. */
    private static void outputs(Map<String, INDArray> trace, String where, Model network, boolean training, Pass pass) {
        try {
            put(trace, where, output(network, training, pass.x));
        } catch (RuntimeException e) {
            closeWorkspaces();
            trace.put(where + FAILS, number(0));
        }
    }

    /** At inference, with all results in one workspace. */
    private static void scores(Map<String, INDArray> trace, String where, Model network, Pass pass) {
        try {
            trace.put(
                    where,
                    copy(
                            network instanceof ComputationGraph
                                    ? ((ComputationGraph) network).scoreExamples(new MultiDataSet(pass.x, pass.y), true)
                                    : ((MultiLayerNetwork) network)
                                            .scoreExamples(new DataSet(pass.x[0], pass.y[0]), true)));
        } catch (RuntimeException e) {
            closeWorkspaces();
            trace.put(where + FAILS, number(0));
        }
    }

    /** Outputs alone; null if they fail. */
    static Map<String, INDArray> outputs(Function<INDArray[], INDArray[]> network, List<Pass> passes) {
        List<Pass> copies = copies(passes);
        Map<String, INDArray> trace = new LinkedHashMap<>();
        for (int i = 0; i < copies.size(); i++) {
            try {
                Nd4j.getRandom().setSeed(100 + i);
                put(trace, "pass " + i + " output", network.apply(copies.get(i).x));
            } catch (RuntimeException | Error e) {
                closeWorkspaces();
                return null;
            }
        }
        return trace;
    }

    /** Those that a failure left open; one by one, since ND4J's method for all collects garbage, which took most of the time. */
    static void closeWorkspaces() {
        Nd4j.getMemoryManager().setCurrentWorkspace(null);
        Nd4j.getWorkspaceManager()
                .getAllWorkspacesForCurrentThread()
                .forEach(Nd4j.getWorkspaceManager()::destroyWorkspace);
    }

    private static void put(Map<String, INDArray> trace, String name, INDArray[] arrays) {
        for (int i = 0; i < arrays.length; i++) {
            trace.put(name + " " + i, copy(arrays[i]));
        }
    }

    /** Null for what DL4J leaves in a workspace that is closed. */
    static INDArray copy(INDArray array) {
        if (array == null
                || array.isAttached() && !array.data().getParentWorkspace().isScopeActive()) {
            return null;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return array.dup('c');
        } catch (ND4JIllegalStateException e) {
            return null;
        }
    }

    private static INDArray score(Model network) {
        return number(network.score());
    }

    static INDArray number(double value) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return Nd4j.scalar(value);
        }
    }

    static INDArray[] output(Model network, boolean training, INDArray... x) {
        return network instanceof ComputationGraph
                ? ((ComputationGraph) network).output(training, x)
                : new INDArray[] {((MultiLayerNetwork) network).output(x[0], training)};
    }

    static void gradients(Model network, Pass pass) {
        if (network instanceof ComputationGraph) {
            ((ComputationGraph) network).setInputs(pass.x);
            ((ComputationGraph) network).setLabels(pass.y);
            ((ComputationGraph) network).computeGradientAndScore();
        } else {
            ((MultiLayerNetwork) network).setInput(pass.x[0]);
            ((MultiLayerNetwork) network).setLabels(pass.y[0]);
            ((MultiLayerNetwork) network).computeGradientAndScore();
        }
    }

    static void fit(Model network, Pass pass) {
        if (network instanceof ComputationGraph) {
            ((ComputationGraph) network).fit(new MultiDataSet(pass.x, pass.y));
        } else {
            ((MultiLayerNetwork) network).fit(pass.x[0], pass.y[0]);
        }
    }

    /** Parameters as after a training, the same for each type: no bias at 0, no statistic at 1. */
    static Model randomised(Model network, long seed) {
        Random random = new Random(seed);
        for (Map.Entry<String, INDArray> entry : network.paramTable().entrySet()) {
            INDArray parameter = entry.getValue();
            String key = entry.getKey();
            double fan = parameter.rank() > 1 ? parameter.length() / (double) parameter.size(0) : 4;
            double[] values = new double[(int) parameter.length()];
            for (int i = 0; i < values.length; i++) {
                double unit = random.nextDouble();
                double value = key.endsWith("var") || key.endsWith("Var") || key.endsWith("gamma")
                        ? unit + 0.5
                        : key.endsWith("log10stdev") ? (unit - 0.5) * 0.3 : (unit - 0.5) * Math.sqrt(8 / fan);
                values[i] = (float) value;
            }
            parameter.assign(
                    Nd4j.createFromArray(values).reshape(parameter.shape()).castTo(parameter.dataType()));
        }
        return network;
    }

    /** Inputs with labels of the outputs' shapes: classes for rows, numbers for maps. */
    static Pass pass(Model network, Random random, INDArray... x) {
        // noise asks for a workspace that is not open at inference
        WorkspaceMode mode = inferenceWorkspaces(network, WorkspaceMode.NONE);
        INDArray[] outputs = output(network, false, new Pass(x, null).copy().x);
        inferenceWorkspaces(network, mode);
        closeWorkspaces(); // DL4J leaves one open without those of inference
        INDArray[] y = new INDArray[outputs.length];
        for (int j = 0; j < y.length; j++) {
            long[] shape = outputs[j].shape();
            y[j] = Nd4j.zeros(DataType.FLOAT, shape);
            boolean classes = shape.length == 2;
            for (int k = 0; k < (classes ? shape[0] : y[j].length()); k++) {
                long at = classes ? k * shape[1] + random.nextInt((int) shape[1]) : k;
                y[j].data().put(at, classes ? 1 : random.nextFloat());
            }
        }
        return new Pass(x, y);
    }

    /** Sets the mode and gives the one before. */
    private static WorkspaceMode inferenceWorkspaces(Model network, WorkspaceMode mode) {
        WorkspaceMode before;
        if (network instanceof ComputationGraph) {
            before = ((ComputationGraph) network).getConfiguration().getInferenceWorkspaceMode();
            ((ComputationGraph) network).getConfiguration().setInferenceWorkspaceMode(mode);
        } else {
            before = ((MultiLayerNetwork) network).getLayerWiseConfigurations().getInferenceWorkspaceMode();
            ((MultiLayerNetwork) network).getLayerWiseConfigurations().setInferenceWorkspaceMode(mode);
        }
        return before;
    }

    static INDArray normal(Random random, long... shape) {
        float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Nd4j.createFromArray(values).reshape('c', shape);
    }

    /** Parameters that are off by one rounding. */
    static void perturb(Model network, long seed) {
        network.paramTable().values().forEach(parameter -> parameter.assign(perturbed(parameter, seed)));
    }

    private static INDArray perturbed(INDArray array, long seed) {
        Random random = new Random(seed * 1_000_003 + array.length());
        float[] values = array.dup('c').data().asFloat();
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextBoolean() ? values[i] : values[i] * (1 + 1.2e-7f);
        }
        return Nd4j.createFromArray(values).reshape('c', array.shape());
    }

    static Acceleration accelerate(Model network) {
        return network instanceof ComputationGraph
                ? Acceleration.apply((ComputationGraph) network)
                : Acceleration.apply((MultiLayerNetwork) network);
    }

    static InferenceNetwork optimize(Model network) {
        return network instanceof ComputationGraph
                ? InferenceNetwork.optimize((ComputationGraph) network)
                : InferenceNetwork.optimize((MultiLayerNetwork) network);
    }

    static Model copy(Model network) {
        return network instanceof ComputationGraph
                ? ((ComputationGraph) network).clone()
                : ((MultiLayerNetwork) network).clone();
    }

    private static INDArray flattened(Model network) {
        return network instanceof ComputationGraph
                ? ((ComputationGraph) network).getFlattenedGradients()
                : ((MultiLayerNetwork) network).getFlattenedGradients();
    }

    /** Why the stock results say nothing, or null. */
    static String badly(Map<String, INDArray> stock, Map<String, INDArray> reference) {
        for (Map.Entry<String, Measure> entry : measures(stock, reference).entrySet()) {
            if (!(entry.getValue().error <= BAD * entry.getValue().largest)) {
                return entry.getKey() + ": DL4J is off by " + entry.getValue().error + " of "
                        + entry.getValue().largest;
            }
        }
        return null;
    }

    /** The first difference in words, or null. */
    static String difference(
            Map<String, INDArray> actual, Map<String, INDArray> stock, Map<String, INDArray> reference) {
        List<String> more = new ArrayList<>(actual.keySet());
        more.removeAll(stock.keySet());
        List<String> fewer = new ArrayList<>(stock.keySet());
        fewer.removeAll(actual.keySet());
        for (String name : stock.keySet()) { // better than stock is no difference
            if (name.endsWith(FAILS) && fewer.remove(name)) {
                more.removeIf(other -> other.startsWith(name.substring(0, name.length() - FAILS.length())));
            }
        }
        if (!more.isEmpty() || !fewer.isEmpty()) {
            return "results that stock has not: " + more + ", that stock alone has: " + fewer;
        }
        Map<String, Measure> measures = measures(stock, reference);
        for (String name : stock.keySet()) {
            if (name.endsWith(FAILS) || stock.get(name) == null) {
                continue;
            }
            String difference = difference(
                    actual.get(name), stock.get(name), measures.get(group(name)).bound());
            if (difference != null) {
                return name + ": " + difference;
            }
        }
        return null;
    }

    /** What one group of results may be off by. */
    private static final class Measure {
        // what is left of a gate that is 1 but for rounding is 0 in the one and 1e-32 in the other
        double least = 1e-25;
        double largest;
        double error;

        double bound() {
            return Math.max(FACTOR * error + ROUNDING * largest, least);
        }
    }

    private static Map<String, Measure> measures(Map<String, INDArray> stock, Map<String, INDArray> reference) {
        Map<String, Measure> measures = new HashMap<>();
        for (Map.Entry<String, INDArray> entry : stock.entrySet()) {
            Measure measure = measures.computeIfAbsent(group(entry.getKey()), any -> new Measure());
            if (entry.getKey().endsWith("log10stdev")) {
                // a logarithm may be about 0; two roundings of the variance under it are not
                measure.least = 2 * Math.ulp(1f) / Math.log(100);
            }
            double[] values = values(entry.getValue());
            INDArray other = reference == null ? null : reference.get(entry.getKey());
            double[] wanted = other == null ? values : values(other);
            for (int i = 0; i < values.length; i++) {
                if (Double.isFinite(values[i])) {
                    measure.largest = Math.max(measure.largest, Math.abs(values[i]));
                    if (Double.isFinite(wanted[i])) {
                        measure.error = Math.max(measure.error, Math.abs(values[i] - wanted[i]));
                    }
                }
            }
        }
        return measures;
    }

    /** Gradients and parameters of one layer are measured together, running statistics alone. */
    private static String group(String name) {
        boolean alone = name.matches(".*(mean|var|Mean|Var|log10stdev)");
        boolean parameter = name.contains(" gradient ") || name.contains(" parameter ");
        return parameter && !alone && name.lastIndexOf('_') > 0 ? name.substring(0, name.lastIndexOf('_')) : name;
    }

    private static double[] values(INDArray array) {
        return array == null || array.isEmpty()
                ? new double[0]
                : array.castTo(DataType.DOUBLE).dup('c').data().asDouble();
    }

    /** In words, or null. */
    static String difference(INDArray actual, INDArray stock, double bound) {
        if (actual == null || stock == null) {
            return actual == stock ? null : "is " + (actual == null ? "null" : "there") + ", other than stock's";
        }
        if (!Arrays.equals(actual.shape(), stock.shape()) || actual.dataType() != stock.dataType()) {
            return "is " + actual.dataType() + Arrays.toString(actual.shape()) + ", stock's " + stock.dataType()
                    + Arrays.toString(stock.shape());
        }
        double[] got = values(actual);
        double[] want = values(stock);
        int worst = -1;
        double most = bound;
        for (int i = 0; i < want.length; i++) {
            boolean finite = Double.isFinite(want[i]) && Double.isFinite(got[i]);
            double off = finite ? Math.abs(got[i] - want[i]) : Double.compare(got[i], want[i]) == 0 ? 0 : 1e300;
            if (off > most) {
                most = off;
                worst = i;
            }
        }
        return worst < 0
                ? null
                : "at " + worst + " of " + Arrays.toString(stock.shape()) + " is " + got[worst] + ", stock's "
                        + want[worst] + (most < 1e300 ? ", off by " + most + ", allowed " + bound : "");
    }
}
