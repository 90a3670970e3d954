package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Coordinate attention: a gate per channel and row, times a gate per channel and column.
 *
 * <pre>
 * p        = [mean over w of x; mean over h of x]                          [N, C, H + W]
 * f        = hswish(BN(reduceW p + reduceB))                               hswish(z) = z min(max(z + 3, 0), 6) / 6
 * ah[n, c] = sigmoid(rowW f[rows] + rowB)                                  [N, C, H, 1]
 * aw[n, c] = sigmoid(columnW f[columns] + columnB)                         [N, C, 1, W]
 * y        = x * ah * aw
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; with m = max(minimumHidden, C/r) hidden channels {@code reduceW} [m, C, 1, 1],
 * {@code reduceB} [m], {@code rowW} and {@code columnW} [C, m, 1, 1], {@code rowB} and {@code columnB} [C];
 * {@code gamma}, {@code beta}, {@code mean}, {@code var} [m]. BatchNorm: epsilon 1e-5, momentum 0.1.
 * Weights and biases start as those of PyTorch's layers do, uniform within 1 / sqrt(inputs), as in {@code coordatt.py} (the
 * authors' MobileNetV2, {@code mbv2_ca.py}, then starts all its convolutions normal, with biases 0).
 *
 * <p>Hou et al., Coordinate Attention for Efficient Mobile Network Design, 2103.02907; houqb/CoordAttention,
 * {@code coordatt.py}.
 *
 * <pre>{@code
 * .addLayer("ca", CoordinateAttention.builder().reduction(32).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "ca", "shortcut")
 * }</pre>
 */
public final class CoordinateAttention extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 32;

    /** Default {@link Builder#minimumHidden}. */
    public static final int DEFAULT_MINIMUM_HIDDEN = 8;

    static final String REDUCE_WEIGHT = "reduceW";
    static final String REDUCE_BIAS = "reduceB";
    static final String ROW_WEIGHT = "rowW";
    static final String ROW_BIAS = "rowB";
    static final String COLUMN_WEIGHT = "columnW";
    static final String COLUMN_BIAS = "columnB";

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("minimumHidden")
    private int minimumHidden;

    /** For JSON. */
    private CoordinateAttention() {}

    private CoordinateAttention(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        minimumHidden = builder.minimumHidden;
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

    private long hidden() {
        return Math.max(minimumHidden, getChannels() / reduction);
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        long channels = getChannels();
        long hidden = hidden();
        spec.weight(REDUCE_WEIGHT, channels, hidden, hidden, channels, 1, 1);
        spec.weight(ROW_WEIGHT, hidden, channels, channels, hidden, 1, 1);
        spec.weight(COLUMN_WEIGHT, hidden, channels, channels, hidden, 1, 1);
        spec.uniformBias(REDUCE_BIAS, channels, hidden);
        spec.uniformBias(ROW_BIAS, hidden, channels);
        spec.uniformBias(COLUMN_BIAS, hidden, channels);
        return spec.batchNorm(hidden, 1);
    }

    @Override
    Value define(BlockOps o, Value x) {
        long channels = o.size.channels;
        long height = o.size.height;
        long width = o.size.width;
        Value rows = o.mean(x, 3);
        Value columns = o.reshape(o.mean(x, 2), TensorType.BATCH, channels, width, 1);
        Value reduced = o.convolution(
                o.concat(2, rows, columns), o.parameter(REDUCE_WEIGHT), o.parameter(REDUCE_BIAS), 1, 1, 1);
        Value z = o.exact(o.batchNorm(reduced));
        Value features = o.rounded(o.multiply(z, o.unary(Op.HARD_SIGMOID, z)));
        Value rowGates = gates(o, o.slice(features, 2, 0, height), ROW_WEIGHT, ROW_BIAS);
        Value columnGates = gates(o, o.slice(features, 2, height, width), COLUMN_WEIGHT, COLUMN_BIAS);
        columnGates = o.reshape(columnGates, TensorType.BATCH, channels, 1, width);
        o.gate("rows", BlockGate.Kind.POSITIONS, rowGates);
        o.gate("columns", BlockGate.Kind.POSITIONS, columnGates);
        return o.multiply(o.multiply(x, rowGates), columnGates);
    }

    private static Value gates(BlockOps o, Value features, String weight, String bias) {
        return o.sigmoid(o.convolution(features, o.parameter(weight), o.parameter(bias), 1, 1, 1));
    }

    @Override
    Kernel kernel() {
        return new CoordinateKernel();
    }

    /** Any reduction will do: there are never fewer hidden channels than the minimum. */
    @Override
    void validate(MapSize size) {}

    @Override
    public String blockName() {
        return "ca";
    }

    /**
     * Elements read by the passes over the map: two poolings and two re-weightings.
     *
     * @param inputType the block's input
     * @return 4 C H W
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 4 * inputType.arrayElementsPerExample();
    }

    /** Zero weights and equal biases: each of the two gates is the root of {@code gate}. Returns the factor reached. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        double each = Math.sqrt(Math.max(gate, 0));
        parameters.get(ROW_WEIGHT).assign(0);
        parameters.get(COLUMN_WEIGHT).assign(0);
        parameters.get(ROW_BIAS).assign(Logit.of(each));
        parameters.get(COLUMN_BIAS).assign(Logit.of(each));
        return Logit.reachable(each) == each ? gate : Logit.reachable(each) * Logit.reachable(each);
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("minimumHidden", minimumHidden);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int minimumHidden = DEFAULT_MINIMUM_HIDDEN;

        private Builder() {}

        /**
         * How many channels share one hidden channel: hidden channels are C / reduction, rounded down, but at least {@link
         * #minimumHidden}.
         *
         * @param reduction at least 1; default 32
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * The fewest hidden channels.
         *
         * @param minimumHidden at least 1; default 8
         * @return this
         */
        public Builder minimumHidden(int minimumHidden) {
            this.minimumHidden = Checks.positive(
                    "minimumHidden", minimumHidden, "use minimumHidden(" + DEFAULT_MINIMUM_HIDDEN + ")");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public CoordinateAttention build() {
            return new CoordinateAttention(this);
        }
    }
}
