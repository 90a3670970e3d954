package io.github.squeeze4j.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Weights of another library for a network of {@link io.github.squeeze4j.models}. The source is recognised by the names of the
 * tensors. By default every parameter must have its tensor, in the same shape but for sizes of 1, and every tensor its parameter;
 * tensors that the source's answers do not depend on, such as counters of batches, count for nothing. A prefix that all names have ({@code module.},
 * {@code _orig_mod.}) is left out. Immutable.
 *
 * <pre>{@code
 * LoadReport report = Pretrained.from(Path.of("seresnet50.safetensors")).newClassifier().into(graph);
 * }</pre>
 */
public final class Pretrained {
    private static final String CLASSIFIER = "classifier/";
    private static final String TF_LITE = "tf_efficientnet_lite";
    /** Which takes the colours. */
    private static final String FIRST = "stem.conv1/W";

    private static final String[] PREFIXES = {"module.", "_orig_mod."};

    /** Parameters of a network that are looked at first. */
    private static final int SAMPLE = 16;

    private final Path file;
    private final boolean newClassifier;
    private final boolean partly;

    private Pretrained(Path file, boolean newClassifier, boolean partly) {
        this.file = file;
        this.newClassifier = newClassifier;
        this.partly = partly;
    }

    /**
     * Names a file, which is opened when a network is filled.
     *
     * @param file as {@link TensorFile} reads it
     * @return the weights
     */
    public static Pretrained from(Path file) {
        if (file == null) {
            throw new WeightsException("weights file (null) must be a file; name a .safetensors or .pth file");
        }
        return new Pretrained(file, false, false);
    }

    /**
     * Leaves the classifier as the network's seed drew it, whatever the file has for it: for other classes.
     *
     * @return the weights, to be loaded so
     */
    public Pretrained newClassifier() {
        return new Pretrained(file, true, partly);
    }

    /**
     * Leaves out tensors that the network has no parameter for: for the part of a network before its classifier, say.
     *
     * @return the weights, to be loaded so
     */
    public Pretrained partly() {
        return new Pretrained(file, newClassifier, true);
    }

    /**
     * Fills a network. On failure its parameters are as they were, unless the file proves damaged while its elements are read.
     *
     * @param graph an initialised network, accelerated or not
     * @return what became of each tensor and parameter
     * @throws WeightsException if the file is unusable, is of no known source, does not fit the network, or comes from a
     *     source whose networks differ in what no tensor shows
     */
    public LoadReport into(ComputationGraph graph) {
        try (TensorFile opened = TensorFile.open(file)) {
            return fill(graph, withoutPrefix(opened.tensors()));
        }
    }

    private LoadReport fill(ComputationGraph graph, Map<String, StoredTensor> tensors) {
        if (tensors.isEmpty()) {
            throw new WeightsException(
                    "weights file (" + file + ") must hold tensors, but is empty; name another file");
        }
        Map<String, INDArray> parameters = parameters(graph);
        WeightSource named = recognised(parameters.keySet(), tensors.keySet());
        if (named == null) {
            throw new WeightsException(
                    "weights file (" + file + ", with tensors like "
                            + WeightsException.name(tensors.keySet().iterator().next()) + ") must come from one of "
                            + Arrays.toString(WeightSource.values())
                            + " and be of this network, whose parameters it does not name; build the network that the file is of");
        }
        WeightSource source = named.ofForm(graph.getConfiguration());
        requireOwnPadding(source);
        source.requireForm(graph.getConfiguration());
        LoadReport report = new LoadReport(source);
        Map<String, TensorNames.Tensor> plan = plan(parameters, tensors, report);
        if (!report.isComplete()) {
            boolean ofClassifier = report.missing.isEmpty()
                    && report.unexpected.isEmpty()
                    && report.wrongShape.stream().allMatch(text -> text.startsWith(CLASSIFIER));
            throw new WeightsException("weights file (" + file + "), from " + source
                    + ", must have a tensor for every parameter and no other, but has " + report.complaint()
                    + (ofClassifier
                            ? "; use Pretrained.from(file).newClassifier() or classes(...) as the file has"
                            : "; build the network as its source does, or load partly()"));
        }
        plan.forEach((key, tensor) -> assign(key, tensor, tensors, parameters.get(key), source));
        return report;
    }

    /** timm's networks from TensorFlow have the tensors of others and pad otherwise; only their files' names tell. */
    private void requireOwnPadding(WeightSource source) {
        String name = String.valueOf(file.getFileName());
        boolean lite = source == WeightSource.TIMM_TF_EFFICIENTNET_LITE;
        if (lite && !name.startsWith(TF_LITE)) {
            throw new WeightsException("weights file (" + file + ", with timm's names) must be of timm's " + TF_LITE
                    + "0 to 4 to fill this network, as those without tf_ pad otherwise and have the same names; if it is, rename it"
                    + " to begin with " + TF_LITE);
        }
        if (!lite && name.startsWith("tf_") && source.name().startsWith("TIMM_")) {
            throw new WeightsException(
                    "weights file (" + file + ") must not be of timm's tf_ networks, which pad as"
                            + " TensorFlow does and this network does not; take those without tf_, or rename a file that is none");
        }
    }

    private static Map<String, StoredTensor> withoutPrefix(Map<String, StoredTensor> tensors) {
        for (String prefix : PREFIXES) {
            if (!tensors.isEmpty() && tensors.keySet().stream().allMatch(name -> name.startsWith(prefix))) {
                Map<String, StoredTensor> renamed = new LinkedHashMap<>();
                tensors.forEach((name, tensor) -> renamed.put(name.substring(prefix.length()), tensor));
                return withoutPrefix(renamed);
            }
        }
        return tensors;
    }

    /** By {@code vertex/parameter}. */
    static Map<String, INDArray> parameters(ComputationGraph graph) {
        Map<String, INDArray> parameters = new LinkedHashMap<>();
        for (Layer layer : graph.getLayers()) {
            String vertex = layer.conf().getLayer().getLayerName();
            layer.paramTable().forEach((name, value) -> parameters.put(vertex + "/" + name, value));
        }
        return parameters;
    }

    /**
     * The source whose names meet the most parameters, or null where none meets half of them. A network without blocks meets
     * those of several, which then agree.
     */
    static WeightSource recognised(Set<String> parameters, Set<String> tensors) {
        List<String> all = List.copyOf(parameters);
        // Most sources show in a few names that they are none of this network.
        List<String> few = IntStream.range(0, Math.min(SAMPLE, all.size()))
                .mapToObj(i -> all.get((int) ((long) i * all.size() / Math.min(SAMPLE, all.size()))))
                .collect(Collectors.toList());
        WeightSource best = null;
        int most = 0;
        for (WeightSource source : WeightSource.values()) {
            TensorNames names = source.names(parameters);
            int met = 2 * met(names, few, tensors) < few.size() ? 0 : met(names, all, tensors);
            if (met > most) {
                most = met;
                best = source;
            }
        }
        return 2 * most < parameters.size() ? null : best;
    }

    private static int met(TensorNames names, List<String> parameters, Set<String> tensors) {
        int met = 0;
        for (String parameter : parameters) {
            TensorNames.Tensor tensor = names.find(parameter);
            met += tensor != null && tensors.contains(tensor.name) ? 1 : 0;
        }
        return met;
    }

    private Map<String, TensorNames.Tensor> plan(
            Map<String, INDArray> parameters, Map<String, StoredTensor> tensors, LoadReport report) {
        TensorNames names = report.source().names(parameters.keySet());
        Map<String, TensorNames.Tensor> plan = new LinkedHashMap<>();
        Set<String> known = new HashSet<>();
        parameters.forEach((key, parameter) -> {
            TensorNames.Tensor wanted = names.find(key);
            StoredTensor tensor = wanted == null ? null : tensors.get(wanted.name);
            if (wanted != null) {
                known.add(wanted.name);
                known.add(wanted.divisor);
            }
            if (newClassifier && key.startsWith(CLASSIFIER)) {
                report.renewed.add(key);
            } else if (tensor == null || wanted.divisor != null && !tensors.containsKey(wanted.divisor)) {
                report.missing.add(key + " (" + (wanted == null ? "unknown to the source" : wanted.name) + ")");
            } else if (!Arrays.equals(withoutOnes(tensor.shape()), withoutOnes(wanted.shape(parameter.shape())))) {
                report.wrongShape.add(key + " " + Arrays.toString(wanted.shape(parameter.shape())) + " from " + tensor);
            } else {
                plan.put(key, wanted);
                report.used.add(tensor.name());
                if (wanted.divisor != null && !report.used.contains(wanted.divisor)) {
                    report.used.add(wanted.divisor);
                }
            }
        });
        tensors.forEach((name, tensor) -> {
            if (!known.contains(name) && !names.isUnused(name) && !partly) {
                report.unexpected.add(WeightsException.name(tensor.name()));
            }
        });
        return plan;
    }

    /** Sizes of 1 move no element: [C, C/r, 1, 1] is [C, C/r], and Caffe's older [1, 1, 1, C] is [C]. */
    private static long[] withoutOnes(long[] shape) {
        return Arrays.stream(shape).filter(size -> size != 1).toArray();
    }

    /** In weights [outputs, 3, height, width]. */
    private static void swapRedAndBlue(INDArray weights) {
        INDArray first = weights.get(NDArrayIndex.all(), NDArrayIndex.point(0));
        INDArray last = weights.get(NDArrayIndex.all(), NDArrayIndex.point(2));
        INDArray kept = first.dup();
        first.assign(last);
        last.assign(kept);
    }

    private static void assign(
            String key,
            TensorNames.Tensor wanted,
            Map<String, StoredTensor> tensors,
            INDArray parameter,
            WeightSource source) {
        StoredTensor tensor = tensors.get(wanted.name);
        boolean asItIs = wanted.divisor == null && !(source.takesBlueFirst() && key.equals(FIRST));
        if (asItIs && tensor.readInto(wanted.isTransposed() ? parameter.transpose() : parameter)) {
            return;
        }
        long[] shape = parameter.shape();
        INDArray values = tensor.read().reshape('c', wanted.isTransposed() ? new long[] {shape[1], shape[0]} : shape);
        if (wanted.divisor != null) {
            double divisor = tensors.get(wanted.divisor).read().getDouble(0);
            // Caffe's own rule: statistics of no batch are zeros.
            values.muli(divisor == 0 ? 0 : 1 / divisor);
        }
        if (source.takesBlueFirst() && key.equals(FIRST)) {
            swapRedAndBlue(values);
        }
        parameter.assign((wanted.isTransposed() ? values.transpose() : values).castTo(parameter.dataType()));
    }
}
