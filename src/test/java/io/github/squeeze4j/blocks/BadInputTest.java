package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The exact messages: name, value, rule, remedy. */
class BadInputTest {
    private static void assertMessage(ThrowingCallable call, String message) {
        assertThatThrownBy(call).hasMessage(message);
    }

    private static Layers layers(AttentionBlock block, int height, int width, int channels) {
        block.setLayerName("att");
        return Layers.of(block, InputType.convolutional(height, width, channels), DataType.FLOAT);
    }

    @Test
    void optionsThatCanNeverBe() {
        assertMessage(
                () -> SqueezeExcitation.builder().reduction(0), "reduction (0) must be positive; use reduction(16)");
        assertMessage(() -> Spse.builder().reduction(-1), "reduction (-1) must be positive; use reduction(16)");
        assertMessage(() -> Rgse.builder().reduction(0), "reduction (0) must be positive; use reduction(16)");
        assertMessage(() -> Cbam.builder().reduction(-3), "reduction (-3) must be positive; use reduction(16)");
        assertMessage(() -> GlobalContext.builder().reduction(0), "reduction (0) must be positive; use reduction(16)");
        assertMessage(() -> ScSe.builder().reduction(0), "reduction (0) must be positive; use reduction(2)");
        assertMessage(
                () -> Eca.builder().kernel(0),
                "kernel (0) must be positive; leave it out for one that follows the channels");
        assertMessage(
                () -> Eca.builder().kernel(4),
                "kernel (4) must be odd, so that a channel has as many neighbours on either side; use kernel(5)");
        assertMessage(() -> Eca.builder().gamma(0), "gamma (0.0) must be positive; use gamma(2)");
        assertMessage(() -> Eca.builder().beta(Double.NaN), "beta (NaN) must be finite; use beta(1)");
        assertMessage(() -> GatedChannel.builder().norm(null), "norm (null) must be set; use GatedChannel.Norm.L2");
        assertMessage(() -> EffectiveSe.builder().gate(null), "gate (null) must be set; use Gate.HARD_SIGMOID");
        assertMessage(
                () -> SimAm.builder().lambda(0),
                "lambda (0.0) must be positive, so that constant maps do not divide by 0; use lambda(1.0E-4)");
        assertMessage(
                () -> GlobalContext.builder().pooling(null),
                "pooling (null) must be set; use GlobalContext.Pooling.ATTENTION");
        assertMessage(
                () -> GlobalContext.builder().add(false).build(),
                "add (false) and multiply (false) must not both be off; use add(true), or no block at all");
        assertMessage(
                () -> ScSe.builder().combination(null), "combination (null) must be set; use ScSe.Combination.ADD");
        assertMessage(() -> SqueezeExcitation.builder().gate(null), "gate (null) must be set; use Gate.SIGMOID");
        assertMessage(
                () -> SqueezeExcitation.builder().rounding(null), "rounding (null) must be set; use Rounding.DOWN");
        assertMessage(
                () -> SqueezeExcitation.builder().computation(null),
                "computation (null) must be set; use Computation.FUSED or SAMEDIFF");
        assertThatThrownBy(() -> SqueezeExcitation.builder().activation(Activation.SOFTMAX))
                .hasMessageStartingWith("activation (SOFTMAX) must be one of [")
                .hasMessageEndingWith("; use Activation.RELU for the papers' form");
        assertMessage(
                () -> Salient.builder().channelsPerMap(0),
                "channelsPerMap (0) must be positive; leave it out for one map over all channels");
        assertMessage(() -> Spse.builder().levels(1, 0), "levels (0) must be positive; use levels(1, 2, 4)");
        assertMessage(() -> Spse.builder().levels(), "levels [] must name at least one level; use levels(1, 2, 4)");
        assertMessage(() -> Spse.builder().levels(2, 2), "levels [2, 2] must be distinct; name 2 once");
        assertMessage(() -> Rgse.builder().window(0), "window (0) must be positive; use window(7)");
        assertMessage(() -> Cbam.builder().kernel(-7), "kernel (-7) must be positive; use kernel(7)");
        assertMessage(
                () -> Cbam.builder().kernel(4),
                "kernel (4) must be odd, so that the gate keeps the map's size; use kernel(5)");
        assertMessage(
                () -> Cbam.builder().pools(),
                "pools [] must name at least one pool, each once; use pools(Pool.AVG, Pool.MAX)");
        assertMessage(
                () -> Cbam.builder().channel(false).spatial(false).build(),
                "channel (false) and spatial (false) must not both be off; use channel(true), or no block at all");
        assertMessage(
                () -> CoordinateAttention.builder().reduction(0), "reduction (0) must be positive; use reduction(32)");
        assertMessage(
                () -> CoordinateAttention.builder().minimumHidden(0),
                "minimumHidden (0) must be positive; use minimumHidden(8)");
        assertMessage(() -> Bam.builder().reduction(0), "reduction (0) must be positive; use reduction(16)");
        assertMessage(() -> Bam.builder().dilation(-4), "dilation (-4) must be positive; use dilation(4)");
        assertMessage(() -> GatherExcite.builder().reduction(0), "reduction (0) must be positive; use reduction(16)");
        for (int extent : new int[] {-2, 3}) {
            assertMessage(
                    () -> GatherExcite.builder().extent(extent),
                    "extent (" + extent + ") must be 0, for the whole map, or even; use extent(8)");
        }
        assertMessage(
                () -> GatherExcite.builder().extent(12).build(),
                "extent (12) must be a power of two with extraParameters (true), whose convolutions halve the map; use"
                        + " extent(8) or extraParameters(false)");
        assertMessage(
                () -> SelectiveKernel.builder().reduction(0), "reduction (0) must be positive; use reduction(16)");
        for (double momentum : new double[] {0, -0.1, 1.5, Double.NaN}) {
            String message = "momentum (" + momentum
                    + "), the weight of the newest batch, must be above 0 and at most 1; use momentum(0.05)";
            assertMessage(() -> GatherExcite.builder().momentum(momentum), message);
            assertMessage(() -> SelectiveKernel.builder().momentum(momentum), message);
        }
        assertMessage(
                () -> GatherExcite.builder().gatherRelu(true).mlp(false).build(),
                "gatherRelu (true) must not be set with mlp (false) and extraParameters (true), since it stands between"
                        + " gathering convolutions and the MLP; leave it out");
        assertMessage(
                () -> GatherExcite.builder()
                        .gatherRelu(false)
                        .extraParameters(false)
                        .build(),
                "gatherRelu (false) must not be set with mlp (true) and extraParameters (false), since it stands between"
                        + " gathering convolutions and the MLP; leave it out");
        assertMessage(
                () -> SelectiveKernel.builder().minimumHidden(-1),
                "minimumHidden (-1) must be positive; use minimumHidden(32)");
        assertMessage(() -> SelectiveKernel.builder().groups(0), "groups (0) must be positive; use groups(1)");
    }

    @Test
    void optionsThatDoNotFitTheMap() {
        String tooLarge = " layer \"att\": reduction (32) must not exceed channels (16); use reduction(8)";
        assertMessage(() -> layers(SqueezeExcitation.builder().reduction(32).build(), 4, 4, 16), "se" + tooLarge);
        assertMessage(() -> layers(Spse.builder().reduction(32).build(), 4, 4, 16), "spse" + tooLarge);
        assertMessage(() -> layers(Rgse.builder().reduction(32).build(), 7, 7, 16), "rgse" + tooLarge);
        assertMessage(() -> layers(Cbam.builder().reduction(32).build(), 4, 4, 16), "cbam" + tooLarge);
        assertMessage(() -> layers(GlobalContext.builder().reduction(32).build(), 4, 4, 16), "gc" + tooLarge);
        assertMessage(() -> layers(ScSe.builder().reduction(32).build(), 4, 4, 16), "scse" + tooLarge);
        assertMessage(() -> layers(Bam.builder().reduction(32).build(), 4, 4, 16), "bam" + tooLarge);
        assertMessage(() -> layers(GatherExcite.builder().reduction(32).build(), 4, 4, 16), "ge" + tooLarge);
        assertMessage(
                () -> layers(SelectiveKernel.builder().groups(5).build(), 4, 4, 16),
                "sk layer \"att\": groups (5) must divide channels (16); use a divisor, or leave it out for one group");
        assertMessage(
                () -> layers(Rgse.builder().build(), 4, 6, 16),
                "rgse layer \"att\": window (7) must not exceed the map's size (4 x 6); use window(4)");
        assertMessage(
                () -> layers(Salient.builder().channelsPerMap(5).build(), 4, 4, 16),
                "salient layer \"att\": channelsPerMap (5) must divide channels (16); use a divisor, or leave it out for"
                        + " one map");
    }

    @Test
    void inputTypesThatAreNoMaps() {
        for (InputType type : new InputType[] {
            InputType.feedForward(8),
            InputType.recurrent(8),
            InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 2, 2, 2, 8)
        }) {
            for (ThrowingCallable call : new ThrowingCallable[] {
                () -> Salient.builder().name("att").build().setNIn(type, true),
                () -> Salient.builder().name("att").build().getOutputType(0, type),
                () -> Salient.builder().name("att").build().getPreProcessorForInputType(type)
            }) {
                assertMessage(
                        call,
                        "salient layer \"att\": input type (" + type + ") must be a feature map; use"
                                + " InputType.convolutional(height, width, channels) and place the block after a"
                                + " convolution");
            }
        }
        assertThatThrownBy(() -> Blocks.global(DataType.FLOAT)
                        .graphBuilder()
                        .addInputs("in")
                        .setInputTypes(InputType.recurrent(8))
                        .addLayer("att", SqueezeExcitation.builder().build(), "in")
                        .setOutputs("att")
                        .build())
                .hasMessageContaining("se layer \"att\": input type (")
                .hasMessageContaining("must be a feature map");
    }

    @Test
    void arraysOfTheWrongShape() {
        Layers layers = layers(SqueezeExcitation.builder().reduction(2).build(), 4, 4, 8);
        assertMessage(
                () -> layers.forward(Nd4j.ones(DataType.FLOAT, 2, 8), false),
                "se layer \"att\": input shape ([2, 8]) must be [N, 8, H, W]; feed a feature map in the NCHW format that"
                        + " the configuration names");
        assertMessage(
                () -> layers.forward(Nd4j.ones(DataType.FLOAT, 2, 4, 4, 8), false),
                "se layer \"att\": input shape ([2, 4, 4, 8]) must be [N, 8, H, W]; feed a feature map in the NCHW format"
                        + " that the configuration names");
        AttentionBlock last =
                SqueezeExcitation.builder().reduction(2).name("att").build();
        Layers nhwc = Layers.of(last, InputType.convolutional(4, 4, 8, CNN2DFormat.NHWC), DataType.FLOAT);
        assertMessage(
                () -> nhwc.forward(Nd4j.ones(DataType.FLOAT, 2, 8, 4, 4), false),
                "se layer \"att\": input shape ([2, 8, 4, 4]) must be [N, H, W, 8]; feed a feature map in the NHWC format"
                        + " that the configuration names");
        Layers ge = layers(GatherExcite.builder().reduction(2).build(), 5, 4, 8);
        assertMessage(
                () -> ge.forward(Nd4j.ones(DataType.FLOAT, 2, 8, 5, 5), false),
                "ge layer \"att\": input map (5 x 5) must be 5 x 4, as the network was configured for, since with"
                        + " extent(0) extraParameters(true) has a weight per position; resize the images, configure the"
                        + " network for this size, or use extent(2)");
        Layers rgse = layers(Rgse.builder().reduction(2).build(), 14, 14, 8);
        assertMessage(
                () -> rgse.forward(Nd4j.ones(DataType.FLOAT, 2, 8, 21, 14), false),
                "rgse layer \"att\": input map (21 x 14) must give a 2 x 2 grid of windows of 7, as the 14 x 14 map does"
                        + " that the network was configured for; resize the images or configure the network for this"
                        + " size");
    }

    @Test
    void networksWithoutInputTypes() {
        ComputationGraph graph = new ComputationGraph(Blocks.global(DataType.FLOAT)
                .graphBuilder()
                .addInputs("in")
                .addLayer("att", SqueezeExcitation.builder().build(), "in")
                .setOutputs("att")
                .build());
        assertThatThrownBy(graph::init)
                .hasStackTraceContaining("se layer \"att\": channels (0) must be known before init(); call"
                        + " setInputTypes(InputType.convolutional(height, width, channels)) on the network's builder,"
                        + " on a TransferLearning.GraphBuilder after fineTuneConfiguration, which forgets it");
        assertThat(Salient.builder().name("att").build().toString()).startsWith("Salient(layerName=att, channels=0");
    }
}
