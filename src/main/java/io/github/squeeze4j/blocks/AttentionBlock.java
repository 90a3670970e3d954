package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.codegen.SameDiffCode;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.internal.BuilderText;
import io.github.squeeze4j.internal.OpenMp;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonIgnore;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A layer configuration that re-weights a feature map and keeps its shape: the base of every attention block.
 *
 * <p>Input and output are [N, C, H, W], or [N, H, W, C] where the network's {@link InputType} says so. The channels C and
 * the format come from the {@link InputType}; any N, H and W, which may differ from call to call. Computes in the
 * network's data type, FLOAT or DOUBLE; for a network in HALF in FLOAT, rounding once. BFLOAT16 is not supported.
 *
 * <p>A block is a {@link SameDiffLayer}: its mathematics stand once, in {@link #definition()}. {@link Computation#FUSED}
 * (the default) runs a hand-written equivalent, or, in an accelerated network, steps compiled from the definition;
 * {@link Computation#SAMEDIFF} the definition as a SameDiff graph. BatchNorm running
 * statistics are parameters named {@code mean} and {@code var}, behind the BatchNorm's name where a block has several: saved with the network, moved by training as PyTorch
 * moves them (unbiased variance), and never touched by updaters, regularisation, gradient clipping or weight
 * constraints.
 *
 * @see <a href="https://arxiv.org/abs/1709.01507">Hu et al., Squeeze-and-Excitation Networks</a>
 */
public abstract class AttentionBlock extends SameDiffLayer {
    static {
        OpenMp.spinBriefly();
    }

    @JsonProperty("channels")
    private long channels;

    @JsonProperty("height")
    private long height;

    @JsonProperty("width")
    private long width;

    @JsonProperty("format")
    private CNN2DFormat format = CNN2DFormat.NCHW;

    @JsonProperty("computation")
    private Computation computation = Computation.FUSED;

    /** For JSON. */
    protected AttentionBlock() {}

    /**
     * Takes what every block has in common from its builder.
     *
     * @param builder the block's builder
     */
    protected AttentionBlock(Builder<?> builder) {
        super(builder);
        this.computation = builder.computation;
    }

    /** Takes DL4J's constraints from the builder; called last in a block's constructor, when its options are set. */
    final void constrain(Builder<?> builder) {
        initializeConstraints(builder);
        if (constraints != null) {
            List<String> statistics = ParameterSpec.names(parameters().statistics());
            for (LayerConstraint constraint : constraints) {
                Set<String> constrained = new LinkedHashSet<>(constraint.getParams());
                constrained.removeAll(statistics);
                constraint.setParams(constrained);
            }
        }
    }

    // ---- what a block says of itself -------------------------------------------------------------------------------

    /** The parameters for the channels and the size that are set; lengths are meaningless before. */
    abstract ParameterSpec parameters();

    /** The mathematics: the output for {@code x} of [N, C, H, W]. */
    abstract Value define(BlockOps o, Value x);

    /** A new fused kernel, which one runtime layer owns. */
    abstract Kernel kernel();

    /** Option names and values in a fixed order, for equality and text. */
    abstract Map<String, Object> options();

    /** Checks the options against the map, once channels and size are known. */
    abstract void validate(MapSize size);

    /**
     * Sets the parameters so that the block multiplies every value by about {@code gate} whatever the map: its last weights to
     * 0, its biases so that the gate stands there.
     *
     * @return the factor reached, NaN if the block cannot multiply by a constant
     */
    abstract double startAt(double gate, Map<String, INDArray> parameters);

    /** The shape of the output for an input of [N, C, H, W]: the same, but for blocks that replace a convolution. */
    long[] outputShape(long... input) {
        return input;
    }

    /** The weight of the newest batch in the running statistics. */
    double momentum() {
        return BatchNorm.MOMENTUM;
    }

    /** As {@link #momentum()}, of the named BatchNorm. */
    double momentum(String norm) {
        return momentum();
    }

    /**
     * The block's name in tables and file names.
     *
     * @return one lower-case word, as the papers spell it
     */
    public abstract String blockName();

    /**
     * Multiply-accumulates of the block's convolutions and linear layers for one example; pooling and re-weighting are not
     * counted.
     *
     * @param inputType the block's input
     * @return multiply-accumulates, not doubled
     */
    public final long macs(InputType inputType) {
        return definition(inputType).macs();
    }

    /**
     * As {@link #definition(InputType)}, for the map that the network was configured for.
     *
     * @return the graph
     */
    public final Graph definition() {
        return BlockDefinition.of(this, DataType.FLOAT, size(), false).computed();
    }

    /**
     * The block's mathematics at inference, as a graph: what it prints as shows each operation with its shape.
     *
     * @param inputType the block's input
     * @return the graph from the map, its input {@code input}, to the block's output
     */
    public final Graph definition(InputType inputType) {
        InputType.InputTypeConvolutional map = convolutional(inputType);
        MapSize of = new MapSize(channels > 0 ? channels : map.getChannels(), map.getHeight(), map.getWidth());
        return BlockDefinition.of(this, DataType.FLOAT, of, false).computed();
    }

    /**
     * What the GFLOPs columns of the papers count besides {@link #macs}: one operation per element of the map for each pass
     * that pools it and for each that re-weights it, for one example.
     *
     * @param inputType the block's input
     * @return element operations
     */
    public abstract long mapOperations(InputType inputType);

    // ---- what users read -------------------------------------------------------------------------------------------

    /**
     * Channels of the feature map.
     *
     * @return C, or 0 before the network's input types are set
     */
    public long getChannels() {
        return channels;
    }

    /**
     * Layout of the feature map.
     *
     * @return NCHW (the default) or NHWC
     */
    public CNN2DFormat getFormat() {
        return format;
    }

    /**
     * How the block computes.
     *
     * @return the way of computing
     */
    public Computation getComputation() {
        return computation;
    }

    /**
     * Switches how the block computes; takes effect for networks initialised afterwards.
     *
     * @param computation the way of computing
     */
    public void setComputation(Computation computation) {
        this.computation = Checks.notNull("computation", computation, "use Computation.FUSED or SAMEDIFF");
    }

    /**
     * Number of learned parameters.
     *
     * @return learned parameters, BatchNorm scale and shift included
     */
    public long learnedParameters() {
        return ParameterSpec.length(parameters().learned());
    }

    /**
     * Number of running statistics.
     *
     * @return BatchNorm running means and variances, which are not learned
     */
    public long runningStatistics() {
        return ParameterSpec.length(parameters().statistics());
    }

    /**
     * Sets the parameters of a block in an initialised network so that it multiplies every value of the map by one factor, as
     * near to {@code gate} as the block can: its last weights become 0 and its last biases the score of the gate. With 1 the
     * network computes what it would without the block. But a sigmoid that stands at 1 is saturated and does not learn; at 0.999
     * its gradient is a thousandth of what follows it.
     *
     * @param layer the block's runtime layer, {@code network.getLayer(name)}
     * @param gate the factor: above 0, at most 1
     * @return the factor reached: 0.5 where the block has no bias to set, as SE with {@code biases(false)}; NaN where it cannot
     *     multiply by a constant and was left as it is
     * @throws IllegalArgumentException if the layer is no attention block or the gate is out of range
     */
    public static double startNearIdentity(org.deeplearning4j.nn.api.Layer layer, double gate) {
        AttentionBlock block = of(layer);
        if (!(gate > 0 && gate <= 1)) {
            throw new IllegalArgumentException(
                    "gate (" + gate + ") must be above 0 and at most 1; use 0.999, or 1 for an unchanged output");
        }
        return block.startAt(gate, layer.paramTable());
    }

    /** The configuration of a runtime layer, frozen or not. */
    static AttentionBlock of(org.deeplearning4j.nn.api.Layer layer) {
        Checks.notNull("layer", layer, "use network.getLayer(name) of an attention block");
        Layer configuration = layer.conf().getLayer();
        if (configuration instanceof FrozenLayer) {
            configuration = ((FrozenLayer) configuration).getLayer();
        }
        if (!(configuration instanceof AttentionBlock)) {
            throw new IllegalArgumentException(
                    "layer (" + configuration.getClass().getSimpleName()
                            + ") must be an attention block; use network.getLayer(name) of one");
        }
        return (AttentionBlock) configuration;
    }

    MapSize size() {
        return new MapSize(channels, height, width);
    }

    // ---- DL4J: definition and parameters ---------------------------------------------------------------------------

    /**
     * The block's inference-mode definition (running statistics), for use in a SameDiff graph of the user's own.
     *
     * @param sameDiff the graph
     * @param layerInput feature map [N, C, H, W] of known H and W
     * @param paramTable the block's parameters by name, running statistics included
     * @param mask ignored: a feature map has no mask
     * @return the re-weighted feature map [N, C, H, W]
     */
    @Override
    public final SDVariable defineLayer(
            SameDiff sameDiff, SDVariable layerInput, Map<String, SDVariable> paramTable, SDVariable mask) {
        Graph graph =
                BlockDefinition.of(this, layerInput.dataType(), size(), false).computed();
        Map<String, SDVariable> leaves = new HashMap<>(paramTable);
        leaves.put(BlockDefinition.INPUT, layerInput);
        return new SameDiffCode(sameDiff, graph, leaves).of(graph.outputs().get(0));
    }

    @Override
    public final void defineParameters(SDLayerParams params) {
        params.clear();
        for (ParameterSpec.Parameter parameter : parameters().all()) {
            if (parameter.role == ParameterSpec.Role.WEIGHT) {
                params.addWeightParam(parameter.name, parameter.shape);
            } else {
                params.addBiasParam(parameter.name, parameter.shape);
            }
        }
    }

    /** Built anew at each call: the shapes follow the channels, which come late and may change. */
    @Override
    @JsonIgnore
    public SDLayerParams getLayerParams() {
        SDLayerParams params = new SDLayerParams();
        defineParameters(params);
        return params;
    }

    @Override
    public final void initializeParameters(Map<String, INDArray> params) {
        for (ParameterSpec.Parameter parameter : parameters().all()) {
            IWeightInit chosen = paramWeightInit == null ? null : paramWeightInit.get(parameter.name);
            if (chosen == null && weightInit != null && parameter.role == ParameterSpec.Role.WEIGHT) {
                chosen = weightInit.getWeightInitFunction();
            }
            parameter.initialise(params.get(parameter.name), chosen);
        }
    }

    @Override
    public final ParamInitializer initializer() {
        return AttentionParamInitializer.INSTANCE;
    }

    @Override
    public IUpdater getUpdaterByParam(String paramName) {
        switch (parameters().get(paramName).role) {
            case MEAN:
            case VARIANCE:
                return new NoOp();
            case BIAS:
                return biasUpdater != null ? biasUpdater : updater;
            default:
                return updater;
        }
    }

    @Override
    public List<Regularization> getRegularizationByParam(String paramName) {
        switch (parameters().get(paramName).role) {
            case WEIGHT:
            case FACTOR:
                return regularization;
            case BIAS:
                return regularizationBias;
            default:
                return null;
        }
    }

    // ---- DL4J: shapes ----------------------------------------------------------------------------------------------

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        InputType.InputTypeConvolutional map = convolutional(inputType);
        long[] output = outputShape(1, map.getChannels(), map.getHeight(), map.getWidth());
        return InputType.convolutional(output[2], output[3], output[1], map.getFormat());
    }

    @Override
    public void setNIn(InputType inputType, boolean override) {
        if (channels > 0 && !override) {
            return;
        }
        InputType.InputTypeConvolutional cnn = convolutional(inputType);
        channels = cnn.getChannels();
        height = cnn.getHeight();
        width = cnn.getWidth();
        format = cnn.getFormat();
        validate(size());
    }

    @Override
    public InputPreProcessor getPreProcessorForInputType(InputType inputType) {
        if (inputType instanceof InputType.InputTypeConvolutionalFlat) {
            InputType.InputTypeConvolutionalFlat flat = (InputType.InputTypeConvolutionalFlat) inputType;
            return new FeedForwardToCnnPreProcessor(flat.getHeight(), flat.getWidth(), flat.getDepth());
        }
        convolutional(inputType);
        return null;
    }

    private InputType.InputTypeConvolutional convolutional(InputType inputType) {
        if (inputType instanceof InputType.InputTypeConvolutional) {
            return (InputType.InputTypeConvolutional) inputType;
        }
        if (inputType instanceof InputType.InputTypeConvolutionalFlat) {
            return (InputType.InputTypeConvolutional)
                    ((InputType.InputTypeConvolutionalFlat) inputType).getUnflattenedType();
        }
        throw new IllegalArgumentException(describe() + ": input type (" + inputType
                + ") must be a feature map; use InputType.convolutional(height, width, channels)"
                + " and place the block after a convolution");
    }

    /** The block and its layer name, as messages begin. */
    String describe() {
        return blockName() + (layerName == null ? "" : " layer \"" + layerName + "\"");
    }

    @Override
    public void validateInput(INDArray input) {
        int channelAxis = format == CNN2DFormat.NCHW ? 1 : 3;
        if (input.rank() != 4 || input.size(channelAxis) != channels) {
            throw new IllegalArgumentException(describe() + ": input shape (" + Arrays.toString(input.shape())
                    + ") must be "
                    + (format == CNN2DFormat.NCHW ? "[N, " + channels + ", H, W]" : "[N, H, W, " + channels + "]")
                    + "; feed a feature map in the " + format + " format that the configuration names");
        }
    }

    // ---- DL4J: runtime ---------------------------------------------------------------------------------------------

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> trainingListeners,
            int layerIndex,
            INDArray layerParamsView,
            boolean initializeParams,
            DataType networkDataType) {
        if (channels <= 0) {
            throw new IllegalStateException(describe() + ": channels (" + channels
                    + ") must be known before init(); call setInputTypes(InputType.convolutional(height, width,"
                    + " channels)) on the network's builder, on a TransferLearning.GraphBuilder after"
                    + " fineTuneConfiguration, which forgets it");
        }
        AttentionRuntime runtime = AttentionRuntime.of(conf, networkDataType);
        runtime.setListeners(trainingListeners);
        runtime.setIndex(layerIndex);
        runtime.setParamsViewArray(layerParamsView);
        runtime.setParamTable(initializer().init(conf, layerParamsView, initializeParams));
        return runtime;
    }

    @Override
    public LayerMemoryReport getMemoryReport(InputType inputType) {
        long parameters = learnedParameters() + runningStatistics();
        long updaterState = 0;
        for (ParameterSpec.Parameter parameter : parameters().all()) {
            updaterState += getUpdaterByParam(parameter.name).stateSize(parameter.length());
        }
        // Beside the activations that DL4J counts itself, a block keeps per-channel vectors and at most one map.
        long working = inputType.arrayElementsPerExample();
        return new LayerMemoryReport.Builder(layerName, getClass(), inputType, getOutputType(-1, inputType))
                .standardMemory(parameters, updaterState)
                .workingMemory(0, working, 0, 2 * working)
                .cacheMemory(MemoryReport.CACHE_MODE_ALL_ZEROS, MemoryReport.CACHE_MODE_ALL_ZEROS)
                .build();
    }

    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        if (other == null || getClass() != other.getClass() || !super.equals(other)) {
            return false;
        }
        AttentionBlock that = (AttentionBlock) other;
        return size().equals(that.size())
                && format == that.format
                && computation == that.computation
                && weightInit == that.weightInit
                && Objects.equals(paramWeightInit, that.paramWeightInit)
                && options().equals(that.options());
    }

    @Override
    public int hashCode() {
        return 31 * options().hashCode() + Long.hashCode(channels);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "(layerName=" + layerName + ", channels=" + channels + ", format=" + format
                + ", computation=" + computation + ", options=" + options() + ")";
    }

    /**
     * Options that every block has: {@link #computation}, and DL4J's own (name, updater, regularisation, weight
     * initialisation, dropout on the input, constraints).
     *
     * @param <T> the block's own builder
     */
    public abstract static class Builder<T extends Builder<T>> extends SameDiffLayer.Builder<T> {
        private Computation computation = Computation.FUSED;

        /** Starts from the defaults; weights start as in the reference code unless {@code weightInit} says otherwise. */
        protected Builder() {
            this.weightInit = null;
        }

        /**
         * How the block computes.
         *
         * @param computation {@link Computation#FUSED} (default) or {@link Computation#SAMEDIFF}
         * @return this
         */
        @SuppressWarnings("unchecked")
        public T computation(Computation computation) {
            this.computation = Checks.notNull("computation", computation, "use Computation.FUSED or SAMEDIFF");
            return (T) this;
        }

        /** What it would build; what is still missing, if something is. */
        @Override
        public String toString() {
            return BuilderText.of(this, this::build);
        }
    }
}
