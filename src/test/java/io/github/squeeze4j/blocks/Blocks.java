package io.github.squeeze4j.blocks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** What the tests of blocks share: every block in a small form, and a small network around it. */
final class Blocks {
    static final int CHANNELS = 8;
    static final int HEIGHT = 9;
    static final int WIDTH = 7;
    static final int CLASSES = 3;

    private Blocks() {}

    /** Builders for 8 channels and maps from 6 x 6. */
    static Map<String, Supplier<AttentionBlock.Builder<?>>> builders() {
        Map<String, Supplier<AttentionBlock.Builder<?>>> builders = new LinkedHashMap<>();
        builders.put("se", () -> SqueezeExcitation.builder().reduction(4));
        builders.put("salient", Salient::builder);
        builders.put("salient-groups", () -> Salient.builder().channelsPerMap(4));
        builders.put("spse", () -> Spse.builder().reduction(4));
        builders.put("rgse", () -> Rgse.builder().reduction(4).window(3));
        builders.put("cbam", () -> Cbam.builder().reduction(4).kernel(3));
        builders.put("eca", Eca::builder);
        builders.put("gct", GatedChannel::builder);
        builders.put("gct-l1", () -> GatedChannel.builder().norm(GatedChannel.Norm.L1));
        builders.put("ese", EffectiveSe::builder);
        builders.put("simam", SimAm::builder);
        builders.put("gc", () -> GlobalContext.builder().reduction(2));
        builders.put("gc-multiply", () -> GlobalContext.builder().reduction(2).multiply(true));
        builders.put("scse", ScSe::builder);
        builders.put("scse-max", () -> ScSe.builder().combination(ScSe.Combination.MAX));
        builders.put("ca", () -> CoordinateAttention.builder().reduction(4).minimumHidden(3));
        builders.put("bam", () -> Bam.builder().reduction(4).dilation(2));
        builders.put(
                "sk",
                () -> SelectiveKernel.builder().reduction(4).minimumHidden(3).groups(4));
        builders.put("ge", () -> GatherExcite.builder().extent(4).reduction(4));
        builders.put(
                "ge-means",
                () -> GatherExcite.builder().extent(2).extraParameters(false).reduction(4));
        return builders;
    }

    static AttentionBlock block(String name, Computation computation) {
        return builders().get(name).get().computation(computation).build();
    }

    static List<Object[]> blocksAndComputations() {
        List<Object[]> runs = new ArrayList<>();
        for (String name : builders().keySet()) {
            for (Computation computation : Computation.values()) {
                runs.add(new Object[] {name, computation});
            }
        }
        return runs;
    }

    static NeuralNetConfiguration.Builder global(DataType type) {
        return new NeuralNetConfiguration.Builder().seed(12345).dataType(type).updater(new Nesterovs(0.05, 0.9));
    }

    /** conv 3x3, block "att", ReLU, global average pooling, softmax over three classes. */
    static ComputationGraphConfiguration conf(NeuralNetConfiguration.Builder global, AttentionBlock block) {
        return conf(global, block, CNN2DFormat.NCHW);
    }

    static ComputationGraphConfiguration conf(
            NeuralNetConfiguration.Builder global, AttentionBlock block, CNN2DFormat format) {
        return global.graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(HEIGHT, WIDTH, 2, format))
                .addLayer(
                        "conv",
                        new ConvolutionLayer.Builder(3, 3)
                                .padding(1, 1)
                                .dataFormat(format)
                                .nOut(CHANNELS)
                                .activation(Activation.IDENTITY)
                                .build(),
                        "in")
                .addLayer("att", block, "conv")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "att")
                .addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "relu")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .nOut(CLASSES)
                                .build(),
                        "pool")
                .setOutputs("out")
                .build();
    }

    static ComputationGraph graph(String name, Computation computation, DataType type) {
        ComputationGraph graph = new ComputationGraph(conf(global(type), block(name, computation)));
        graph.init();
        randomize(graph, "att");
        return graph;
    }

    /** Parameters away from their initial values, so that none of them (CBAM's gamma) hides another. */
    static void randomize(ComputationGraph graph, String layer) {
        Nd4j.getRandom().setSeed(7);
        graph.getLayer(layer).paramTable().forEach((key, value) -> {
            INDArray random = Nd4j.rand(DataType.DOUBLE, value.shape());
            value.assign(isVariance(key) ? random.addi(0.5) : random.subi(0.4));
        });
    }

    /** Whether a parameter is a running variance, of whichever BatchNorm. */
    static boolean isVariance(String parameter) {
        return parameter.equals(BatchNorm.VARIANCE) || parameter.endsWith("Var");
    }

    static DataSet data(int examples, DataType type) {
        return data(examples, type, CNN2DFormat.NCHW);
    }

    static DataSet data(int examples, DataType type, CNN2DFormat format) {
        Nd4j.getRandom().setSeed(99);
        INDArray x = Nd4j.randn(DataType.DOUBLE, examples, 2, HEIGHT, WIDTH);
        if (format == CNN2DFormat.NHWC) {
            x = x.permute(0, 2, 3, 1).dup('c');
        }
        INDArray labels = Nd4j.zeros(DataType.DOUBLE, examples, CLASSES);
        for (int i = 0; i < examples; i++) {
            labels.putScalar(i, i % CLASSES, 1);
        }
        return new DataSet(x.castTo(type), labels.castTo(type));
    }
}
