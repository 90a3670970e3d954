package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.adapters.OutputAdapter;
import org.nd4j.common.primitives.Pair;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.evaluation.classification.ROCMultiClass;
import org.nd4j.evaluation.regression.RegressionEvaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.adapter.SingletonMultiDataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.FixedSchedule;

/**
 * Every public method of DL4J's networks gives with an accelerated one what it gives with a stock one: results, exceptions and
 * what it leaves behind. A method that is in no row, nor among those that compute nothing, fails.
 */
@Tag("tiny")
class EntryPointTest {
    private static final int SIZE = 6;

    private interface Call<T> {
        Object on(T network) throws Exception;
    }

    private static final Map<String, Call<ComputationGraph>> GRAPH = new LinkedHashMap<>();
    /** With two inputs and two outputs. */
    private static final Map<String, Call<ComputationGraph>> WIDE = new LinkedHashMap<>();

    private static final Map<String, Call<MultiLayerNetwork>> CHAIN = new LinkedHashMap<>();

    // ---- networks and data -----------------------------------------------------------------------------------------

    private static ConvolutionLayer conv(int out) {
        return new ConvolutionLayer.Builder(3, 3).nOut(out).padding(1, 1).build();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build();
    }

    private static NeuralNetConfiguration.Builder start() {
        return new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Nesterovs(0.05, 0.9))
                .l2(0.01)
                .activation(Activation.TANH);
    }

    private static ComputationGraph graph(boolean wide) {
        InputType map = InputType.convolutional(SIZE, SIZE, 2);
        GraphBuilder builder = start().graphBuilder();
        builder.addInputs(wide ? new String[] {"in", "in2"} : new String[] {"in"});
        builder.setInputTypes(wide ? new InputType[] {map, map} : new InputType[] {map});
        builder.addLayer("conv", conv(4), "in")
                .addLayer("bn", new BatchNormalization(), "conv")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "bn")
                .addLayer("se", SqueezeExcitation.builder().reduction(2).build(), "relu")
                .addLayer("shortcut", conv(4), wide ? "in2" : "in")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "se", "shortcut")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "add")
                .addLayer("dense", new DenseLayer.Builder().nOut(5).build(), "pool")
                .addLayer("out", output(), "dense");
        if (wide) {
            builder.addLayer("out2", output(), "pool").setOutputs("out", "out2");
        } else {
            builder.setOutputs("out");
        }
        ComputationGraph network = new ComputationGraph(builder.build());
        network.init();
        return (ComputationGraph) Twins.randomised(network, 5);
    }

    private static MultiLayerNetwork chain() {
        MultiLayerNetwork network = new MultiLayerNetwork(start().list()
                .layer(conv(4))
                .layer(new BatchNormalization())
                .layer(new ActivationLayer(Activation.RELU))
                .layer(SqueezeExcitation.builder().reduction(2).build())
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(new DenseLayer.Builder().nOut(5).build())
                .layer(output())
                .setInputType(InputType.convolutional(SIZE, SIZE, 2))
                .build());
        network.init();
        return (MultiLayerNetwork) Twins.randomised(network, 5);
    }

    private static INDArray x() {
        return Twins.normal(new Random(1), 4, 2, SIZE, SIZE);
    }

    private static INDArray x2() {
        return Twins.normal(new Random(2), 4, 2, SIZE, SIZE);
    }

    private static INDArray y() {
        return Nd4j.createFromArray(new float[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}});
    }

    private static INDArray y2() {
        return Nd4j.createFromArray(new float[][] {{0, 0, 1}, {0, 1, 0}, {1, 0, 0}, {1, 0, 0}});
    }

    private static INDArray mask() {
        return Nd4j.createFromArray(new float[][] {{1}, {0}, {1}, {1}});
    }

    private static DataSet data() {
        return new DataSet(x(), y());
    }

    /** Batches of 3 and 1. */
    private static DataSetIterator batches() {
        return new ListDataSetIterator<>(data().asList(), 3);
    }

    private static MultiDataSetIterator multi() {
        return new MultiDataSetIteratorAdapter(batches());
    }

    private static MultiDataSet pair() {
        return new MultiDataSet(new INDArray[] {x(), x2()}, new INDArray[] {y(), y2()});
    }

    private static MultiDataSetIterator pairs() {
        return new SingletonMultiDataSetIterator(pair());
    }

    private static INDArray[] arrays(INDArray... arrays) {
        return arrays;
    }

    private static LayerWorkspaceMgr none() {
        return LayerWorkspaceMgr.noWorkspaces();
    }

    private static Object inWorkspace(Call<MemoryWorkspace> call) throws Exception {
        try (MemoryWorkspace workspace = Nd4j.getWorkspaceManager().getAndActivateWorkspace("ENTRY_POINTS")) {
            return flat(call.on(workspace));
        } finally {
            Twins.closeWorkspaces();
        }
    }

    /** Memory that is free now is other memory than a moment ago. */
    private static String withoutNumbers(String text) {
        return text.replaceAll("[0-9.,]+ *(B|KB|MB|GB|bytes)?", "#");
    }

    /** Gradients behind a forward pass in training, from outside. */
    private static Object externalErrors(ComputationGraph network) {
        network.setInputs(x(), x2());
        network.feedForward(arrays(x(), x2()), true, false);
        return network.backpropGradient(y().sub(0.3), y2().mul(0.2));
    }

    // ---- rows ------------------------------------------------------------------------------------------------------

    static {
        GRAPH.put("fit(DataSet)", n -> {
            n.fit(data());
            return null;
        });
        GRAPH.put("fit(DataSetIterator)", n -> {
            n.fit(batches());
            return null;
        });
        GRAPH.put("fit(DataSetIterator, int)", n -> {
            n.fit(batches(), 2);
            return null;
        });
        GRAPH.put("fit(MultiDataSet)", n -> {
            n.fit(data().toMultiDataSet());
            return null;
        });
        GRAPH.put("fit(MultiDataSetIterator)", n -> {
            n.fit(multi());
            return null;
        });
        GRAPH.put("fit(MultiDataSetIterator, int)", n -> {
            n.fit(multi(), 2);
            return null;
        });
        GRAPH.put("fit(INDArray[], INDArray[])", n -> {
            n.fit(arrays(x()), arrays(y()));
            return null;
        });
        GRAPH.put("fit(INDArray[], INDArray[], INDArray[], INDArray[])", n -> {
            n.fit(arrays(x()), arrays(y()), null, arrays(mask()));
            return null;
        });
        GRAPH.put("fit()", n -> {
            n.fit();
            return null;
        });
        GRAPH.put("fit(INDArray, LayerWorkspaceMgr)", n -> {
            n.fit(x(), none());
            return null;
        });
        GRAPH.put("pretrain(DataSetIterator)", n -> {
            n.pretrain(batches());
            return null;
        });
        GRAPH.put("pretrain(DataSetIterator, int)", n -> {
            n.pretrain(batches(), 1);
            return null;
        });
        GRAPH.put("pretrain(MultiDataSetIterator)", n -> {
            n.pretrain(multi());
            return null;
        });
        GRAPH.put("pretrain(MultiDataSetIterator, int)", n -> {
            n.pretrain(multi(), 1);
            return null;
        });
        GRAPH.put("pretrainLayer(String, DataSetIterator)", n -> {
            n.pretrainLayer("conv", batches());
            return null;
        });
        GRAPH.put("pretrainLayer(String, MultiDataSetIterator)", n -> {
            n.pretrainLayer("dense", multi());
            return null;
        });
        GRAPH.put("computeGradientAndScore()", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradient();
        });
        GRAPH.put("computeGradientAndScore(LayerWorkspaceMgr)", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore(none());
            return n.gradientAndScore();
        });
        GRAPH.put("gradient()", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getGradient();
        });
        GRAPH.put("gradientAndScore()", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradientAndScore();
        });
        GRAPH.put("feedForward(INDArray, int, boolean)", n -> n.feedForward(x(), 3, false));
        GRAPH.put("feedForward(INDArray, boolean)", n -> n.feedForward(x(), true));
        GRAPH.put("feedForward()", n -> {
            n.setInput(0, x());
            return n.feedForward();
        });
        GRAPH.put("feedForward(boolean)", n -> {
            n.setInputs(x());
            return n.feedForward(true);
        });
        GRAPH.put("feedForward(boolean, int)", n -> {
            n.setInputs(x());
            return n.feedForward(false, 4);
        });
        GRAPH.put("feedForward(boolean, boolean, boolean)", n -> {
            n.setInputs(x());
            return n.feedForward(false, true, true);
        });
        GRAPH.put("output(INDArray[])", n -> n.output(x()));
        GRAPH.put("output(boolean, INDArray[])", n -> n.output(true, x()));
        GRAPH.put("output(boolean, MemoryWorkspace, INDArray[])", n -> inWorkspace(w -> n.output(false, w, x())));
        GRAPH.put("output(boolean, INDArray[], INDArray[])", n -> n.output(false, arrays(x()), null));
        GRAPH.put(
                "output(boolean, INDArray[], INDArray[], INDArray[])",
                n -> n.output(false, arrays(x()), null, arrays(mask())));
        GRAPH.put(
                "output(boolean, INDArray[], INDArray[], INDArray[], MemoryWorkspace)",
                n -> inWorkspace(w -> n.output(false, arrays(x()), null, null, w)));
        GRAPH.put(
                "output(INDArray[], INDArray[], INDArray[], OutputAdapter)",
                n -> n.output(arrays(x()), null, null, (OutputAdapter<INDArray[]>)
                        outputs -> new INDArray[] {outputs[0].dup()}));
        GRAPH.put("output(boolean, boolean, INDArray[])", n -> n.output(false, true, x()));
        GRAPH.put("output(DataSetIterator)", n -> n.output(batches()));
        GRAPH.put("output(MultiDataSetIterator)", n -> n.output(multi()));
        GRAPH.put(
                "output(List, boolean, INDArray[], INDArray[])",
                n -> n.output(List.of("se", "out"), false, arrays(x()), null));
        GRAPH.put("outputSingle(INDArray[])", n -> n.outputSingle(x()));
        GRAPH.put("outputSingle(boolean, INDArray[])", n -> n.outputSingle(true, x()));
        GRAPH.put("outputSingle(boolean, boolean, INDArray[])", n -> n.outputSingle(false, false, x()));
        GRAPH.put("outputSingle(DataSetIterator)", n -> n.outputSingle(batches()));
        GRAPH.put("outputSingle(MultiDataSetIterator)", n -> n.outputSingle(multi()));
        GRAPH.put("score(DataSet)", n -> n.score(data()));
        GRAPH.put("score(DataSet, boolean)", n -> n.score(data(), true));
        GRAPH.put("score(MultiDataSet)", n -> n.score(data().toMultiDataSet()));
        GRAPH.put("score(MultiDataSet, boolean)", n -> n.score(data().toMultiDataSet(), true));
        GRAPH.put("score()", n -> {
            n.fit(data());
            return n.score();
        });
        GRAPH.put("scoreExamples(DataSet, boolean)", n -> n.scoreExamples(data(), true));
        GRAPH.put("scoreExamples(MultiDataSet, boolean)", n -> n.scoreExamples(data().toMultiDataSet(), false));
        GRAPH.put("calcRegularizationScore(boolean)", n -> n.calcRegularizationScore(true));
        GRAPH.put("rnnTimeStep(INDArray[])", n -> n.rnnTimeStep(x()));
        GRAPH.put("rnnTimeStep(MemoryWorkspace, INDArray[])", n -> inWorkspace(w -> n.rnnTimeStep(w, x())));
        GRAPH.put("rnnGetPreviousState(int)", n -> n.rnnGetPreviousState(0));
        GRAPH.put("rnnGetPreviousState(String)", n -> n.rnnGetPreviousState("conv"));
        GRAPH.put("rnnGetPreviousStates()", n -> n.rnnGetPreviousStates());
        GRAPH.put("rnnSetPreviousState(int, Map)", n -> {
            n.rnnSetPreviousState(0, new HashMap<>());
            return null;
        });
        GRAPH.put("rnnSetPreviousState(String, Map)", n -> {
            n.rnnSetPreviousState("conv", new HashMap<>());
            return null;
        });
        GRAPH.put("rnnSetPreviousStates(Map)", n -> {
            n.rnnSetPreviousStates(new HashMap<>());
            return null;
        });
        GRAPH.put("rnnClearPreviousState()", n -> {
            n.rnnClearPreviousState();
            return n.output(x());
        });
        GRAPH.put(
                "rnnActivateUsingStoredState(INDArray[], boolean, boolean)",
                n -> n.rnnActivateUsingStoredState(arrays(x()), false, false));
        GRAPH.put("setLayerMaskArrays(INDArray[], INDArray[])", n -> {
            n.setLayerMaskArrays(null, arrays(mask()));
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradient();
        });
        GRAPH.put("clearLayerMaskArrays()", n -> {
            n.setLayerMaskArrays(null, arrays(mask()));
            n.clearLayerMaskArrays();
            n.fit(data());
            return null;
        });
        GRAPH.put("evaluate(DataSetIterator)", n -> n.evaluate(batches()));
        GRAPH.put("evaluate(MultiDataSetIterator)", n -> n.evaluate(multi()));
        GRAPH.put("evaluate(DataSetIterator, List)", n -> n.evaluate(batches(), List.of("a", "b", "c")));
        GRAPH.put("evaluate(MultiDataSetIterator, List)", n -> n.evaluate(multi(), List.of("a", "b", "c")));
        GRAPH.put("evaluate(DataSetIterator, List, int)", n -> n.evaluate(batches(), List.of("a", "b", "c"), 2));
        GRAPH.put("evaluate(MultiDataSetIterator, List, int)", n -> n.evaluate(multi(), List.of("a", "b", "c"), 2));
        GRAPH.put("evaluate(DataSetIterator, Map)", n -> n.evaluate(batches(), evaluations()));
        GRAPH.put("evaluate(MultiDataSetIterator, Map)", n -> n.evaluate(multi(), evaluations()));
        GRAPH.put("evaluateRegression(DataSetIterator)", n -> n.evaluateRegression(batches()));
        GRAPH.put("evaluateRegression(MultiDataSetIterator)", n -> n.evaluateRegression(multi()));
        GRAPH.put(
                "evaluateRegression(DataSetIterator, List)",
                n -> n.evaluateRegression(batches(), List.of("a", "b", "c")));
        GRAPH.put(
                "evaluateRegression(MultiDataSetIterator, List)",
                n -> n.evaluateRegression(multi(), List.of("a", "b", "c")));
        GRAPH.put("evaluateROC(DataSetIterator)", n -> n.evaluateROC(batches()));
        GRAPH.put("evaluateROC(DataSetIterator, int)", n -> n.evaluateROC(batches(), 3));
        GRAPH.put("evaluateROC(MultiDataSetIterator)", n -> n.evaluateROC(multi()));
        GRAPH.put("evaluateROC(MultiDataSetIterator, int)", n -> n.evaluateROC(multi(), 3));
        GRAPH.put("evaluateROCMultiClass(DataSetIterator)", n -> n.evaluateROCMultiClass(batches()));
        GRAPH.put("evaluateROCMultiClass(DataSetIterator, int)", n -> n.evaluateROCMultiClass(batches(), 3));
        GRAPH.put("evaluateROCMultiClass(MultiDataSetIterator, int)", n -> n.evaluateROCMultiClass(multi(), 3));
        GRAPH.put(
                "doEvaluation(DataSetIterator, IEvaluation[])",
                n -> n.doEvaluation(batches(), new Evaluation(), new ROCMultiClass()));
        GRAPH.put("doEvaluation(MultiDataSetIterator, IEvaluation[])", n -> n.doEvaluation(multi(), new Evaluation()));
        GRAPH.put("summary()", n -> n.summary());
        GRAPH.put("summary(InputType[])", n -> n.summary(InputType.convolutional(SIZE, SIZE, 2)));
        GRAPH.put(
                "memoryInfo(int, InputType[])",
                n -> withoutNumbers(n.memoryInfo(4, InputType.convolutional(SIZE, SIZE, 2))));
        GRAPH.put("clearLayersStates()", n -> {
            n.clearLayersStates();
            return n.output(x());
        });
        GRAPH.put("clone()", n -> {
            n.fit(data());
            ComputationGraph copy = n.clone();
            copy.fit(data());
            return arrays(copy.params(), n.params());
        });
        GRAPH.put("save(File)", n -> file(f -> n.save(f), f -> ComputationGraph.load(f, true)));
        GRAPH.put("save(File, boolean)", n -> file(f -> n.save(f, true), f -> ComputationGraph.load(f, true)));
        GRAPH.put(
                "load(File, boolean)",
                n -> file(
                        f -> ModelSerializer.writeModel(n, f, true), f -> ModelSerializer.restoreComputationGraph(f)));
        GRAPH.put(
                "convertDataType(DataType)",
                n -> n.convertDataType(DataType.DOUBLE).output(x().castTo(DataType.DOUBLE)));
        GRAPH.put("setLearningRate(double)", n -> {
            n.setLearningRate(0.2);
            n.fit(data());
            return null;
        });
        GRAPH.put("setLearningRate(ISchedule)", n -> {
            n.setLearningRate(new FixedSchedule(0.2));
            n.fit(data());
            return null;
        });
        GRAPH.put("setLearningRate(String, double)", n -> {
            n.setLearningRate("conv", 0.2);
            n.fit(data());
            return null;
        });
        GRAPH.put("setLearningRate(String, ISchedule)", n -> {
            n.setLearningRate("conv", new FixedSchedule(0.2));
            n.fit(data());
            return null;
        });
        GRAPH.put("getLearningRate(String)", n -> n.getLearningRate("conv"));
        GRAPH.put("layerSize(int)", n -> n.layerSize(0));
        GRAPH.put("layerSize(String)", n -> n.layerSize("conv"));
        GRAPH.put("layerInputSize(int)", n -> n.layerInputSize(1));
        GRAPH.put("layerInputSize(String)", n -> n.layerInputSize("dense"));
        GRAPH.put("equals(Object)", n -> n.equals(n));
        GRAPH.put("update(Gradient)", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            n.update(n.gradient());
            return null;
        });
        GRAPH.put("update(INDArray, String)", n -> {
            n.update(Nd4j.ones(4, 2, 3, 3), "conv_W");
            return null;
        });
        GRAPH.put("updaterState()", n -> {
            n.fit(data());
            return n.updaterState();
        });
        GRAPH.put("setParams(INDArray)", n -> {
            n.setParams(n.params().mul(0.5));
            return n.output(x());
        });
        GRAPH.put("setParam(String, INDArray)", n -> {
            n.setParam("conv_W", Nd4j.ones(4, 2, 3, 3));
            return n.output(x());
        });
        GRAPH.put("setParamTable(Map)", n -> {
            n.setParamTable(n.paramTable());
            return n.output(x());
        });
        GRAPH.put("getParam(String)", n -> n.getParam("conv_W"));
        GRAPH.put("params()", n -> n.params());
        GRAPH.put("params(boolean)", n -> n.params(true));
        GRAPH.put("paramTable()", n -> n.paramTable());
        GRAPH.put("paramTable(boolean)", n -> n.paramTable(true));
        GRAPH.put("numParams()", n -> n.numParams());
        GRAPH.put("numParams(boolean)", n -> n.numParams(true));
        GRAPH.put("setCacheMode(CacheMode)", n -> {
            n.setCacheMode(CacheMode.DEVICE);
            n.fit(data());
            return null;
        });
        GRAPH.put("setInput(int, INDArray)", n -> {
            n.setInput(0, x());
            return n.feedForward();
        });
        GRAPH.put("setInputs(INDArray[])", n -> {
            n.setInputs(x());
            return n.getInput(0);
        });
        GRAPH.put("setLabel(int, INDArray)", n -> {
            n.setInput(0, x());
            n.setLabel(0, y());
            n.computeGradientAndScore();
            return n.gradient();
        });
        GRAPH.put("setLabels(INDArray[])", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradientAndScore();
        });
        GRAPH.put("clear()", n -> {
            n.setInputs(x());
            n.feedForward();
            n.clear();
            return n.output(x());
        });
        GRAPH.put("applyConstraints(int, int)", n -> {
            n.applyConstraints(0, 0);
            return null;
        });
        GRAPH.put("batchSize()", n -> {
            n.setInputs(x());
            return n.batchSize();
        });
        GRAPH.put("input()", n -> {
            n.setInputs(x());
            return n.input();
        });
        GRAPH.put("getFlattenedGradients()", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getFlattenedGradients();
        });
        GRAPH.put("getGradientsViewArray()", n -> {
            n.setInputs(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getGradientsViewArray();
        });
        GRAPH.put("getGradient()", n -> n.getGradient());
        GRAPH.put("incrementEpochCount()", n -> {
            n.incrementEpochCount();
            n.fit(data());
            return n.getEpochCount();
        });
        GRAPH.put("getIterationCount()", n -> {
            n.fit(batches());
            return n.getIterationCount();
        });
        GRAPH.put("getEpochCount()", n -> {
            n.fit(batches(), 2);
            return n.getEpochCount();
        });
        GRAPH.put("getLayer(int)", n -> n.getLayer(0).activate(x(), false, none()));
        GRAPH.put(
                "getLayer(String)",
                n -> n.getLayer("se").activate(Twins.normal(new Random(3), 2, 4, SIZE, SIZE), false, none()));
        GRAPH.put(
                "getLayers()",
                n -> Arrays.stream(n.getLayers())
                        .map(Layer::type)
                        .map(Object::toString)
                        .toArray());
        GRAPH.put(
                "getVertices()",
                n -> Arrays.stream(n.getVertices())
                        .map(v -> v.getVertexName() + v.hasLayer() + v.numParams())
                        .toArray());
        GRAPH.put(
                "getVertex(String)",
                n -> n.getVertex("add").getVertexName()
                        + n.getVertex("conv").getLayer().numParams());
        GRAPH.put("getOutputLayer(int)", n -> n.getOutputLayer(0).type().toString());
        GRAPH.put("getUpdater()", n -> {
            n.fit(data());
            return n.getUpdater().getStateViewArray();
        });
        GRAPH.put("topologicalSortOrder()", n -> Arrays.toString(n.topologicalSortOrder()));

        WIDE.put("output", n -> n.output(x(), x2()));
        WIDE.put("output train", n -> n.output(true, x(), x2()));
        WIDE.put("output masks", n -> n.output(false, arrays(x(), x2()), null, arrays(mask(), mask())));
        WIDE.put("outputSingle", n -> n.outputSingle(x(), x2()));
        WIDE.put("fit MultiDataSet", n -> {
            n.fit(pair());
            return null;
        });
        WIDE.put("fit MultiDataSetIterator", n -> {
            n.fit(pairs(), 2);
            return null;
        });
        WIDE.put("fit arrays", n -> {
            n.fit(arrays(x(), x2()), arrays(y(), y2()));
            return null;
        });
        WIDE.put("fit masks", n -> {
            n.fit(arrays(x(), x2()), arrays(y(), y2()), null, arrays(mask(), null));
            return null;
        });
        WIDE.put("feedForward(INDArray[], boolean)", n -> n.feedForward(arrays(x(), x2()), true));
        WIDE.put("feedForward(INDArray[], boolean, boolean)", n -> n.feedForward(arrays(x(), x2()), false, true));
        WIDE.put("feedForward(INDArray[], int, boolean)", n -> n.feedForward(arrays(x(), x2()), 5, false));
        WIDE.put(
                "feedForward(INDArray[], int, boolean, boolean)",
                n -> n.feedForward(arrays(x(), x2()), 5, true, false));
        WIDE.put("score", n -> n.score(pair(), false));
        WIDE.put("scoreExamples", n -> n.scoreExamples(pair(), true));
        WIDE.put("backpropGradient(INDArray[])", n -> externalErrors(n));
        WIDE.put("backpropGradient after output", n -> {
            n.setInputs(x(), x2());
            n.feedForward(arrays(x(), x2()), true, false);
            n.output(x2(), x());
            return n.backpropGradient(y(), y2());
        });
        WIDE.put(
                "evaluate",
                n -> n.evaluate(
                        pairs(),
                        Map.of(0, new IEvaluation[] {new Evaluation()}, 1, new IEvaluation[] {new Evaluation()})));
        WIDE.put("output of a hidden layer", n -> n.output(List.of("pool"), false, arrays(x(), x2()), null));
        WIDE.put("output one input missing", n -> n.output(x()));
        WIDE.put("output wrong size", n -> n.output(Nd4j.ones(2, 3, SIZE, SIZE), x2()));
        WIDE.put(
                "summary",
                n -> n.summary()
                        + n.summary(InputType.convolutional(SIZE, SIZE, 2), InputType.convolutional(SIZE, SIZE, 2)));
        WIDE.put(
                "java serialization",
                n -> serialized(n).toString().length() > 0 ? ((ComputationGraph) serialized(n)).params() : null);
        WIDE.put("two steps and an output between", n -> {
            n.fit(pair());
            INDArray[] between = n.output(x(), x2());
            n.fit(pair());
            return between;
        });

        CHAIN.put("fit(DataSet)", n -> {
            n.fit(data());
            return null;
        });
        CHAIN.put("fit(DataSetIterator)", n -> {
            n.fit(batches());
            return null;
        });
        CHAIN.put("fit(DataSetIterator, int)", n -> {
            n.fit(batches(), 2);
            return null;
        });
        CHAIN.put("fit(INDArray, INDArray)", n -> {
            n.fit(x(), y());
            return null;
        });
        CHAIN.put("fit(INDArray, INDArray, INDArray, INDArray)", n -> {
            n.fit(x(), y(), null, mask());
            return null;
        });
        CHAIN.put("fit(INDArray, int[])", n -> {
            n.fit(x(), new int[] {0, 2, 1, 1});
            return null;
        });
        CHAIN.put("fit(MultiDataSet)", n -> {
            n.fit(data().toMultiDataSet());
            return null;
        });
        CHAIN.put("fit(MultiDataSetIterator)", n -> {
            n.fit(multi());
            return null;
        });
        CHAIN.put("fit(MultiDataSetIterator, int)", n -> {
            n.fit(multi(), 2);
            return null;
        });
        CHAIN.put("fit()", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.fit();
            return null;
        });
        CHAIN.put("fit(INDArray, LayerWorkspaceMgr)", n -> {
            n.fit(x(), none());
            return null;
        });
        CHAIN.put("pretrain(DataSetIterator)", n -> {
            n.pretrain(batches());
            return null;
        });
        CHAIN.put("pretrain(DataSetIterator, int)", n -> {
            n.pretrain(batches(), 1);
            return null;
        });
        CHAIN.put("pretrainLayer(int, DataSetIterator)", n -> {
            n.pretrainLayer(0, batches());
            return null;
        });
        CHAIN.put("pretrainLayer(int, DataSetIterator, int)", n -> {
            n.pretrainLayer(0, batches(), 1);
            return null;
        });
        CHAIN.put("pretrainLayer(int, INDArray)", n -> {
            n.pretrainLayer(0, x());
            return null;
        });
        CHAIN.put("activateSelectedLayers(int, int, INDArray)", n -> n.activateSelectedLayers(0, 2, x()));
        CHAIN.put("activateSelectedLayers behind output", n -> {
            n.output(x());
            return n.activateSelectedLayers(1, 2, Twins.normal(new Random(3), 2, 4, SIZE, SIZE));
        });
        CHAIN.put("feedForward()", n -> {
            n.setInput(x());
            return n.feedForward();
        });
        CHAIN.put("feedForward(INDArray)", n -> n.feedForward(x()));
        CHAIN.put("feedForward(INDArray, boolean)", n -> n.feedForward(x(), true));
        CHAIN.put("feedForward(INDArray, INDArray, INDArray)", n -> n.feedForward(x(), null, mask()));
        CHAIN.put("feedForward(boolean)", n -> {
            n.setInput(x());
            return n.feedForward(false);
        });
        CHAIN.put("feedForward(boolean, boolean)", n -> {
            n.setInput(x());
            return n.feedForward(true, false);
        });
        CHAIN.put("feedForwardToLayer(int, INDArray)", n -> n.feedForwardToLayer(3, x()));
        CHAIN.put("feedForwardToLayer(int, INDArray, boolean)", n -> n.feedForwardToLayer(3, x(), true));
        CHAIN.put("feedForwardToLayer(int, boolean)", n -> {
            n.setInput(x());
            return n.feedForwardToLayer(2, false);
        });
        CHAIN.put("feedForwardMaskArray(INDArray, MaskState, int)", n -> n.feedForwardMaskArray(null, null, 4));
        CHAIN.put(
                "calculateGradients(INDArray, INDArray, INDArray, INDArray)",
                n -> n.calculateGradients(x(), y(), null, null));
        CHAIN.put("calculateGradients twice", n -> {
            n.calculateGradients(x2(), y2(), null, null);
            return n.calculateGradients(x(), y(), null, mask());
        });
        CHAIN.put(
                "backpropGradient(INDArray, LayerWorkspaceMgr)",
                n -> behindForward(n, () -> n.backpropGradient(null, none())));
        CHAIN.put("computeGradientAndScore()", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradient();
        });
        CHAIN.put("computeGradientAndScore(LayerWorkspaceMgr)", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore(none());
            return n.gradientAndScore();
        });
        CHAIN.put("gradient()", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getGradient();
        });
        CHAIN.put("gradientAndScore()", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradientAndScore();
        });
        CHAIN.put("output(INDArray)", n -> n.output(x()));
        CHAIN.put("output(INDArray, boolean)", n -> n.output(x(), true));
        CHAIN.put("output(INDArray, TrainingMode)", n -> n.output(x(), Layer.TrainingMode.TEST));
        CHAIN.put("output(INDArray, boolean, INDArray, INDArray)", n -> n.output(x(), false, null, mask()));
        CHAIN.put("output(INDArray, boolean, MemoryWorkspace)", n -> inWorkspace(w -> n.output(x(), false, w)));
        CHAIN.put(
                "output(INDArray, boolean, INDArray, INDArray, MemoryWorkspace)",
                n -> inWorkspace(w -> n.output(x(), false, null, null, w)));
        CHAIN.put(
                "output(INDArray, INDArray, INDArray, OutputAdapter)",
                n -> n.output(
                        x(), null, null, (OutputAdapter<INDArray[]>) outputs -> new INDArray[] {outputs[0].dup()}));
        CHAIN.put("output(DataSetIterator)", n -> n.output(batches()));
        CHAIN.put("output(DataSetIterator, boolean)", n -> n.output(batches(), true));
        CHAIN.put("predict(INDArray)", n -> Arrays.toString(n.predict(x())));
        CHAIN.put("predict(DataSet)", n -> {
            DataSet named = data();
            named.setLabelNames(List.of("a", "b", "c"));
            return n.predict(named).toString();
        });
        CHAIN.put("activate(INDArray, TrainingMode)", n -> n.activate(x(), Layer.TrainingMode.TEST));
        CHAIN.put("activate(TrainingMode)", n -> {
            n.setInput(x());
            return n.activate(Layer.TrainingMode.TRAIN);
        });
        CHAIN.put("activate(boolean, LayerWorkspaceMgr)", n -> {
            n.setInput(x());
            return n.activate(false, none());
        });
        CHAIN.put("activate(INDArray, boolean, LayerWorkspaceMgr)", n -> n.activate(x(), false, none()));
        CHAIN.put("score(DataSet)", n -> n.score(data()));
        CHAIN.put("score(DataSet, boolean)", n -> n.score(data(), true));
        CHAIN.put("score()", n -> {
            n.fit(data());
            return n.score();
        });
        CHAIN.put("scoreExamples(DataSet, boolean)", n -> n.scoreExamples(data(), true));
        CHAIN.put("scoreExamples(DataSetIterator, boolean)", n -> n.scoreExamples(batches(), false));
        CHAIN.put("f1Score(DataSet)", n -> n.f1Score(data()));
        CHAIN.put("f1Score(INDArray, INDArray)", n -> n.f1Score(x(), y()));
        CHAIN.put("calcRegularizationScore(boolean)", n -> n.calcRegularizationScore(true));
        CHAIN.put("rnnTimeStep(INDArray)", n -> n.rnnTimeStep(x()));
        CHAIN.put("rnnTimeStep(INDArray, MemoryWorkspace)", n -> inWorkspace(w -> n.rnnTimeStep(x(), w)));
        CHAIN.put("rnnGetPreviousState(int)", n -> n.rnnGetPreviousState(0));
        CHAIN.put("rnnSetPreviousState(int, Map)", n -> {
            n.rnnSetPreviousState(0, new HashMap<>());
            return null;
        });
        CHAIN.put("rnnClearPreviousState()", n -> {
            n.rnnClearPreviousState();
            return n.output(x());
        });
        CHAIN.put(
                "rnnActivateUsingStoredState(INDArray, boolean, boolean)",
                n -> n.rnnActivateUsingStoredState(x(), false, false));
        CHAIN.put("updateRnnStateWithTBPTTState()", n -> {
            n.updateRnnStateWithTBPTTState();
            return null;
        });
        CHAIN.put("setLayerMaskArrays(INDArray, INDArray)", n -> {
            n.setLayerMaskArrays(null, mask());
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.gradient();
        });
        CHAIN.put("clearLayerMaskArrays()", n -> {
            n.setLayerMaskArrays(null, mask());
            n.clearLayerMaskArrays();
            n.fit(data());
            return null;
        });
        CHAIN.put("setMaskArray(INDArray)", n -> {
            n.setMaskArray(mask());
            return n.output(x());
        });
        CHAIN.put("setMask(INDArray)", n -> {
            n.setMask(mask());
            return n.output(x());
        });
        CHAIN.put("evaluate(DataSetIterator)", n -> n.evaluate(batches()));
        CHAIN.put("evaluate(MultiDataSetIterator)", n -> n.evaluate(multi()));
        CHAIN.put("evaluate(DataSetIterator, List)", n -> n.evaluate(batches(), List.of("a", "b", "c")));
        CHAIN.put("evaluate(DataSetIterator, List, int)", n -> n.evaluate(batches(), List.of("a", "b", "c"), 2));
        CHAIN.put("evaluateRegression(DataSetIterator)", n -> n.evaluateRegression(batches()));
        CHAIN.put("evaluateRegression(MultiDataSetIterator)", n -> n.evaluateRegression(multi()));
        CHAIN.put("evaluateROC(DataSetIterator)", n -> n.evaluateROC(batches()));
        CHAIN.put("evaluateROC(DataSetIterator, int)", n -> n.evaluateROC(batches(), 3));
        CHAIN.put("evaluateROCMultiClass(DataSetIterator)", n -> n.evaluateROCMultiClass(batches()));
        CHAIN.put("evaluateROCMultiClass(DataSetIterator, int)", n -> n.evaluateROCMultiClass(batches(), 3));
        CHAIN.put(
                "doEvaluation(DataSetIterator, IEvaluation[])",
                n -> n.doEvaluation(batches(), new Evaluation(), new ROCMultiClass()));
        CHAIN.put(
                "doEvaluation(MultiDataSetIterator, IEvaluation[])",
                n -> n.doEvaluation(multi(), new IEvaluation[] {new Evaluation()}));
        CHAIN.put(
                "doEvaluationHelper(DataSetIterator, IEvaluation[])",
                n -> n.doEvaluationHelper(batches(), new Evaluation(), new RegressionEvaluation()));
        CHAIN.put("summary()", n -> n.summary());
        CHAIN.put("summary(InputType)", n -> n.summary(InputType.convolutional(SIZE, SIZE, 2)));
        CHAIN.put(
                "memoryInfo(int, InputType)",
                n -> withoutNumbers(n.memoryInfo(4, InputType.convolutional(SIZE, SIZE, 2))));
        CHAIN.put("clearLayersStates()", n -> {
            n.clearLayersStates();
            return n.output(x());
        });
        CHAIN.put("clearNoiseWeightParams()", n -> {
            n.clearNoiseWeightParams();
            n.fit(data());
            return null;
        });
        CHAIN.put("clone()", n -> {
            n.fit(data());
            MultiLayerNetwork copy = n.clone();
            copy.fit(data());
            return arrays(copy.params(), n.params());
        });
        CHAIN.put("save(File)", n -> file(f -> n.save(f), f -> MultiLayerNetwork.load(f, true)));
        CHAIN.put("save(File, boolean)", n -> file(f -> n.save(f, true), f -> MultiLayerNetwork.load(f, true)));
        CHAIN.put(
                "load(File, boolean)",
                n -> file(
                        f -> ModelSerializer.writeModel(n, f, true), f -> ModelSerializer.restoreMultiLayerNetwork(f)));
        CHAIN.put("java serialization", n -> ((MultiLayerNetwork) serialized(n)).params());
        CHAIN.put("toComputationGraph()", n -> n.toComputationGraph().output(x()));
        CHAIN.put(
                "convertDataType(DataType)",
                n -> n.convertDataType(DataType.DOUBLE).output(x().castTo(DataType.DOUBLE)));
        CHAIN.put("setLearningRate(double)", n -> {
            n.setLearningRate(0.2);
            n.fit(data());
            return null;
        });
        CHAIN.put("setLearningRate(ISchedule)", n -> {
            n.setLearningRate(new FixedSchedule(0.2));
            n.fit(data());
            return null;
        });
        CHAIN.put("setLearningRate(int, double)", n -> {
            n.setLearningRate(0, 0.2);
            n.fit(data());
            return null;
        });
        CHAIN.put("setLearningRate(int, ISchedule)", n -> {
            n.setLearningRate(0, new FixedSchedule(0.2));
            n.fit(data());
            return null;
        });
        CHAIN.put("getLearningRate(int)", n -> n.getLearningRate(0));
        CHAIN.put("layerSize(int)", n -> n.layerSize(0));
        CHAIN.put("layerInputSize(int)", n -> n.layerInputSize(5));
        CHAIN.put("equals(Object)", n -> n.equals(n));
        CHAIN.put("update(Gradient)", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            n.update(n.gradient());
            return null;
        });
        CHAIN.put("update(INDArray, String)", n -> {
            n.update(Nd4j.ones(4, 2, 3, 3), "0_W");
            return null;
        });
        CHAIN.put("updaterState()", n -> {
            n.fit(data());
            return n.updaterState();
        });
        CHAIN.put("setParams(INDArray)", n -> {
            n.setParams(n.params().mul(0.5));
            return n.output(x());
        });
        CHAIN.put("setParameters(INDArray)", n -> {
            n.setParameters(n.params().mul(0.5));
            return n.output(x());
        });
        CHAIN.put("setParam(String, INDArray)", n -> {
            n.setParam("0_W", Nd4j.ones(4, 2, 3, 3));
            return n.output(x());
        });
        CHAIN.put("setParamTable(Map)", n -> {
            n.setParamTable(n.paramTable());
            return n.output(x());
        });
        CHAIN.put("getParam(String)", n -> n.getParam("0_W"));
        CHAIN.put("params()", n -> n.params());
        CHAIN.put("params(boolean)", n -> n.params(true));
        CHAIN.put("paramTable()", n -> n.paramTable());
        CHAIN.put("paramTable(boolean)", n -> n.paramTable(true));
        CHAIN.put("numParams()", n -> n.numParams());
        CHAIN.put("numParams(boolean)", n -> n.numParams(true));
        CHAIN.put("numLabels()", n -> n.numLabels());
        CHAIN.put("setCacheMode(CacheMode)", n -> {
            n.setCacheMode(CacheMode.DEVICE);
            n.fit(data());
            return null;
        });
        CHAIN.put("setInput(INDArray)", n -> {
            n.setInput(x());
            return n.getInput();
        });
        CHAIN.put("setInput(INDArray, LayerWorkspaceMgr)", n -> {
            n.setInput(x(), none());
            return n.input();
        });
        CHAIN.put("setLabels(INDArray)", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getLabels();
        });
        CHAIN.put("setIterationCount(int)", n -> {
            n.setIterationCount(7);
            n.fit(data());
            return n.getIterationCount();
        });
        CHAIN.put("setEpochCount(int)", n -> {
            n.setEpochCount(7);
            n.fit(data());
            return n.getEpochCount();
        });
        CHAIN.put("incrementEpochCount()", n -> {
            n.incrementEpochCount();
            n.fit(data());
            return n.getEpochCount();
        });
        CHAIN.put("clear()", n -> {
            n.setInput(x());
            n.feedForward();
            n.clear();
            return n.output(x());
        });
        CHAIN.put("applyConstraints(int, int)", n -> {
            n.applyConstraints(0, 0);
            return null;
        });
        CHAIN.put("batchSize()", n -> {
            n.setInput(x());
            return n.batchSize();
        });
        CHAIN.put("getFlattenedGradients()", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getFlattenedGradients();
        });
        CHAIN.put("getGradientsViewArray()", n -> {
            n.setInput(x());
            n.setLabels(y());
            n.computeGradientAndScore();
            return n.getGradientsViewArray();
        });
        CHAIN.put("getGradient()", n -> n.getGradient());
        CHAIN.put("getLayer(int)", n -> n.getLayer(0).activate(x(), false, none()));
        CHAIN.put("getLayer behind output", n -> {
            n.output(x());
            return n.getLayer(1).activate(Twins.normal(new Random(3), 2, 4, SIZE, SIZE), false, none());
        });
        CHAIN.put(
                "getLayer(String)",
                n -> n.getLayer("layer3").activate(Twins.normal(new Random(3), 2, 4, SIZE, SIZE), false, none()));
        CHAIN.put(
                "getLayers()",
                n -> Arrays.stream(n.getLayers())
                        .map(layer -> layer.type() + " " + layer.numParams()
                                + layer.conf().getLayer().getClass())
                        .toArray());
        CHAIN.put("getLayerNames()", n -> n.getLayerNames().toString());
        CHAIN.put("getOutputLayer()", n -> n.getOutputLayer().type().toString());
        CHAIN.put("getUpdater()", n -> {
            n.fit(data());
            return n.getUpdater().getStateViewArray();
        });
        CHAIN.put("isPretrainLayer()", n -> n.isPretrainLayer());
        CHAIN.put("type()", n -> n.type().toString());
    }

    @SuppressWarnings("unchecked")
    private static <T extends IEvaluation> Map<Integer, T[]> evaluations() {
        return (Map<Integer, T[]>)
                (Map<Integer, ?>) Map.of(0, new IEvaluation[] {new Evaluation(), new ROCMultiClass()});
    }

    private interface Task {
        Object run() throws Exception;
    }

    private static Object behindForward(MultiLayerNetwork network, Task task) throws Exception {
        network.setInput(x());
        network.setLabels(y());
        network.feedForward(true, false);
        return task.run();
    }

    private interface Written {
        void to(File file) throws Exception;
    }

    /** Parameters and a training step of what was written to a file. */
    private static Object file(Written write, Call<File> read) throws Exception {
        File file = File.createTempFile("network", ".zip");
        try {
            write.to(file);
            Model loaded = (Model) read.on(file);
            Twins.fit(loaded, new Twins.Pass(arrays(x()), arrays(y())));
            return loaded.params();
        } finally {
            file.delete();
        }
    }

    private static Object serialized(Object network) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(network);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return in.readObject();
        }
    }

    // ---- comparison ------------------------------------------------------------------------------------------------

    /** Arrays and texts that a result consists of, copied. */
    private static List<Object> flat(Object result) {
        List<Object> all = new ArrayList<>();
        if (result instanceof INDArray) {
            all.add(Twins.copy((INDArray) result));
        } else if (result instanceof Object[]) {
            Arrays.stream((Object[]) result).forEach(part -> all.addAll(flat(part)));
        } else if (result instanceof Collection) {
            ((Collection<?>) result).forEach(part -> all.addAll(flat(part)));
        } else if (result instanceof Map) {
            ((Map<?, ?>) result).forEach((key, value) -> {
                all.add(String.valueOf(key));
                all.addAll(flat(value));
            });
        } else if (result instanceof Pair) {
            all.addAll(flat(((Pair<?, ?>) result).getFirst()));
            all.addAll(flat(((Pair<?, ?>) result).getSecond()));
        } else if (result instanceof Gradient) {
            all.addAll(flat(((Gradient) result).gradientForVariable()));
        } else if (result instanceof Double) {
            all.add(Twins.number((Double) result));
        } else if (result instanceof Evaluation) {
            all.add(((Evaluation) result).confusionToString());
        } else if (result instanceof IEvaluation) {
            all.add(((IEvaluation<?>) result).stats().replaceAll("(\\d\\.\\d{3})\\d*", "$1"));
        } else {
            all.add(String.valueOf(result));
        }
        return all;
    }

    private static <T extends Model> List<Object> outcome(T network, Call<T> call) {
        List<Object> outcome = new ArrayList<>();
        Twins.closeWorkspaces();
        Nd4j.getRandom().setSeed(7);
        try {
            outcome.addAll(flat(call.on(network)));
        } catch (Exception | Error e) {
            Twins.closeWorkspaces();
            outcome.add("throws " + e.getClass().getName() + ": " + firstLine(e.getMessage()));
        }
        outcome.add("then");
        outcome.addAll(flat(network.paramTable()));
        outcome.addAll(flat(network.score()));
        return outcome;
    }

    private static String firstLine(String message) {
        return message == null ? "" : message.lines().findFirst().orElse("");
    }

    private static <T extends Model> void assertSame(T stock, T accelerated, Call<T> call) {
        Acceleration acceleration = Twins.accelerate(accelerated);
        assertThat(acceleration.refusal()).isNull();
        List<Object> expected = outcome(stock, call);
        List<Object> actual = outcome(accelerated, call);
        assertThat(texts(actual)).isEqualTo(texts(expected));
        double largest = 0;
        for (Object part : expected) {
            largest = part instanceof INDArray && !((INDArray) part).isEmpty()
                    ? Math.max(largest, ((INDArray) part).amaxNumber().doubleValue())
                    : largest;
        }
        for (int i = 0; i < expected.size(); i++) {
            if (expected.get(i) instanceof INDArray) {
                double own = ((INDArray) expected.get(i)).amaxNumber().doubleValue();
                // what cancels is measured by what stands next to it
                String difference = Twins.difference(
                        (INDArray) actual.get(i), (INDArray) expected.get(i), 1e-5 * Math.max(own, 0.1 * largest));
                assertThat(difference).as("part %d", i).isNull();
            }
        }
    }

    private static List<String> texts(List<Object> parts) {
        List<String> texts = new ArrayList<>();
        for (Object part : parts) {
            texts.add(part instanceof INDArray ? Arrays.toString(((INDArray) part).shape()) : (String) part);
        }
        return texts;
    }

    @TestFactory
    List<DynamicTest> graphs() {
        List<DynamicTest> tests = new ArrayList<>();
        GRAPH.forEach((name, call) ->
                tests.add(DynamicTest.dynamicTest(name, () -> assertSame(graph(false), graph(false), call))));
        WIDE.forEach((name, call) -> tests.add(
                DynamicTest.dynamicTest("two inputs " + name, () -> assertSame(graph(true), graph(true), call))));
        return tests;
    }

    @TestFactory
    List<DynamicTest> chains() {
        List<DynamicTest> tests = new ArrayList<>();
        CHAIN.forEach(
                (name, call) -> tests.add(DynamicTest.dynamicTest(name, () -> assertSame(chain(), chain(), call))));
        return tests;
    }

    // ---- completeness ----------------------------------------------------------------------------------------------

    @Test
    void everyMethodOfGraphsIsKnown() {
        TreeSet<String> known = new TreeSet<>(GRAPH.keySet());
        known.addAll(WIDE.keySet());
        assertKnown(ComputationGraph.class, known, GRAPH_COMPUTES_NOTHING);
    }

    @Test
    void everyMethodOfChainsIsKnown() {
        assertKnown(MultiLayerNetwork.class, new TreeSet<>(CHAIN.keySet()), CHAIN_COMPUTES_NOTHING);
    }

    private static void assertKnown(Class<?> type, TreeSet<String> known, String others) {
        Collections.addAll(known, others.trim().split(";\\s*"));
        TreeSet<String> signatures = new TreeSet<>();
        for (Method method : type.getMethods()) {
            if (method.getDeclaringClass() != Object.class && !method.isBridge()) {
                List<String> parameters = new ArrayList<>();
                for (Class<?> parameter : method.getParameterTypes()) {
                    parameters.add(parameter.getSimpleName());
                }
                signatures.add(method.getName() + "(" + String.join(", ", parameters) + ")");
            }
        }
        TreeSet<String> missing = new TreeSet<>(signatures);
        missing.removeAll(known);
        assertThat(missing).as("methods of DL4J in no row").isEmpty();
        known.removeIf(name -> !name.contains("("));
        known.removeAll(signatures);
        assertThat(known).as("methods that DL4J has no longer").isEmpty();
    }

    private static final String GRAPH_COMPUTES_NOTHING = """
            addListeners(TrainingListener[]); calculateIndices(); close(); conf(); getConfiguration();
            getHelperWorkspaces(); getInput(int); getInputMaskArrays(); getInputs(); getLabelMaskArrays();
            getLastEtlTime(); getListeners(); getNumInputArrays(); getNumLayers(); getNumOutputArrays();
            getOptimizer(); getUpdater(boolean); init(); init(INDArray, boolean); initGradientsView();
            isClearTbpttState(); setBackpropGradientsViewArray(INDArray); setClearTbpttState(boolean);
            setConf(NeuralNetConfiguration); setGradient(Gradient); setGradientsAccumulator(GradientsAccumulator);
            setInitDone(boolean); setLastEtlTime(long); setListeners(Collection); setListeners(TrainingListener[]);
            setParamsViewArray(INDArray); setScore(double); setUpdater(ComputationGraphUpdater)
            """;

    private static final String CHAIN_COMPUTES_NOTHING = """
            addListeners(TrainingListener[]); allowInputModification(boolean); close(); conf(); getConfig();
            getDefaultConfiguration(); getEpochCount(); getHelper(); getHelperWorkspaces(); getIndex(); getInput();
            getInputMiniBatchSize(); getIterationCount(); getLabels(); getLastEtlTime(); getLayerWiseConfigurations();
            getListeners(); getMask(); getMaskArray(); getOptimizer(); getTrainingListeners(); getUpdater(boolean);
            getnLayers(); init(); init(INDArray, boolean); initGradientsView(); input(); isClearTbpttState();
            isInitCalled(); setBackpropGradientsViewArray(INDArray); setClearTbpttState(boolean);
            setConf(NeuralNetConfiguration); setGradient(Gradient); setGradientsAccumulator(GradientsAccumulator);
            setIndex(int); setInitDone(boolean); setInputMiniBatchSize(int); setLastEtlTime(long);
            setLayerWiseConfigurations(MultiLayerConfiguration); setLayers(Layer[]); setListeners(Collection);
            setListeners(TrainingListener[]); setParamsViewArray(INDArray); setScore(double); setUpdater(Updater);
            updaterDivideByMinibatch(String)
            """;
}
