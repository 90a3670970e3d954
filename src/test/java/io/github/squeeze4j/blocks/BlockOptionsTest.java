package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.assertj.core.data.Offset;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** Every option changes the result, both ways of computing agree on it, and the defaults are those that are documented. */
@Tag("tiny")
class BlockOptionsTest {
    private static final long[] SHAPE = {2, 16, 6, 7};

    /** Name, the block with the default, the block with the option. */
    static List<Object[]> options() {
        List<Object[]> options = new ArrayList<>();
        add(
                options,
                "se reduction",
                SqueezeExcitation::builder,
                () -> SqueezeExcitation.builder().reduction(4));
        add(
                options,
                "se biases",
                SqueezeExcitation::builder,
                () -> SqueezeExcitation.builder().biases(false));
        add(
                options,
                "se gate",
                SqueezeExcitation::builder,
                () -> SqueezeExcitation.builder().gate(Gate.HARD_SIGMOID));
        add(
                options,
                "se rounding 8",
                SqueezeExcitation::builder,
                () -> SqueezeExcitation.builder().rounding(Rounding.NEAREST_8));
        add(
                options,
                "se rounding divisible",
                SqueezeExcitation::builder,
                () -> SqueezeExcitation.builder().rounding(Rounding.DIVISIBLE_8));
        for (Activation activation : new Activation[] {
            Activation.RELU6,
            Activation.LEAKYRELU,
            Activation.ELU,
            Activation.SELU,
            Activation.SWISH,
            Activation.MISH,
            Activation.TANH,
            Activation.SIGMOID,
            Activation.IDENTITY
        }) {
            // one hidden unit per channel, so that some are negative and some large
            add(
                    options,
                    "se activation " + activation,
                    () -> SqueezeExcitation.builder().reduction(1),
                    () -> SqueezeExcitation.builder().reduction(1).activation(activation));
        }
        add(
                options,
                "salient channelsPerMap",
                Salient::builder,
                () -> Salient.builder().channelsPerMap(4));
        add(options, "spse levels", Spse::builder, () -> Spse.builder().levels(1, 3));
        add(options, "spse reduction", Spse::builder, () -> Spse.builder().reduction(4));
        add(
                options,
                "rgse window",
                () -> Rgse.builder().window(6),
                () -> Rgse.builder().window(2));
        add(
                options,
                "rgse reduction",
                () -> Rgse.builder().window(6),
                () -> Rgse.builder().window(6).reduction(4));
        add(options, "cbam reduction", Cbam::builder, () -> Cbam.builder().reduction(4));
        add(options, "cbam kernel", Cbam::builder, () -> Cbam.builder().kernel(3));
        add(options, "cbam channel", Cbam::builder, () -> Cbam.builder().channel(false));
        add(options, "cbam spatial", Cbam::builder, () -> Cbam.builder().spatial(false));
        for (Pool pool : Pool.values()) {
            add(
                    options,
                    "cbam pool " + pool,
                    Cbam::builder,
                    () -> Cbam.builder().pools(pool));
        }
        add(options, "eca kernel", Eca::builder, () -> Eca.builder().kernel(5));
        add(options, "eca gamma", Eca::builder, () -> Eca.builder().gamma(1));
        add(options, "eca beta", Eca::builder, () -> Eca.builder().beta(4));
        add(
                options,
                "gct norm",
                GatedChannel::builder,
                () -> GatedChannel.builder().norm(GatedChannel.Norm.L1));
        add(
                options,
                "ese gate",
                EffectiveSe::builder,
                () -> EffectiveSe.builder().gate(Gate.SIGMOID));
        add(options, "simam lambda", SimAm::builder, () -> SimAm.builder().lambda(0.1));
        add(
                options,
                "gc reduction",
                () -> GlobalContext.builder().reduction(2),
                () -> GlobalContext.builder().reduction(4));
        add(
                options,
                "gc pooling",
                () -> GlobalContext.builder().reduction(2),
                () -> GlobalContext.builder().reduction(2).pooling(GlobalContext.Pooling.AVERAGE));
        add(
                options,
                "gc multiply and add",
                () -> GlobalContext.builder().reduction(2),
                () -> GlobalContext.builder().reduction(2).multiply(true));
        add(
                options,
                "gc multiply",
                () -> GlobalContext.builder().reduction(2).multiply(true),
                () -> GlobalContext.builder().reduction(2).multiply(true).add(false));
        add(
                options,
                "gc multiply by averages",
                () -> GlobalContext.builder().reduction(2).multiply(true).add(false),
                () -> GlobalContext.builder()
                        .reduction(2)
                        .multiply(true)
                        .add(false)
                        .pooling(GlobalContext.Pooling.AVERAGE));
        add(options, "scse reduction", ScSe::builder, () -> ScSe.builder().reduction(4));
        add(options, "scse combination", ScSe::builder, () -> ScSe.builder().combination(ScSe.Combination.MAX));
        add(options, "cbam all pools", Cbam::builder, () -> Cbam.builder().pools(Pool.values()));
        addNewer(options);
        return options;
    }

    private static void addNewer(List<Object[]> options) {
        Supplier<AttentionBlock.Builder<?>> ca =
                () -> CoordinateAttention.builder().minimumHidden(2);
        add(
                options,
                "ca reduction",
                ca,
                () -> CoordinateAttention.builder().minimumHidden(2).reduction(4));
        add(options, "ca minimumHidden", ca, () -> CoordinateAttention.builder().minimumHidden(3));
        add(options, "bam reduction", Bam::builder, () -> Bam.builder().reduction(4));
        Supplier<AttentionBlock.Builder<?>> bam = () -> Bam.builder().reduction(2);
        add(options, "bam dilation", bam, () -> Bam.builder().reduction(2).dilation(1));
        add(
                options,
                "ge reduction",
                GatherExcite::builder,
                () -> GatherExcite.builder().reduction(4));
        add(
                options,
                "ge gatherRelu",
                GatherExcite::builder,
                () -> GatherExcite.builder().gatherRelu(false));
        add(
                options,
                "ge gatherRelu, extent 4",
                () -> GatherExcite.builder().extent(4),
                () -> GatherExcite.builder().extent(4).gatherRelu(false));
        add(
                options,
                "ge extraParameters",
                GatherExcite::builder,
                () -> GatherExcite.builder().extraParameters(false));
        for (int extent : new int[] {2, 4}) {
            add(
                    options,
                    "ge extent " + extent,
                    GatherExcite::builder,
                    () -> GatherExcite.builder().extent(extent));
            add(
                    options,
                    "ge mlp, extent " + extent,
                    GatherExcite::builder,
                    () -> GatherExcite.builder().extent(extent).mlp(false));
        }
        add(
                options,
                "ge mlp",
                GatherExcite::builder,
                () -> GatherExcite.builder().mlp(false));
        add(
                options,
                "ge extent 6",
                GatherExcite::builder,
                () -> GatherExcite.builder().extent(6).extraParameters(false));
        Supplier<AttentionBlock.Builder<?>> sk = () -> SelectiveKernel.builder().minimumHidden(2);
        add(
                options,
                "sk reduction",
                sk,
                () -> SelectiveKernel.builder().minimumHidden(2).reduction(4));
        add(options, "sk minimumHidden", sk, () -> SelectiveKernel.builder().minimumHidden(3));
        add(
                options,
                "sk groups",
                sk,
                () -> SelectiveKernel.builder().minimumHidden(2).groups(4));
        add(
                options,
                "sk splitInput",
                sk,
                () -> SelectiveKernel.builder().minimumHidden(2).splitInput(true));
    }

    private static void add(
            List<Object[]> options,
            String name,
            Supplier<AttentionBlock.Builder<?>> standard,
            Supplier<AttentionBlock.Builder<?>> changed) {
        options.add(new Object[] {name, standard, changed});
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("options")
    void changesTheResultAndBothWaysAgree(
            String name, Supplier<AttentionBlock.Builder<?>> standard, Supplier<AttentionBlock.Builder<?>> changed) {
        Layers before = layers(standard.get().build());
        Layers fused = layers(changed.get().build());
        Layers reference =
                layers(changed.get().computation(Computation.SAMEDIFF).build());
        Nd4j.getRandom().setSeed(31);
        INDArray x = Nd4j.randn(DataType.DOUBLE, SHAPE).muli(3);
        INDArray gradOutput = Nd4j.randn(DataType.DOUBLE, SHAPE);
        for (boolean training : new boolean[] {false, true}) {
            INDArray y = fused.forward(x, training);
            assertThat(y).as("output").isNotEqualTo(before.forward(x, training));
            Arrays4j.assertClose("output", y, reference.forward(x, training), 1e-12);
            Arrays4j.assertClose("gradient", fused.backward(gradOutput), reference.backward(gradOutput), 1e-11);
            Arrays4j.assertClose("parameter gradients", fused.gradients, reference.gradients, 1e-11);
        }
        assertThat(fused.block).isNotEqualTo(before.block);
    }

    private static Layers layers(AttentionBlock block) {
        Layers layers = Layers.of(block, InputType.convolutional(SHAPE[2], SHAPE[3], SHAPE[1]), DataType.DOUBLE);
        Nd4j.getRandom().setSeed(5);
        layers.layer.paramTable().forEach((key, value) -> {
            INDArray random = Nd4j.rand(DataType.DOUBLE, value.shape());
            // wide enough in SE for the flat parts of every activation, narrow enough elsewhere not to saturate
            double scale = block instanceof SqueezeExcitation ? 4 : 0.5;
            value.assign(
                    Blocks.isVariance(key) ? random.addi(0.5) : random.subi(0.3).muli(scale));
        });
        return layers;
    }

    @Test
    void theSwitchSelectsTheWay() {
        SqueezeExcitation block = SqueezeExcitation.builder().build();
        assertThat(block.getComputation()).isEqualTo(Computation.FUSED);
        block.setComputation(Computation.SAMEDIFF);
        assertThat(block.getComputation()).isEqualTo(Computation.SAMEDIFF);
        assertThat(block).isNotEqualTo(SqueezeExcitation.builder().build());
        assertThatThrownBy(() -> block.setComputation(null)).hasMessageContaining("computation (null) must be set");
    }

    @Test
    void defaultsAreTheDocumentedOnes() {
        assertThat(SqueezeExcitation.builder().build().options())
                .hasToString("{reduction=16, hidden=0, biases=true, gate=SIGMOID, activation=RELU, rounding=DOWN}");
        assertThat(Salient.builder().build().options()).hasToString("{channelsPerMap=" + Integer.MAX_VALUE + "}");
        assertThat(Spse.builder().build().options()).hasToString("{reduction=16, levels=[1, 2, 4]}");
        assertThat(Rgse.builder().build().options()).hasToString("{reduction=16, window=7}");
        assertThat(Cbam.builder().build().options())
                .hasToString("{reduction=16, kernel=7, channel=true, spatial=true, pools=[AVG, MAX]}");
        assertThat(Eca.builder().build().options()).hasToString("{kernel=0, gamma=2.0, beta=1.0}");
        assertThat(GatedChannel.builder().build().options()).hasToString("{norm=L2}");
        assertThat(EffectiveSe.builder().build().options()).hasToString("{gate=HARD_SIGMOID}");
        assertThat(SimAm.builder().build().options()).hasToString("{lambda=1.0E-4}");
        assertThat(GlobalContext.builder().build().options())
                .hasToString("{reduction=16, pooling=ATTENTION, add=true, multiply=false}");
        assertThat(ScSe.builder().build().options()).hasToString("{reduction=2, combination=ADD}");
        assertThat(GatedChannel.EPSILON).isEqualTo(1e-5);
        assertThat(ContextTransform.EPSILON).isEqualTo(1e-5);
        assertThat(CoordinateAttention.builder().build().options()).hasToString("{reduction=32, minimumHidden=8}");
        assertThat(Bam.builder().build().options()).hasToString("{reduction=16, dilation=4}");
        assertThat(GatherExcite.builder().build().options())
                .hasToString(
                        "{extent=0, extraParameters=true, mlp=true, reduction=16, gatherRelu=true, momentum=0.05}");
        assertThat(SelectiveKernel.builder().build().options())
                .hasToString("{reduction=16, minimumHidden=32, groups=1, outputs=0, stride=1, splitInput=false,"
                        + " momentum=0.05}");
        assertThat(BatchNorm.EPSILON).isEqualTo(1e-5);
        assertThat(BatchNorm.MOMENTUM).isEqualTo(0.1);
        assertThat(Cbam.SPATIAL_MOMENTUM).isEqualTo(0.01);
    }

    @Test
    void roundsHiddenChannelsAsTheNamesSay() {
        assertThat(Rounding.DOWN.hidden(64, 16)).isEqualTo(4);
        assertThat(Rounding.DOWN.hidden(24, 16)).isEqualTo(1);
        assertThat(Rounding.NEAREST_8.hidden(64, 16)).isEqualTo(8);
        assertThat(Rounding.NEAREST_8.hidden(320, 16)).isEqualTo(24);
        assertThat(Rounding.NEAREST_8.hidden(176, 16)).isEqualTo(8);
        assertThat(Rounding.DIVISIBLE_8.hidden(176, 16)).isEqualTo(16);
        assertThat(Rounding.DIVISIBLE_8.hidden(72, 4)).isEqualTo(24);
        assertThat(Rounding.DIVISIBLE_8.hidden(16, 4)).isEqualTo(8);
    }

    /** As timm 1.0.31's EcaModule chooses them. */
    @Test
    void adaptiveKernelsFollowTheChannels() {
        int[][] pairs = {
            {1, 3}, {2, 3}, {4, 3}, {7, 3}, {8, 3}, {16, 3}, {32, 3}, {64, 3}, {128, 5}, {256, 5}, {512, 5}, {1024, 5},
            {2048, 7}, {96, 3}, {320, 5}
        };
        for (int[] pair : pairs) {
            Layers layers = Layers.of(Eca.builder().build(), InputType.convolutional(1, 1, pair[0]), DataType.FLOAT);
            assertThat(layers.layer.getParam("convW").length())
                    .as("kernel for %d channels", pair[0])
                    .isEqualTo(pair[1]);
        }
    }

    /** What each block reaches when it is asked to start at 0.8 and at 1. */
    private static Map<AttentionBlock, double[]> starts() {
        Map<AttentionBlock, double[]> starts = new LinkedHashMap<>();
        double[] any = {0.8, 1};
        for (AttentionBlock block : List.of(
                SqueezeExcitation.builder().reduction(4).build(),
                SqueezeExcitation.builder().reduction(4).gate(Gate.HARD_SIGMOID).build(),
                Salient.builder().build(),
                Spse.builder().reduction(4).build(),
                Rgse.builder().reduction(4).window(3).build(),
                Cbam.builder().reduction(4).build(),
                Cbam.builder().reduction(4).spatial(false).build(),
                Cbam.builder().channel(false).build(),
                GatedChannel.builder().build(),
                GatedChannel.builder().norm(GatedChannel.Norm.L1).build(),
                EffectiveSe.builder().build(),
                EffectiveSe.builder().gate(Gate.SIGMOID).build(),
                GlobalContext.builder().reduction(4).multiply(true).build(),
                ScSe.builder().build(),
                ScSe.builder().combination(ScSe.Combination.MAX).build(),
                CoordinateAttention.builder().build(),
                GatherExcite.builder().extent(2).reduction(4).build(),
                GatherExcite.builder().mlp(false).build())) {
            starts.put(block, any);
        }
        starts.put(SqueezeExcitation.builder().reduction(4).biases(false).build(), new double[] {0.5, 0.5});
        starts.put(Eca.builder().build(), new double[] {0.5, 0.5});
        starts.put(GlobalContext.builder().reduction(4).build(), new double[] {1, 1});
        starts.put(Bam.builder().reduction(4).build(), new double[] {1.2, 1});
        return starts;
    }

    /** The factor that is returned is what the block multiplies by, whatever the map. */
    @Test
    void blocksStartAtAGate() {
        Nd4j.getRandom().setSeed(8);
        INDArray x = Nd4j.randn(DataType.DOUBLE, SHAPE);
        starts().forEach((prototype, reached) -> {
            double[] gates = {0.8, 1};
            for (int i = 0; i < gates.length; i++) {
                Layers layers = layers((AttentionBlock) prototype.clone());
                double start = AttentionBlock.startNearIdentity(layers.layer, gates[i]);
                assertThat(start).as("%s at %s", prototype, gates[i]).isCloseTo(reached[i], Offset.offset(1e-7));
                for (boolean training : new boolean[] {false, true}) {
                    Arrays4j.assertClose(prototype.blockName(), layers.forward(x, training), x.mul(start), 1e-12);
                }
            }
        });
    }

    /** Blocks that multiply by no constant are left as they are, or come as near as they can. */
    @Test
    void blocksThatCannotStartAtAGate() {
        assertThat(SelectiveKernel.builder().build().startAt(0.5, Map.of())).isNaN();
        GatherExcite minus =
                GatherExcite.builder().extraParameters(false).mlp(false).build();
        assertThat(minus.startAt(0.5, Map.of())).isNaN();
        Layers simam = layers(SimAm.builder().build());
        assertThat(simam.block.startAt(1, simam.layer.paramTable())).isBetween(0.679, 0.68);
        assertThat(simam.forward(Nd4j.ones(DataType.DOUBLE, SHAPE), false)
                        .meanNumber()
                        .doubleValue())
                .isCloseTo(1 / (1 + Math.exp(-0.5)), Offset.offset(1e-12));
    }

    @Test
    void passesOverTheMapAreCounted() {
        InputType map = InputType.convolutional(5, 7, 16);
        long elements = 5 * 7 * 16;
        assertThat(Eca.builder().build().mapOperations(map)).isEqualTo(2 * elements);
        assertThat(GatedChannel.builder().build().mapOperations(map)).isEqualTo(2 * elements);
        assertThat(EffectiveSe.builder().build().mapOperations(map)).isEqualTo(2 * elements);
        assertThat(SimAm.builder().build().mapOperations(map)).isEqualTo(3 * elements);
        assertThat(GlobalContext.builder().build().mapOperations(map)).isEqualTo(2 * elements);
        assertThat(GlobalContext.builder().multiply(true).build().mapOperations(map))
                .isEqualTo(3 * elements);
        assertThat(ScSe.builder().build().mapOperations(map)).isEqualTo(3 * elements);
    }

    @Test
    void multiplyAccumulatesAreCounted() {
        InputType map = InputType.convolutional(5, 7, 16);
        assertThat(layers(Eca.builder().build()).block.macs(map)).isEqualTo(16 * 3);
        assertThat(layers(GatedChannel.builder().build()).block.macs(map)).isZero();
        assertThat(layers(EffectiveSe.builder().build()).block.macs(map)).isEqualTo(16 * 16);
        assertThat(layers(SimAm.builder().build()).block.macs(map)).isZero();
        assertThat(layers(GlobalContext.builder().reduction(4).build()).block.macs(map))
                .isEqualTo(5 * 7 * 16 + 2 * 16 * 4);
        assertThat(layers(GlobalContext.builder()
                                .reduction(4)
                                .multiply(true)
                                .pooling(GlobalContext.Pooling.AVERAGE)
                                .build())
                        .block
                        .macs(map))
                .isEqualTo(2 * 2 * 16 * 4);
        assertThat(layers(ScSe.builder().build()).block.macs(map)).isEqualTo(5 * 7 * 16 + 2 * 16 * 8);
    }

    @Test
    void weightsStartAsChosen() {
        Layers constant = Layers.of(
                SqueezeExcitation.builder()
                        .reduction(4)
                        .weightInit(WeightInit.ONES)
                        .build(),
                InputType.convolutional(3, 3, 8),
                DataType.FLOAT);
        assertThat(constant.layer.getParam("reduceW").meanNumber().doubleValue())
                .isEqualTo(1);
        assertThat(constant.layer.getParam("reduceB").meanNumber().doubleValue())
                .isZero();
        Layers single = Layers.of(
                SqueezeExcitation.builder()
                        .reduction(4)
                        .weightInit("expandB", new WeightInitConstant(2))
                        .build(),
                InputType.convolutional(3, 3, 8),
                DataType.FLOAT);
        assertThat(single.layer.getParam("expandB").meanNumber().doubleValue()).isEqualTo(2);
        double bound = 1 / Math.sqrt(8);
        assertThat(single.layer.getParam("reduceW").amaxNumber().doubleValue()).isBetween(bound / 3, bound);
        Layers cbam = Layers.of(Cbam.builder().reduction(4).build(), InputType.convolutional(9, 9, 8), DataType.FLOAT);
        assertThat(cbam.layer.getParam("gamma").getDouble(0)).isZero();
        assertThat(cbam.layer.getParam("var").getDouble(0)).isEqualTo(1);
    }

    /** What the authors' code draws: a bound for uniform numbers, a deviation for normal ones; 0 for zeros. */
    private static void assertStart(AttentionBlock block, String parameter, double bound, double deviation) {
        Layers layers = Layers.of(block, InputType.convolutional(14, 14, 256), DataType.DOUBLE);
        INDArray drawn = layers.layer.getParam(parameter);
        String name = block.blockName() + " " + parameter;
        double largest = drawn.amaxNumber().doubleValue();
        double spread = Math.sqrt(drawn.mul(drawn).meanNumber().doubleValue());
        if (bound > 0) {
            assertThat(largest).as(name).isLessThanOrEqualTo(bound);
            deviation = bound / Math.sqrt(3);
        } else if (deviation > 0) {
            // of so many normal numbers one is farther out than a uniform one can be
            assertThat(largest).as(name).isGreaterThan(2 * deviation);
        }
        // the mean square of n numbers has a relative deviation of sqrt(2 / n) at most: five of them
        double tolerance = deviation * 5 / Math.sqrt(2.0 * drawn.length());
        assertThat(spread).as(name).isCloseTo(deviation, Offset.offset(tolerance));
    }

    @Test
    void parametersStartAsInTheAuthorsCode() {
        Nd4j.getRandom().setSeed(11);
        AttentionBlock ese = EffectiveSe.builder().build();
        assertStart(ese, "fcW", 0, Math.sqrt(2.0 / 256)); // vovnet.py, _initialize_weights
        assertStart(ese, "fcB", 1 / Math.sqrt(256), 0);
        AttentionBlock gc = GlobalContext.builder().reduction(2).build();
        assertStart(gc, "attentionW", 0, Math.sqrt(2.0 / 256)); // context_block.py, reset_parameters
        assertStart(gc, "attentionB", 0, 0);
        assertStart(gc, "addReduceW", 1 / Math.sqrt(256), 0);
        assertStart(gc, "addReduceB", 1 / Math.sqrt(256), 0);
        assertStart(gc, "addExpandW", 0, 0);
        assertStart(gc, "addExpandB", 0, 0);
        AttentionBlock scse = ScSe.builder().build();
        assertStart(scse, "reduceW", 1 / Math.sqrt(256), 0);
        assertStart(scse, "reduceB", 1 / Math.sqrt(256), 0);
        assertStart(scse, "expandW", 1 / Math.sqrt(128), 0);
        assertStart(scse, "expandB", 1 / Math.sqrt(128), 0);
        assertStart(scse, "spatialW", 1 / Math.sqrt(256), 0);
        assertThat(Math.abs(Layers.of(scse, InputType.convolutional(14, 14, 256), DataType.DOUBLE)
                        .layer
                        .getParam("spatialB")
                        .getDouble(0)))
                .isGreaterThan(0)
                .isLessThanOrEqualTo(1 / Math.sqrt(256));
        AttentionBlock ca = CoordinateAttention.builder().reduction(4).build();
        assertStart(ca, "reduceB", 1 / Math.sqrt(256), 0);
        assertStart(ca, "rowW", 1 / Math.sqrt(64), 0);
        assertStart(ca, "rowB", 1 / Math.sqrt(64), 0);
        assertStart(ca, "columnB", 1 / Math.sqrt(64), 0);
        AttentionBlock bam = Bam.builder().reduction(4).build(); // model_resnet.py
        assertStart(bam, "reduceW", 1 / Math.sqrt(256), 0);
        assertStart(bam, "spatialReduceW", 0, Math.sqrt(2.0 / 64));
        assertStart(bam, "dilated1W", 0, Math.sqrt(2.0 / 64 / 9));
        assertStart(bam, "spatialW", 0, Math.sqrt(2));
        assertStart(bam, "dilated2B", 0, 0);
        AttentionBlock sk = SelectiveKernel.builder().groups(8).build(); // sknet50.prototxt
        assertStart(sk, "branch1W", 0, Math.sqrt(2.0 / 32 / 9));
        assertStart(sk, "reduceW", 0, 0.01);
        assertStart(sk, "selectW", 0, 0.01);
        AttentionBlock ge = GatherExcite.builder().build(); // RN50-GEPP.prototxt
        assertStart(ge, "gather1W", 0, Math.sqrt(2.0 / 14 / 14));
        assertStart(ge, "reduceW", 0, 0.01);
        assertStart(ge, "expandW", 0, 0.01);
        assertStart(ge, "expandB", 0, 0);
        assertStart(GatherExcite.builder().extent(2).build(), "gather1W", 0, Math.sqrt(2.0 / 9));
    }

    /** z-x-yang/GCT, main.py: weight_decay is 0 for "beta" alone. */
    @Test
    void weightDecayFallsOnAlphaAndGammaOfGct() {
        double rate = 0.1;
        double l2 = 0.5;
        NeuralNetConfiguration.Builder global =
                Blocks.global(DataType.DOUBLE).updater(new Sgd(rate)).l2(l2);
        ComputationGraph graph =
                new ComputationGraph(Blocks.conf(global, GatedChannel.builder().build()));
        graph.init();
        Blocks.randomize(graph, "att");
        ComputationGraph plain = new ComputationGraph(Blocks.conf(
                Blocks.global(DataType.DOUBLE).updater(new Sgd(rate)),
                GatedChannel.builder().build()));
        plain.init(graph.params().dup(), false);
        Map<String, INDArray> before = new LinkedHashMap<>();
        graph.getLayer("att").paramTable().forEach((name, value) -> before.put(name, value.dup()));
        graph.fit(Blocks.data(4, DataType.DOUBLE));
        plain.fit(Blocks.data(4, DataType.DOUBLE));
        before.forEach((name, value) -> {
            INDArray without = plain.getLayer("att").getParam(name);
            INDArray decayed = name.equals("beta") ? without : without.sub(value.mul(rate * l2));
            Arrays4j.assertClose(name, graph.getLayer("att").getParam(name), decayed, 1e-12);
        });
        assertThat(GatedChannel.builder().l2(l2).build().getRegularizationByParam("alpha"))
                .isNotEmpty();
        assertThat(graph.getLayer("att").calcRegularizationScore(true))
                .isCloseTo(
                        l2
                                / 2
                                * (squares(graph.getLayer("att").getParam("alpha"))
                                        + squares(graph.getLayer("att").getParam("gamma"))),
                        Offset.offset(1e-12));
    }

    private static double squares(INDArray values) {
        return values.mul(values).sumNumber().doubleValue();
    }

    @ParameterizedTest
    @EnumSource(Computation.class)
    void momentumIsTheWeightOfTheNewestBatch(Computation computation) {
        List<AttentionBlock.Builder<?>> builders = List.of(
                GatherExcite.builder().momentum(0.3),
                GatherExcite.builder().gatherRelu(false).momentum(0.3),
                GatherExcite.builder().extent(2).momentum(0.3),
                SelectiveKernel.builder().minimumHidden(2).momentum(0.3));
        List<AttentionBlock.Builder<?>> standards = List.of(
                GatherExcite.builder(),
                GatherExcite.builder().gatherRelu(false),
                GatherExcite.builder().extent(2),
                SelectiveKernel.builder().minimumHidden(2));
        for (int i = 0; i < builders.size(); i++) {
            Layers changed = layers(builders.get(i).computation(computation).build());
            Layers standard = layers(standards.get(i).computation(computation).build());
            Nd4j.getRandom().setSeed(31);
            INDArray x = Nd4j.randn(DataType.DOUBLE, SHAPE);
            for (Layers layers : List.of(changed, standard)) {
                layers.forward(x, true);
                layers.backward(x);
            }
            Map<String, INDArray> expected = standard.gradientTable();
            changed.gradientTable().forEach((name, moved) -> {
                boolean statistic = name.endsWith("Mean") || name.endsWith("Var");
                Arrays4j.assertClose(name, moved, expected.get(name).mul(statistic ? 0.3 / 0.05 : 1), 1e-12);
            });
        }
    }

    /** A file from before these options holds none of them: it means what it meant. */
    @Test
    void olderFilesKeepTheirMeaning() {
        for (AttentionBlock block : List.of(
                GatherExcite.builder()
                        .reduction(4)
                        .gatherRelu(false)
                        .momentum(0.1)
                        .build(),
                SelectiveKernel.builder().momentum(0.1).build())) {
            ComputationGraphConfiguration conf = Blocks.conf(Blocks.global(DataType.FLOAT), block);
            String older = conf.toJson()
                    .replaceAll("\\s*\"(gatherRelu|momentum)\" : (false|0\\.1),?", "")
                    .replaceAll(",(\\s*})", "$1");
            assertThat(older).doesNotContain("gatherRelu").doesNotContain("\"momentum\" : 0.1");
            assertThat(ComputationGraphConfiguration.fromJson(older)).isEqualTo(conf);
        }
    }

    // ---- the blocks' meaning ---------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Computation.class)
    void aHandWorkedCase(Computation computation) {
        Layers layers = Layers.of(
                SqueezeExcitation.builder()
                        .reduction(2)
                        .computation(computation)
                        .build(),
                InputType.convolutional(1, 2, 2),
                DataType.DOUBLE);
        layers.layer.setParam("reduceW", Nd4j.createFromArray(new double[][] {{2}, {1}}));
        layers.layer.setParam("reduceB", Nd4j.createFromArray(-1.0));
        layers.layer.setParam("expandW", Nd4j.createFromArray(new double[][] {{1, -1}}));
        layers.layer.setParam("expandB", Nd4j.createFromArray(-5.0, 5.0));
        // means 2 and 1, hidden relu(2 * 2 + 1 - 1) = 4, scores -1 and 1
        INDArray x = Nd4j.createFromArray(1.0, 3.0, 0.0, 2.0).reshape(1, 2, 1, 2);
        double low = 1 / (1 + Math.exp(1));
        double high = 1 / (1 + Math.exp(-1));
        assertThat(layers.forward(x, false).dup('c').data().asDouble())
                .containsExactly(new double[] {low, 3 * low, 0, 2 * high}, org.assertj.core.data.Offset.offset(1e-15));
    }

    @ParameterizedTest
    @EnumSource(Computation.class)
    void aShutGateGivesZerosAndAnOpenOneTheInput(Computation computation) {
        for (double bias : new double[] {-4, 4}) {
            Layers layers = Layers.of(
                    SqueezeExcitation.builder()
                            .reduction(4)
                            .gate(Gate.HARD_SIGMOID)
                            .computation(computation)
                            .build(),
                    InputType.convolutional(3, 3, 8),
                    DataType.DOUBLE);
            layers.layer.getParam("expandW").assign(0);
            layers.layer.getParam("expandB").assign(bias);
            INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 8, 3, 3);
            assertThat(layers.forward(x, false)).isEqualTo(bias < 0 ? x.mul(0) : x);
        }
    }

    /** As after a ReLU that is dead for a channel. */
    @ParameterizedTest
    @EnumSource(Computation.class)
    void everyPoolHasAGradientForAMapOfZeros(Computation computation) {
        for (Pool pool : Pool.values()) {
            Layers layers =
                    layers(Cbam.builder().pools(pool).computation(computation).build());
            layers.forward(Nd4j.zeros(DataType.DOUBLE, SHAPE), true);
            INDArray gradient = layers.backward(Nd4j.ones(DataType.DOUBLE, SHAPE));
            assertThat(gradient.isNaN().any()).as("NaN behind " + pool).isFalse();
            assertThat(gradient.isInfinite().any())
                    .as("infinity behind " + pool)
                    .isFalse();
        }
    }

    @Test
    void countsWhatItDoes() {
        InputType map = InputType.convolutional(6, 7, 16);
        long area = 6 * 7;
        CoordinateAttention ca = CoordinateAttention.builder().build();
        Bam bam = Bam.builder().reduction(4).build();
        GatherExcite ge = GatherExcite.builder().extent(4).reduction(4).build();
        GatherExcite global = GatherExcite.builder().mlp(false).build();
        SelectiveKernel sk = SelectiveKernel.builder().groups(4).build();
        for (AttentionBlock block : new AttentionBlock[] {ca, bam, ge, global, sk}) {
            block.setNIn(map, true);
        }
        assertThat(ca.macs(map)).isEqualTo(2 * 13 * 16 * 8);
        assertThat(bam.macs(map)).isEqualTo(2 * 16 * 4 + area * (16 * 4 + 18 * 16 + 4));
        assertThat(ge.macs(map)).isEqualTo(16 * 9 * (3 * 4 + 2 * 2) + 2 * 16 * 4 * 4);
        assertThat(global.macs(map)).isEqualTo(16 * area);
        assertThat(sk.macs(map)).isEqualTo(2 * area * 16 * 4 * 9 + 3 * 16 * 32);
        assertThat(ca.mapOperations(map)).isEqualTo(4 * 16 * area);
        assertThat(bam.mapOperations(map)).isEqualTo(2 * 16 * area);
        assertThat(ge.mapOperations(map)).isEqualTo(16 * area);
        assertThat(GatherExcite.builder().extraParameters(false).build().mapOperations(map))
                .isEqualTo(2 * 16 * area);
        assertThat(sk.mapOperations(map)).isEqualTo(3 * 16 * area);
    }

    @Test
    void squeezeExcitationDoesNotSeeTheOrderOfPositions() {
        Layers layers = Layers.of(
                SqueezeExcitation.builder().reduction(4).build(), InputType.convolutional(4, 5, 8), DataType.DOUBLE);
        INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 8, 4, 5);
        INDArray y = layers.forward(x, false).dup();
        INDArray backwards = Nd4j.create(DataType.DOUBLE, 2, 8, 4, 5);
        INDArray expected = Nd4j.create(DataType.DOUBLE, 2, 8, 4, 5);
        for (int n = 0; n < 2; n++) {
            for (int c = 0; c < 8; c++) {
                for (int i = 0; i < 20; i++) {
                    int other = 19 - i;
                    long[] from = {n, c, other / 5, other % 5};
                    backwards.putScalar(new long[] {n, c, i / 5, i % 5}, x.getDouble(from));
                    expected.putScalar(new long[] {n, c, i / 5, i % 5}, y.getDouble(from));
                }
            }
        }
        Arrays4j.assertClose("shuffled", layers.forward(backwards, false), expected, 1e-14);
    }
}
