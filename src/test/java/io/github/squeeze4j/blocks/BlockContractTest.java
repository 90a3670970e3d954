package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryType;
import org.deeplearning4j.nn.conf.memory.MemoryUseMode;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.listeners.CollectScoresIterationListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** What DL4J expects of a layer, for every block and both ways of computing. */
@Tag("tiny")
class BlockContractTest {
    private static final double FLOAT = 1e-5;

    static List<Object[]> blocks() {
        return Blocks.blocksAndComputations();
    }

    static Set<String> names() {
        return Blocks.builders().keySet();
    }

    /** For what lies in DL4J and in the runtime around a kernel: every block as it is by default, and one by its definition. */
    static List<Object[]> defaultsAndOneDefinition() {
        List<Object[]> runs = new ArrayList<>();
        names().forEach(name -> runs.add(new Object[] {name, Computation.FUSED}));
        runs.add(new Object[] {"cbam", Computation.SAMEDIFF});
        return runs;
    }

    private static INDArray output(ComputationGraph graph, DataSet data) {
        return graph.outputSingle(data.getFeatures());
    }

    private static INDArray[] statistics(ComputationGraph graph) {
        return statistics(graph, "att");
    }

    private static INDArray[] statistics(ComputationGraph graph, String layer) {
        AttentionBlock block = (AttentionBlock) graph.getLayer(layer).conf().getLayer();
        return block.parameters().statistics().stream()
                .map(statistic -> graph.getLayer(layer).getParam(statistic.name).dup())
                .toArray(INDArray[]::new);
    }

    private static void assertSameStatistics(String name, ComputationGraph graph, INDArray[] expected) {
        INDArray[] actual = statistics(graph);
        assertThat(actual.length).isEqualTo(expected.length);
        for (int i = 0; i < actual.length; i++) {
            Arrays4j.assertSame(name + " statistic " + i, actual[i], expected[i]);
        }
    }

    // ---- shapes, layouts, types ------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void keepsTheShapeForAnyBatchAndSize(String name, Computation computation) {
        for (long[] shape : new long[][] {{1, 8, 6, 6}, {5, 8, 7, 13}, {2, 8, 30, 6}, {1, 8, 1, 1}, {3, 8, 1, 5}}) {
            if (name.equals("rgse") && Math.min(shape[2], shape[3]) < 3) {
                continue; // its window of 3 does not fit, and a test of messages covers that
            }
            for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
                Layers layers = Layers.of(
                        Blocks.block(name, computation), InputType.convolutional(shape[2], shape[3], shape[1]), type);
                INDArray x = Nd4j.rand(type, shape);
                INDArray copy = x.dup();
                INDArray y = layers.forward(x, true);
                INDArray gradient = layers.backward(Nd4j.ones(type, shape));
                assertThat(y.shape()).isEqualTo(shape);
                assertThat(y.dataType()).isEqualTo(type);
                assertThat(gradient.shape()).isEqualTo(shape);
                assertThat(y.isNaN().any()).as("NaN in output").isFalse();
                assertThat(gradient.isNaN().any()).as("NaN in gradient").isFalse();
                assertThat(layers.gradients.isNaN().any())
                        .as("NaN in parameter gradients")
                        .isFalse();
                Arrays4j.assertSame("the input, left alone", x, copy);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void sizesMayChangeFromCallToCall(String name, Computation computation) {
        Layers layers = Layers.of(Blocks.block(name, computation), InputType.convolutional(7, 8, 8), DataType.FLOAT);
        for (long[] shape : new long[][] {{2, 8, 7, 8}, {3, 8, 6, 7}, {1, 8, 8, 8}, {2, 8, 7, 8}}) {
            assertThat(layers.forward(Nd4j.rand(DataType.FLOAT, shape), false).shape())
                    .isEqualTo(shape);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void readsViewsAndFortranOrder(String name, Computation computation) {
        Layers layers = Layers.of(Blocks.block(name, computation), InputType.convolutional(7, 8, 8), DataType.DOUBLE);
        INDArray x = Nd4j.rand(DataType.DOUBLE, 2, 8, 7, 8);
        INDArray gradOutput = Nd4j.rand(DataType.DOUBLE, 2, 8, 7, 8);
        INDArray y = layers.forward(x, true).dup();
        INDArray gx = layers.backward(gradOutput).dup();
        INDArray permuted = x.permute(0, 1, 3, 2).dup('c').permute(0, 1, 3, 2);
        for (INDArray other : new INDArray[] {x.dup('f'), permuted}) {
            Arrays4j.assertClose("output", layers.forward(other, true), y, 1e-12);
            Arrays4j.assertClose("gradient", layers.backward(gradOutput.dup('f')), gx, 1e-12);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void trainsInBothLayoutsAlike(String name, Computation computation) {
        INDArray[] outputs = new INDArray[2];
        for (CNN2DFormat format : CNN2DFormat.values()) {
            ComputationGraph graph = new ComputationGraph(
                    Blocks.conf(Blocks.global(DataType.DOUBLE), Blocks.block(name, computation), format));
            graph.init();
            Blocks.randomize(graph, "att");
            DataSet data = Blocks.data(6, DataType.DOUBLE, format);
            for (int i = 0; i < 3; i++) {
                graph.fit(data);
            }
            outputs[format.ordinal()] = output(graph, data);
        }
        Arrays4j.assertClose("NHWC output", outputs[1], outputs[0], 1e-10);
    }

    @ParameterizedTest
    @MethodSource("names")
    void bothWaysTrainAlike(String name) {
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        ComputationGraph graph = Blocks.graph(name, Computation.SAMEDIFF, DataType.DOUBLE);
        ComputationGraph fused = Blocks.graph(name, Computation.FUSED, DataType.DOUBLE);
        for (int i = 0; i < 5; i++) {
            graph.fit(data);
            fused.fit(data);
        }
        Arrays4j.assertClose("parameters", graph.params(), fused.params(), 1e-10);
    }

    // ---- configuration and files -----------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void survivesJsonAndYaml(String name, Computation computation) {
        ComputationGraphConfiguration conf =
                Blocks.conf(Blocks.global(DataType.FLOAT), (AttentionBlock) Blocks.builders()
                        .get(name)
                        .get()
                        .computation(computation)
                        .updater(new Adam(0.002))
                        .l2(0.1)
                        .build());
        ComputationGraphConfiguration json = ComputationGraphConfiguration.fromJson(conf.toJson());
        assertThat(json).isEqualTo(conf);
        assertThat(json.getVertices().get("att")).isEqualTo(conf.getVertices().get("att"));
        assertThat(json.toJson()).isEqualTo(conf.toJson());
        ComputationGraphConfiguration yaml = ComputationGraphConfiguration.fromYaml(conf.toYaml());
        assertThat(yaml).isEqualTo(conf);
        assertThat(conf.clone()).isEqualTo(conf);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void savesAndLoads(String name, Computation computation, @TempDir Path folder) throws IOException {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT);
        DataSet data = Blocks.data(6, DataType.FLOAT);
        graph.fit(data);
        File file = folder.resolve("model.zip").toFile();
        ModelSerializer.writeModel(graph, file, true);
        ComputationGraph loaded = ModelSerializer.restoreComputationGraph(file, true);
        Arrays4j.assertSame("parameters", loaded.params(), graph.params());
        Arrays4j.assertSame("output", output(loaded, data), output(graph, data));
        graph.fit(data);
        loaded.fit(data);
        Arrays4j.assertClose("parameters after one more step", loaded.params(), graph.params(), 1e-6);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void clonesAreEqualAndIndependent(String name, Computation computation) {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT);
        DataSet data = Blocks.data(6, DataType.FLOAT);
        graph.fit(data);
        INDArray before = output(graph, data).dup();
        ComputationGraph clone = graph.clone();
        Arrays4j.assertSame("output", output(clone, data), before);
        clone.fit(data);
        Arrays4j.assertSame("output", output(graph, data), before);
        assertThat(output(clone, data)).isNotEqualTo(before);

        org.deeplearning4j.nn.api.Layer layer = ((AttentionRuntime) graph.getLayer("att")).clone();
        if (layer.numParams() > 0) {
            Arrays4j.assertSame(
                    "parameters", layer.params(), graph.getLayer("att").params());
            layer.params().addi(1);
        }
        Arrays4j.assertSame("output", output(graph, data), before);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void worksInMultiLayerNetworks(String name, Computation computation) {
        MultiLayerConfiguration conf = Blocks.global(DataType.DOUBLE)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .padding(1, 1)
                        .nOut(Blocks.CHANNELS)
                        .build())
                .layer(Blocks.block(name, computation))
                .layer(new GlobalPoolingLayer.Builder(PoolingType.AVG).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(Blocks.CLASSES)
                        .build())
                .setInputType(InputType.convolutional(Blocks.HEIGHT, Blocks.WIDTH, 2))
                .build();
        MultiLayerNetwork network = new MultiLayerNetwork(conf);
        network.init();
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        double before = network.score(data);
        for (int i = 0; i < 8; i++) {
            network.fit(data);
        }
        assertThat(network.score(data)).isLessThan(before);
        MultiLayerConfiguration json = MultiLayerConfiguration.fromJson(conf.toJson());
        assertThat(json).isEqualTo(conf);
        MultiLayerNetwork clone = network.clone();
        Arrays4j.assertSame("output", clone.output(data.getFeatures()), network.output(data.getFeatures()));
        assertThat(network.feedForward(data.getFeatures()).get(2).shape()).isEqualTo(new long[] {6, 8, 9, 7});
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void takesFlatInput(String name, Computation computation) {
        MultiLayerNetwork network = new MultiLayerNetwork(Blocks.global(DataType.FLOAT)
                .list()
                .layer(Blocks.block(name, computation))
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.convolutionalFlat(6, 6, 8))
                .build());
        network.init();
        assertThat(network.output(Nd4j.rand(DataType.FLOAT, 2, 288)).shape()).isEqualTo(new long[] {2, 3});
    }

    // ---- training --------------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void everyLearnedParameterGetsAGradientAndMoves(String name, Computation computation) {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.DOUBLE);
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        AttentionBlock block = (AttentionBlock) graph.getLayer("att").conf().getLayer();
        INDArray before = graph.params().dup();
        graph.setInputs(data.getFeatures());
        graph.setLabels(data.getLabels());
        graph.computeGradientAndScore();
        Map<String, INDArray> gradients = graph.gradient().gradientForVariable();
        for (ParameterSpec.Parameter parameter : block.parameters().learned()) {
            INDArray gradient = gradients.get("att_" + parameter.name);
            assertThat(gradient.amaxNumber().doubleValue()).as(parameter.name).isPositive();
        }
        for (ParameterSpec.Parameter statistic : block.parameters().statistics()) {
            assertThat(gradients).doesNotContainKey("att_" + statistic.name);
        }
        graph.fit(data);
        assertThat(graph.params()).isNotEqualTo(before);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void workspacesChangeNothing(String name, Computation computation) {
        INDArray[] parameters = new INDArray[2];
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        for (WorkspaceMode mode : new WorkspaceMode[] {WorkspaceMode.ENABLED, WorkspaceMode.NONE}) {
            ComputationGraph graph = new ComputationGraph(Blocks.conf(
                    Blocks.global(DataType.DOUBLE).trainingWorkspaceMode(mode).inferenceWorkspaceMode(mode),
                    Blocks.block(name, computation)));
            graph.init();
            Blocks.randomize(graph, "att");
            for (int i = 0; i < 3; i++) {
                graph.fit(data);
                output(graph, data);
            }
            parameters[mode == WorkspaceMode.NONE ? 1 : 0] = graph.params();
        }
        Arrays4j.assertSame("parameters", parameters[1], parameters[0]);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void runningStatisticsMoveByTrainingAlone(String name, Computation computation) {
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        ComputationGraph plain = Blocks.graph(name, computation, DataType.DOUBLE);
        if (statistics(plain).length == 0) {
            assertThat(Blocks.block(name, computation).runningStatistics()).isZero();
            assertThat(name).matches("se|eca|gct.*|ese|simam|gc.*|scse.*|ge-means");
            return;
        }
        INDArray[] start = statistics(plain);
        output(plain, data);
        plain.score(data, true);
        assertSameStatistics("inference and scoring", plain, start);
        plain.fit(data);
        INDArray[] expected = statistics(plain);
        for (int i = 0; i < start.length; i++) {
            assertThat(expected[i]).as("statistic " + i).isNotEqualTo(start[i]);
        }

        NeuralNetConfiguration.Builder[] touching = {
            Blocks.global(DataType.DOUBLE).updater(new Adam(0.1)),
            Blocks.global(DataType.DOUBLE).l1(0.5).l2(0.5),
            Blocks.global(DataType.DOUBLE).weightDecay(0.5),
            Blocks.global(DataType.DOUBLE).l1Bias(0.5).l2Bias(0.5),
            Blocks.global(DataType.DOUBLE).biasUpdater(new Sgd(3)),
            Blocks.global(DataType.DOUBLE).miniBatch(false),
            normalized(GradientNormalization.ClipElementWiseAbsoluteValue),
            normalized(GradientNormalization.ClipL2PerLayer),
            normalized(GradientNormalization.ClipL2PerParamType),
            normalized(GradientNormalization.RenormalizeL2PerLayer),
            normalized(GradientNormalization.RenormalizeL2PerParamType),
        };
        for (int i = 0; i < touching.length; i++) {
            ComputationGraph graph = new ComputationGraph(Blocks.conf(touching[i], Blocks.block(name, computation)));
            graph.init();
            graph.setParams(Blocks.graph(name, computation, DataType.DOUBLE).params());
            graph.fit(data);
            INDArray[] actual = statistics(graph);
            for (int k = 0; k < expected.length; k++) {
                Arrays4j.assertClose("setting " + i + " statistic " + k, actual[k], expected[k], 1e-12);
            }
        }
        constraintsLeaveStatisticsAlone(name, computation, expected);
        noiseLeavesStatisticsAlone(name, computation, expected);
    }

    private static NeuralNetConfiguration.Builder normalized(GradientNormalization normalization) {
        return Blocks.global(DataType.DOUBLE)
                .gradientNormalization(normalization)
                .gradientNormalizationThreshold(1e-3);
    }

    private static void constraintsLeaveStatisticsAlone(String name, Computation computation, INDArray[] expected) {
        AttentionBlock block = (AttentionBlock) Blocks.builders()
                .get(name)
                .get()
                .computation(computation)
                .constrainAllParameters(new NonNegativeConstraint(), new MaxNormConstraint(1e-4, 0))
                .build();
        ComputationGraph graph = new ComputationGraph(Blocks.conf(Blocks.global(DataType.DOUBLE), block));
        graph.init();
        graph.setParams(Blocks.graph(name, computation, DataType.DOUBLE).params());
        graph.fit(Blocks.data(6, DataType.DOUBLE));
        for (int i = 0; i < expected.length; i++) {
            Arrays4j.assertClose("constrained statistic " + i, statistics(graph)[i], expected[i], 1e-12);
        }
        for (String norm : block.parameters().norms()) {
            String beta = BatchNorm.name(norm, BatchNorm.BETA);
            assertThat(graph.getLayer("att").getParam(beta).minNumber().doubleValue())
                    .as(beta + " is constrained")
                    .isNotNegative();
        }
    }

    /** Noise on all but the convolution below, which would change the batch that is averaged. */
    private static void noiseLeavesStatisticsAlone(String name, Computation computation, INDArray[] expected) {
        ComputationGraphConfiguration conf = Blocks.conf(
                Blocks.global(DataType.DOUBLE).weightNoise(new WeightNoise(new NormalDistribution(0, 1), true)),
                Blocks.block(name, computation));
        LayerVertex below = (LayerVertex) conf.getVertices().get("conv");
        ((ConvolutionLayer) below.getLayerConf().getLayer()).setWeightNoise(null);
        ComputationGraph graph = new ComputationGraph(conf);
        graph.init();
        ComputationGraph plain = Blocks.graph(name, computation, DataType.DOUBLE);
        graph.setParams(plain.params());
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        graph.fit(data);
        plain.fit(data);
        assertThat(graph.getParam("out_W")).as("under noise").isNotEqualTo(plain.getParam("out_W"));
        for (int i = 0; i < expected.length; i++) {
            Arrays4j.assertClose("statistic " + i + " under noise", statistics(graph)[i], expected[i], 1e-12);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void takesItsOwnUpdaterAndLearningRate(String name, Computation computation) {
        DataSet data = Blocks.data(6, DataType.DOUBLE);
        ComputationGraph graph = new ComputationGraph(
                Blocks.conf(Blocks.global(DataType.DOUBLE).updater(new Sgd(0.1)), (AttentionBlock) Blocks.builders()
                        .get(name)
                        .get()
                        .computation(computation)
                        .updater(new Sgd(0.7))
                        .biasUpdater(new Sgd(0))
                        .build()));
        graph.init();
        Blocks.randomize(graph, "att");
        AttentionBlock block = (AttentionBlock) graph.getLayer("att").conf().getLayer();
        if (block.learnedParameters() == 0) {
            assertThat(name).isEqualTo("simam");
            graph.fit(data);
            return;
        }
        String learned = block.parameters().learned().get(0).name;
        INDArray before = graph.getLayer("att").getParam(learned).dup();
        INDArray gradient = gradient(graph, data, learned);
        graph.fit(data);
        INDArray step = before.sub(graph.getLayer("att").getParam(learned));
        Arrays4j.assertClose("a step of the block's own rate", step, gradient.mul(0.7), 1e-10);
    }

    private static INDArray gradient(ComputationGraph graph, DataSet data, String name) {
        graph.setInputs(data.getFeatures());
        graph.setLabels(data.getLabels());
        graph.computeGradientAndScore();
        return graph.gradient().getGradientFor("att_" + name).div(data.numExamples());
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void appliesDropoutToItsInput(String name, Computation computation) {
        ComputationGraph graph =
                new ComputationGraph(Blocks.conf(Blocks.global(DataType.FLOAT), (AttentionBlock) Blocks.builders()
                        .get(name)
                        .get()
                        .computation(computation)
                        .dropOut(0.5)
                        .build()));
        graph.init();
        DataSet data = Blocks.data(4, DataType.FLOAT);
        INDArray conv = graph.feedForward(data.getFeatures(), false).get("conv");
        INDArray train = graph.feedForward(data.getFeatures(), true).get("att");
        if (name.equals("sk")) {
            // convolves: what is dropped shows in its neighbours too, and differs from pass to pass
            assertThat(graph.feedForward(data.getFeatures(), true).get("att")).isNotEqualTo(train);
        } else {
            long dropped = train.eq(0).castTo(DataType.INT32).sumNumber().longValue();
            assertThat((double) dropped / conv.length()).isBetween(0.4, 0.6);
        }
        graph.fit(data);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("defaultsAndOneDefinition")
    void trainsWithListenersAndEvaluates(String name, Computation computation) {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT);
        CollectScoresIterationListener scores = new CollectScoresIterationListener();
        List<String> seen = new ArrayList<>();
        graph.setListeners(scores, new BaseTrainingListener() {
            @Override
            public void onGradientCalculation(Model model) {
                Gradient gradient = model.gradient();
                seen.addAll(gradient.gradientForVariable().keySet());
            }
        });
        DataSet data = Blocks.data(12, DataType.FLOAT);
        for (int i = 0; i < 20; i++) {
            graph.fit(data);
        }
        graph.getLayer("att").paramTable().keySet().stream()
                .findFirst()
                .ifPresent(first -> assertThat(seen).contains("att_" + first));
        assertThat(seen).contains("out_W");
        assertThat(scores.getScoreVsIter().getEffectiveScores()).hasSize(20);
        Evaluation evaluation = graph.evaluate(new ListDataSetIterator<>(data.asList(), 4));
        assertThat(evaluation.getNumRowCounter()).isEqualTo(12);
        assertThat(graph.score(data))
                .isLessThan(Blocks.graph(name, computation, DataType.FLOAT).score(data));
    }

    /** All side by side: each fit ends threads that collect garbage, which takes much longer than the training. */
    @Test
    void trainInParallelWrapper() {
        ComputationGraphConfiguration.GraphBuilder builder = Blocks.global(DataType.FLOAT)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(Blocks.HEIGHT, Blocks.WIDTH, 2))
                .addLayer(
                        "conv",
                        new ConvolutionLayer.Builder(3, 3)
                                .padding(1, 1)
                                .nOut(Blocks.CHANNELS)
                                .activation(Activation.IDENTITY)
                                .build(),
                        "in");
        List<String> blocks = new ArrayList<>();
        for (Object[] run : defaultsAndOneDefinition()) {
            String block = run[0] + "." + run[1];
            builder.addLayer(block, Blocks.block((String) run[0], (Computation) run[1]), "conv");
            blocks.add(block);
        }
        ComputationGraph graph =
                new ComputationGraph(builder.addVertex("merge", new MergeVertex(), blocks.toArray(new String[0]))
                        .addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "merge")
                        .addLayer(
                                "out",
                                new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                        .activation(Activation.SOFTMAX)
                                        .nOut(Blocks.CLASSES)
                                        .build(),
                                "pool")
                        .setOutputs("out")
                        .build());
        graph.init();
        blocks.forEach(block -> Blocks.randomize(graph, block));
        DataSet data = Blocks.data(24, DataType.FLOAT);
        double score = graph.score(data);
        ComputationGraph before = graph.clone();
        ParallelWrapper wrapper = new ParallelWrapper.Builder<>(graph)
                .workers(2)
                .averagingFrequency(1)
                .prefetchBuffer(0)
                .build();
        List<DataSet> examples = new ArrayList<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            examples.addAll(data.asList());
        }
        wrapper.fit(new ListDataSetIterator<>(examples, 6));
        wrapper.shutdown();
        assertThat(graph.score(data)).isLessThan(score);
        for (String block : blocks) {
            INDArray[] start = statistics(before, block);
            INDArray[] after = statistics(graph, block);
            for (int i = 0; i < after.length; i++) {
                assertThat(after[i]).as(block + " statistic " + i).isNotEqualTo(start[i]);
            }
            // not all of them: biases before a normalization have no gradient
            AttentionBlock layer = (AttentionBlock) graph.getLayer(block).conf().getLayer();
            List<ParameterSpec.Parameter> learned = layer.parameters().learned();
            assertThat(learned.stream()
                            .anyMatch(parameter -> !graph.getLayer(block)
                                    .getParam(parameter.name)
                                    .equals(before.getLayer(block).getParam(parameter.name))))
                    .as(block + " learns")
                    .isEqualTo(!learned.isEmpty());
        }
    }

    // ---- transfer learning -----------------------------------------------------------------------------------------

    /** A copy of the block's parameters, empty where it has none. */
    private static INDArray parameters(ComputationGraph graph) {
        INDArray parameters = graph.getLayer("att").params();
        return parameters == null ? Nd4j.empty(DataType.FLOAT) : parameters.dup();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void freezesReplacesAndFineTunes(String name, Computation computation) {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT);
        DataSet data = Blocks.data(6, DataType.FLOAT);
        graph.fit(data);
        FineTuneConfiguration fineTune = new FineTuneConfiguration.Builder()
                .updater(new Sgd(0.2))
                .seed(3)
                .build();

        ComputationGraph frozen = new TransferLearning.GraphBuilder(graph)
                .fineTuneConfiguration(fineTune)
                .setFeatureExtractor("att")
                .build();
        Arrays4j.assertSame("output", output(frozen, data), output(graph, data));
        INDArray before = parameters(frozen);
        INDArray headBefore = frozen.getLayer("out").params().dup();
        frozen.fit(data);
        Arrays4j.assertSame("frozen parameters", parameters(frozen), before);
        assertThat(frozen.getLayer("out").params()).isNotEqualTo(headBefore);

        ComputationGraph tuned = new TransferLearning.GraphBuilder(graph)
                .fineTuneConfiguration(fineTune)
                .build();
        Arrays4j.assertSame("output", output(tuned, data), output(graph, data));
        tuned.fit(data);
        if (before.isEmpty()) {
            assertThat(name).isEqualTo("simam");
        } else {
            assertThat(parameters(tuned)).isNotEqualTo(before);
        }
        Arrays4j.assertSame("parameters of the source", parameters(graph), before);

        // DL4J's fine-tuning passes over SameDiff layers: they keep their updater until it is set
        ComputationGraph still = new TransferLearning.GraphBuilder(graph)
                .fineTuneConfiguration(fineTune)
                .build();
        AttentionBlock block = (AttentionBlock) still.getLayer("att").conf().getLayer();
        block.setUpdater(new Sgd(0));
        still.fit(data);
        for (ParameterSpec.Parameter parameter : block.parameters().learned()) {
            Arrays4j.assertSame(
                    parameter.name,
                    still.getLayer("att").getParam(parameter.name),
                    graph.getLayer("att").getParam(parameter.name));
        }

        ComputationGraph wider = new TransferLearning.GraphBuilder(graph)
                .fineTuneConfiguration(fineTune)
                .setInputTypes(InputType.convolutional(Blocks.HEIGHT, Blocks.WIDTH, 2))
                .removeVertexKeepConnections("att")
                .addLayer("att", SqueezeExcitation.builder().reduction(2).build(), "conv")
                .build();
        assertThat(wider.getLayer("att").paramTable()).containsKey("reduceB");
        wider.fit(data);
    }

    // ---- reports ---------------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void reportsItself(String name, Computation computation) {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT);
        AttentionBlock block = (AttentionBlock) graph.getLayer("att").conf().getLayer();
        long parameters = block.learnedParameters() + block.runningStatistics();
        assertThat(graph.getLayer("att").numParams()).isEqualTo(parameters);
        assertThat(graph.summary()).contains("att (").contains(String.valueOf(parameters));
        LayerMemoryReport report =
                block.getMemoryReport(InputType.convolutional(Blocks.HEIGHT, Blocks.WIDTH, Blocks.CHANNELS));
        assertThat(report.getMemoryBytes(
                        MemoryType.PARAMETERS, 4, MemoryUseMode.TRAINING, CacheMode.NONE, DataType.FLOAT))
                .isEqualTo(4 * parameters);
        assertThat(report.getMemoryBytes(
                        MemoryType.ACTIVATIONS, 4, MemoryUseMode.INFERENCE, CacheMode.NONE, DataType.FLOAT))
                .isEqualTo(4L * 4 * Blocks.CHANNELS * Blocks.HEIGHT * Blocks.WIDTH);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void parametersAreReadAndSet(String name, Computation computation) {
        ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT);
        DataSet data = Blocks.data(4, DataType.FLOAT);
        INDArray before = output(graph, data).dup();
        for (String key : new ArrayList<>(graph.getLayer("att").paramTable().keySet())) {
            INDArray value = Nd4j.rand(
                            DataType.FLOAT, graph.getParam("att_" + key).shape())
                    .addi(0.1);
            graph.setParam("att_" + key, value);
            Arrays4j.assertSame(key, graph.paramTable().get("att_" + key), value);
        }
        boolean none = graph.getLayer("att").numParams() == 0;
        if (none) {
            assertThat(name).isEqualTo("simam");
        } else {
            assertThat(output(graph, data)).isNotEqualTo(before);
        }
        assertThatThrownBy(() -> graph.getLayer("att").setParam("gain", Nd4j.ones(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer \"att\": parameter (gain) must be one of");
        if (none) {
            return;
        }
        String first = graph.getLayer("att").paramTable().keySet().iterator().next();
        assertThatThrownBy(() -> graph.getLayer("att").setParam(first, Nd4j.ones(99)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("shape of parameter " + first + " ([99]) must be "
                        + Arrays.toString(graph.getParam("att_" + first).shape()));
    }

    @ParameterizedTest
    @MethodSource("names")
    void theDefaultWayPrintsNothing(String name) {
        PrintStream console = System.out;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            ComputationGraph graph = Blocks.graph(name, Computation.FUSED, DataType.FLOAT);
            graph.fit(Blocks.data(4, DataType.FLOAT));
        } finally {
            System.setOut(console);
        }
        assertThat(captured.toString(StandardCharsets.UTF_8)).isEmpty();
    }
}
