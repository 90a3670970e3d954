package io.github.squeeze4j.layers;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.engine.Acceleration;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Sizes rounded up, against loops over windows. */
class CeilPoolingTest {
    private static final int CHANNELS = 17;

    /** One pooling of maps. */
    private static final class Case {
        final PoolingType type;
        final int kernel;
        final int stride;
        final int padding;
        final boolean counts;
        final int height;
        final int width;

        Case(PoolingType type, int kernel, int stride, int padding, boolean counts, int height, int width) {
            this.type = type;
            this.kernel = kernel;
            this.stride = stride;
            this.padding = padding;
            this.counts = counts;
            this.height = height;
            this.width = width;
        }

        NativePooling layer(CNN2DFormat format) {
            return NativePooling.of(new SubsamplingLayer.Builder(type)
                            .kernelSize(kernel, kernel)
                            .stride(stride, stride)
                            .padding(padding, padding)
                            .avgPoolIncludePadInDivisor(counts)
                            .dataFormat(format)
                            .build())
                    .ceilMode();
        }

        int out(int size) {
            int count = (int) Math.ceil((size + 2 * padding - kernel) / (double) stride) + 1;
            return (count - 1) * stride >= size + padding ? count - 1 : count;
        }

        @Override
        public String toString() {
            return type + " " + kernel + "/" + stride + "+" + padding + (counts ? " counted" : "") + " of " + height
                    + "x" + width;
        }
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (PoolingType type : new PoolingType[] {PoolingType.MAX, PoolingType.AVG}) {
            cases.add(new Case(type, 3, 2, 0, false, 8, 7));
            cases.add(new Case(type, 3, 2, 1, false, 8, 7));
            cases.add(new Case(type, 2, 2, 0, false, 5, 8));
            cases.add(new Case(type, 2, 3, 1, false, 6, 5)); // a last window in the padding, which is dropped
            cases.add(new Case(type, 3, 1, 1, false, 6, 5));
        }
        cases.add(new Case(PoolingType.AVG, 3, 2, 0, true, 8, 7));
        cases.add(new Case(PoolingType.AVG, 3, 1, 1, true, 6, 5));
        cases.add(new Case(PoolingType.AVG, 3, 2, 1, true, 8, 7)); // windows reach beyond the padding, which counts
        cases.add(new Case(PoolingType.AVG, 2, 3, 1, true, 6, 5));
        return cases;
    }

    /** The result of maps [N, C, H, W], and into gradInput what reaches them of gradOutput. */
    private static INDArray loops(Case c, INDArray x, INDArray gradOutput, INDArray gradInput) {
        INDArray y = Nd4j.zeros(DataType.DOUBLE, x.size(0), x.size(1), c.out(c.height), c.out(c.width));
        for (int n = 0; n < x.size(0); n++) {
            for (int k = 0; k < x.size(1); k++) {
                for (int i = 0; i < y.size(2); i++) {
                    for (int j = 0; j < y.size(3); j++) {
                        window(c, x, y, gradOutput, gradInput, n, k, i, j);
                    }
                }
            }
        }
        return y;
    }

    private static void window(
            Case c, INDArray x, INDArray y, INDArray gradOutput, INDArray gradInput, int n, int k, int i, int j) {
        int top = i * c.stride - c.padding;
        int left = j * c.stride - c.padding;
        int around = c.counts ? c.padding : 0;
        int count = (Math.min(top + c.kernel, c.height + around) - Math.max(top, -around))
                * (Math.min(left + c.kernel, c.width + around) - Math.max(left, -around));
        double sum = 0;
        double largest = Double.NEGATIVE_INFINITY;
        int[] where = new int[2];
        double gradient = gradOutput.getDouble(n, k, i, j);
        for (int h = Math.max(0, top); h < Math.min(c.height, top + c.kernel); h++) {
            for (int w = Math.max(0, left); w < Math.min(c.width, left + c.kernel); w++) {
                double value = x.getDouble(n, k, h, w);
                sum += value;
                if (value > largest) {
                    largest = value;
                    where = new int[] {h, w};
                }
                if (c.type == PoolingType.AVG) {
                    gradInput.putScalar(n, k, h, w, gradInput.getDouble(n, k, h, w) + gradient / count);
                }
            }
        }
        if (c.type == PoolingType.MAX) {
            gradInput.putScalar(n, k, where[0], where[1], gradInput.getDouble(n, k, where[0], where[1]) + gradient);
        }
        y.putScalar(n, k, i, j, c.type == PoolingType.MAX ? largest : sum / count);
    }

    private static ComputationGraph network(Case c, DataType type, CNN2DFormat format) {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(c.height, c.width, CHANNELS, format))
                .addLayer("pool", c.layer(format), "input")
                .addLayer("same", new ActivationLayer(Activation.IDENTITY), "pool")
                .setOutputs("same")
                .build();
        assertThat(ComputationGraphConfiguration.fromJson(configuration.toJson()))
                .isEqualTo(configuration);
        ComputationGraph network = new ComputationGraph(ComputationGraphConfiguration.fromJson(configuration.toJson()));
        network.init();
        return network;
    }

    private static INDArray from(CNN2DFormat format, INDArray map, DataType type) {
        return (format == CNN2DFormat.NCHW ? map : map.permute(0, 2, 3, 1))
                .castTo(type)
                .dup('c');
    }

    private static INDArray back(CNN2DFormat format, INDArray map) {
        return format == CNN2DFormat.NCHW ? map : map.permute(0, 3, 1, 2);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void valuesAndGradients(Case c) {
        Nd4j.getRandom().setSeed(5);
        // all negative, so that a zero of padding would show
        INDArray x = Nd4j.rand(DataType.DOUBLE, 2, CHANNELS, c.height, c.width).subi(1.5);
        INDArray gradOutput = Nd4j.randn(DataType.DOUBLE, 2, CHANNELS, c.out(c.height), c.out(c.width));
        INDArray gradInput = Nd4j.zeros(DataType.DOUBLE, x.shape());
        INDArray y = loops(c, x, gradOutput, gradInput);
        for (CNN2DFormat format : CNN2DFormat.values()) {
            for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
                double tolerance = type == DataType.FLOAT ? 1e-6 : 1e-13;
                ComputationGraph network = network(c, type, format);
                INDArray input = from(format, x, type);
                assertClose("network", back(format, network.output(input)[0]), y, tolerance);
                org.deeplearning4j.nn.api.Layer layer = network.getLayer("pool");
                LayerWorkspaceMgr workspaces = LayerWorkspaceMgr.noWorkspaces();
                layer.setInput(input, workspaces);
                assertClose("output", back(format, layer.activate(true, workspaces)), y, tolerance);
                INDArray gradient = layer.backpropGradient(from(format, gradOutput, type), workspaces)
                        .getSecond();
                assertClose("gradient", back(format, gradient), gradInput, tolerance);
                if (type == DataType.FLOAT) {
                    Acceleration acceleration = Acceleration.apply(network);
                    assertClose("accelerated", back(format, network.output(input)[0]), y, tolerance);
                    assertThat(acceleration.lastRefusal()).isNull();
                    assertThat(acceleration.otherLayers().containsKey("pool"))
                            .isEqualTo(c.type == PoolingType.AVG && c.counts && c.padding > 0 && c.stride > 1);
                }
            }
        }
    }

    @Test
    void byHand() {
        Case c = new Case(PoolingType.MAX, 2, 2, 0, false, 3, 3);
        INDArray x = Nd4j.arange(9).castTo(DataType.DOUBLE).reshape(1, 1, 3, 3);
        INDArray gradInput = Nd4j.zeros(DataType.DOUBLE, 1, 1, 3, 3);
        INDArray y = loops(c, x, Nd4j.ones(DataType.DOUBLE, 1, 1, 2, 2), gradInput);
        assertThat(y.data().asDouble()).containsExactly(4, 5, 7, 8);
        assertThat(gradInput.data().asDouble()).containsExactly(0, 0, 0, 0, 1, 1, 0, 1, 1);
        c = new Case(PoolingType.AVG, 2, 2, 0, false, 3, 3);
        y = loops(c, x, Nd4j.ones(DataType.DOUBLE, 1, 1, 2, 2), gradInput);
        assertThat(y.data().asDouble()).containsExactly(2, 3.5, 6.5, 8);
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void equality(CNN2DFormat format) {
        NativePooling ceil = cases().get(0).layer(format);
        NativePooling floor = NativePooling.of(new SubsamplingLayer.Builder(PoolingType.MAX)
                .kernelSize(3, 3)
                .stride(2, 2)
                .avgPoolIncludePadInDivisor(false)
                .dataFormat(format)
                .build());
        assertThat(floor.isCeilMode()).isFalse();
        assertThat(ceil).isNotEqualTo(floor).isEqualTo(floor.ceilMode()).isEqualTo(ceil.clone());
    }

    @Test
    void badOptions() {
        assertThatThrownBy(() -> new Case(PoolingType.SUM, 2, 2, 0, false, 5, 5).layer(CNN2DFormat.NCHW))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be MAX or AVG");
        SubsamplingLayer.Builder builder = new SubsamplingLayer.Builder(PoolingType.MAX);
        assertThatThrownBy(() -> NativePooling.of(
                                builder.convolutionMode(ConvolutionMode.Same).build())
                        .ceilMode())
                .hasMessageContaining("must be Truncate");
    }
}
