package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Resolution-guided squeeze and excitation: SE whose squeeze is a learned, per-channel sum over a grid of region means.
 *
 * <pre>
 * p       = averages of x over windows of the window's size, without overlap, [N, C, gh, gw]
 * z[n, c] = BN(sum over i, j of fusionW[c, i, j] p[n, c, i, j]);   z = p where the grid is 1 x 1
 * s       = sigmoid(expandW' relu(reduceW' relu(z) + reduceB) + expandB)
 * y       = x * s[n, c]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; the grid is gh = floor(H / window) by gw = floor(W / window), and rows and columns
 * beyond it do not enter the squeeze; {@code fusionW} [C, gh, gw] and {@code gamma}, {@code beta}, {@code mean},
 * {@code var} [C] only where the grid is larger than 1 x 1; {@code reduceW} [C, C/r], {@code reduceB} [C/r],
 * {@code expandW} [C/r, C], {@code expandB} [C]. BatchNorm: epsilon 1e-5, momentum 0.1. Since the parameters depend on
 * the grid, inputs must give the grid that the network was configured for.
 *
 * <p>Jin et al., Delving Deep into Spatial Pooling for Squeeze-and-Excitation Networks;
 * megvii-research/RG-SENet_SP-SENet, {@code rgse_resnet.py}.
 *
 * <pre>{@code
 * .addLayer("rgse", Rgse.builder().window(7).reduction(16).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "rgse", "shortcut")
 * }</pre>
 */
public final class Rgse extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    /** Default {@link Builder#window}. */
    public static final int DEFAULT_WINDOW = 7;

    static final String FUSION_WEIGHT = "fusionW";

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("window")
    private int window;

    /** For JSON. */
    private Rgse() {}

    private Rgse(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        window = builder.window;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the reference's defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Whether the grid is larger than 1 x 1; taken to be so while the map's size is not known. */
    private boolean fuses(MapSize size) {
        return size.height == 0 || size.height / window > 1 || size.width / window > 1;
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        MapSize size = size();
        if (fuses(size)) {
            long rows = size.height / window;
            long columns = size.width / window;
            spec.weight(FUSION_WEIGHT, rows * columns, rows * columns, size.channels, rows, columns);
        }
        Excitation.parameters(spec, size.channels, size.channels / reduction, true);
        return fuses(size) ? spec.batchNorm(size.channels, 1) : spec;
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value z = o.averagePool(x, window, window, 0, o.size.height / window, o.size.width / window);
        if (fuses(o.size)) {
            o.show("fusion", BlockGate.Kind.WEIGHTS, o.parameter(FUSION_WEIGHT));
            z = o.normalizedRelu(BatchNorm.ONLY, o.weightedSum(o.exact(z), o.exact(FUSION_WEIGHT)));
        } else {
            z = o.relu(z);
        }
        Value scores = Excitation.define(o, z, Activation.RELU, true);
        return o.multiply(x, o.channelGate(o.sigmoid(scores)));
    }

    @Override
    Kernel kernel() {
        return new SqueezeKernel(new Excitation(Activation.RELU, true), Gate.SIGMOID, new RegionSqueeze(window));
    }

    @Override
    void validate(MapSize size) {
        Excitation.validate(describe(), size.channels, reduction);
        long smaller = Math.min(size.height, size.width);
        if (window > smaller) {
            throw new IllegalArgumentException(describe() + ": window (" + window + ") must not exceed the map's size ("
                    + size.height + " x " + size.width + "); use window(" + smaller + ")");
        }
    }

    @Override
    public void validateInput(INDArray input) {
        super.validateInput(input);
        boolean first = getFormat() == CNN2DFormat.NCHW;
        long height = input.size(first ? 2 : 1);
        long width = input.size(first ? 3 : 2);
        MapSize size = size();
        if (height / window != size.height / window || width / window != size.width / window) {
            throw new IllegalArgumentException(describe() + ": input map (" + height + " x " + width + ") must give a "
                    + size.height / window + " x " + size.width / window + " grid of windows of " + window
                    + ", as the " + size.height + " x " + size.width
                    + " map does that the network was configured for; resize the images or configure the network for"
                    + " this size");
        }
    }

    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        return Excitation.startAt(gate, Gate.SIGMOID, parameters);
    }

    @Override
    public String blockName() {
        return "rgse";
    }

    @Override
    public long mapOperations(InputType inputType) {
        return 2 * inputType.arrayElementsPerExample(); // the pooling and the re-weighting
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("window", window);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int window = DEFAULT_WINDOW;

        private Builder() {}

        /**
         * How many channels share one hidden channel: hidden channels are C / reduction, rounded down.
         *
         * @param reduction at least 1, at most C; default 16
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * Height and width of a region, in positions of the map.
         *
         * @param window at least 1, at most the map's height and width; default 7
         * @return this
         */
        public Builder window(int window) {
            this.window = Checks.positive("window", window, "use window(" + DEFAULT_WINDOW + ")");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Rgse build() {
            return new Rgse(this);
        }
    }
}
