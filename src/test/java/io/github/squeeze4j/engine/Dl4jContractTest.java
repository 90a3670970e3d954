package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseWrapperVertex;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What the engine takes from DL4J's inside: names of workspaces and the order of calls. Another DL4J that differs fails here. */
class Dl4jContractTest {
    private static String workspaces(LayerWorkspaceMgr manager) {
        return place(manager, ArrayType.ACTIVATIONS) + " " + place(manager, ArrayType.ACTIVATION_GRAD);
    }

    private static String place(LayerWorkspaceMgr manager, ArrayType type) {
        if (!manager.hasConfiguration(type)) {
            return "none";
        }
        return manager.isScopedOut(type) ? "out" : manager.getWorkspaceName(type);
    }

    /** Writes down how DL4J calls a vertex. */
    private static final class VertexSpy extends BaseWrapperVertex {
        private final List<String> calls;

        VertexSpy(GraphVertex vertex, List<String> calls) {
            super(vertex);
            this.calls = calls;
        }

        @Override
        public void setInput(int number, INDArray input, LayerWorkspaceMgr manager) {
            calls.add(getVertexName() + ".setInput " + number);
            super.setInput(number, input, manager);
        }

        @Override
        public INDArray doForward(boolean training, LayerWorkspaceMgr manager) {
            calls.add(getVertexName() + ".doForward " + training + " " + workspaces(manager));
            return super.doForward(training, manager);
        }

        @Override
        public void setEpsilon(INDArray epsilon) {
            calls.add(getVertexName() + ".setEpsilon");
            super.setEpsilon(epsilon);
        }

        @Override
        public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr manager) {
            calls.add(getVertexName() + ".doBackward " + tbptt + " " + workspaces(manager));
            return super.doBackward(tbptt, manager);
        }
    }

    /** Writes down how DL4J calls a layer. */
    private static final class LayerSpy extends BaseWrapperLayer {
        private static final long serialVersionUID = 1L;
        private final transient List<String> calls;

        LayerSpy(Layer layer, List<String> calls) {
            super(layer);
            this.calls = calls;
        }

        @Override
        public void setInput(INDArray input, LayerWorkspaceMgr manager) {
            calls.add(getIndex() + ".setInput");
            super.setInput(input, manager);
        }

        @Override
        public INDArray activate(boolean training, LayerWorkspaceMgr manager) {
            calls.add(getIndex() + ".activate " + training + " " + workspaces(manager));
            return super.activate(training, manager);
        }

        @Override
        public INDArray activate(INDArray input, boolean training, LayerWorkspaceMgr manager) {
            calls.add(getIndex() + ".activate input " + training + " " + workspaces(manager));
            return super.activate(input, training, manager);
        }

        @Override
        public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr manager) {
            calls.add(getIndex() + ".backpropGradient " + workspaces(manager));
            return super.backpropGradient(epsilon, manager);
        }
    }

    private static ConvolutionLayer conv() {
        return new ConvolutionLayer.Builder(3, 3).nOut(2).padding(1, 1).build();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(2)
                .build();
    }

    private static ComputationGraph graph(List<String> calls) {
        ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .updater(new Sgd(0.1))
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(5, 5, 2))
                .addLayer("conv", conv(), "in")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "conv", "in")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "add")
                .addLayer("out", output(), "pool")
                .setOutputs("out")
                .build());
        network.init();
        GraphVertex[] vertices = network.getVertices();
        for (int i = 0; i < vertices.length; i++) {
            if (!vertices[i].isInputVertex() && !vertices[i].isOutputVertex()) {
                vertices[i] = new VertexSpy(vertices[i], calls);
            }
        }
        return network;
    }

    private static MultiLayerNetwork chain(List<String> calls) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .updater(new Sgd(0.1))
                .list()
                .layer(conv())
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(output())
                .setInputType(InputType.convolutional(5, 5, 2))
                .build());
        network.init();
        Layer[] layers = network.getLayers();
        for (int i = 0; i < layers.length - 1; i++) {
            layers[i] = new LayerSpy(layers[i], calls);
        }
        return network;
    }

    private static INDArray x() {
        return Twins.normal(new Random(1), 2, 2, 5, 5);
    }

    private static INDArray y() {
        return Nd4j.createFromArray(new float[][] {{0, 1}, {1, 0}});
    }

    private static void assertCalls(List<String> calls, String expected) {
        assertThat(String.join("\n", calls)).isEqualTo(expected.trim());
        calls.clear();
    }

    @Test
    void graphsCallTheirVerticesInOrder() {
        List<String> calls = new ArrayList<>();
        ComputationGraph network = graph(calls);
        network.output(x());
        assertCalls(calls, GRAPH_OUTPUT);
        network.fit(new INDArray[] {x()}, new INDArray[] {y()});
        assertCalls(calls, GRAPH_FIT);
        network.feedForward(x(), true);
        assertCalls(calls, GRAPH_FEED_FORWARD);
        network.output(List.of("pool"), false, new INDArray[] {x()}, null);
        assertCalls(calls, GRAPH_OUTPUT_HIDDEN);
    }

    @Test
    void chainsCallTheirLayersInOrder() {
        List<String> calls = new ArrayList<>();
        MultiLayerNetwork network = chain(calls);
        network.output(x());
        assertCalls(calls, CHAIN_OUTPUT);
        network.fit(x(), y());
        assertCalls(calls, CHAIN_FIT);
        network.feedForward(x(), false);
        assertCalls(calls, CHAIN_FEED_FORWARD);
        network.calculateGradients(x(), y(), null, null);
        assertCalls(calls, CHAIN_GRADIENTS);
        network.activateSelectedLayers(0, 1, x());
        assertCalls(calls, CHAIN_SELECTED);
    }

    private static final String GRAPH_OUTPUT = """
            add.setInput 1
            conv.setInput 0
            conv.doForward false WS_LAYER_ACT_1 none
            add.setInput 0
            add.doForward false WS_LAYER_ACT_2 none
            pool.setInput 0
            pool.doForward false WS_LAYER_ACT_1 none
            """;

    private static final String GRAPH_FIT = """
            add.setInput 1
            conv.setInput 0
            conv.doForward true WS_ALL_LAYERS_ACT none
            add.setInput 0
            add.doForward true WS_ALL_LAYERS_ACT none
            pool.setInput 0
            pool.doForward true WS_ALL_LAYERS_ACT none
            pool.setEpsilon
            pool.doBackward false WS_LAYER_WORKING_MEM WS_LAYER_ACT_1
            add.setEpsilon
            add.doBackward false WS_LAYER_WORKING_MEM WS_LAYER_ACT_0
            conv.setEpsilon
            conv.doBackward false WS_LAYER_WORKING_MEM WS_LAYER_ACT_1
            """;

    private static final String GRAPH_FEED_FORWARD = """
            add.setInput 1
            conv.setInput 0
            conv.doForward true out none
            add.setInput 0
            add.doForward true out none
            pool.setInput 0
            pool.doForward true out none
            """;

    private static final String GRAPH_OUTPUT_HIDDEN = """
            add.setInput 1
            conv.setInput 0
            conv.doForward false WS_LAYER_ACT_1 none
            add.setInput 0
            add.doForward false WS_LAYER_ACT_2 none
            pool.setInput 0
            pool.doForward false out none
            """;
    private static final String CHAIN_OUTPUT = """
            0.activate input false WS_LAYER_ACT_1 none
            1.activate input false WS_LAYER_ACT_2 none
            """;
    private static final String CHAIN_FIT = """
            0.activate input true WS_ALL_LAYERS_ACT none
            1.activate input true WS_ALL_LAYERS_ACT none
            1.backpropGradient WS_LAYER_WORKING_MEM WS_LAYER_ACT_2
            0.backpropGradient WS_LAYER_WORKING_MEM WS_LAYER_ACT_1
            """;
    private static final String CHAIN_FEED_FORWARD = """
            0.activate input false out none
            1.activate input false out none
            """;
    private static final String CHAIN_GRADIENTS = """
            0.activate input true WS_ALL_LAYERS_ACT none
            1.activate input true WS_ALL_LAYERS_ACT none
            1.backpropGradient WS_LAYER_WORKING_MEM WS_LAYER_ACT_2
            0.backpropGradient WS_LAYER_WORKING_MEM WS_LAYER_ACT_1
            """;
    private static final String CHAIN_SELECTED = """
            0.activate input false out out
            1.activate input false out out
            """;
}
