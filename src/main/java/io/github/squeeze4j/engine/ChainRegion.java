package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The replaced layers of a {@link MultiLayerNetwork}: those before the first preprocessor between two layers, or before the
 * output layer. A graph of the same layers on the same parameters is what the program is made from.
 */
final class ChainRegion implements Region {
    private final MultiLayerNetwork network;
    private final RegionLayer[] layers;
    private final ComputationGraph graph;
    private final Session session;
    private final Plan plan;

    private ChainRegion(MultiLayerNetwork network, int length) {
        this.network = network;
        graph = graph(network, length);
        plan = new Plan(graph);
        session = new Session(plan);
        layers = new RegionLayer[length];
        for (int i = 0; i < length; i++) {
            layers[i] = new RegionLayer(network.getLayers()[i], i, this);
        }
        System.arraycopy(layers, 0, network.getLayers(), 0, length);
    }

    /** @throws Unsupported if no layer can be replaced */
    static ChainRegion of(MultiLayerNetwork network) {
        Layer[] all = network.getLayers();
        int length = 0;
        while (length < all.length
                && !(all[length] instanceof IOutputLayer)
                && (length == 0 || network.getLayerWiseConfigurations().getInputPreProcess(length) == null)) {
            if (all[length] instanceof FrozenLayer) {
                throw new Unsupported("layer " + length + " is frozen; make the network a ComputationGraph with"
                        + " toComputationGraph() first");
            }
            length++;
        }
        if (length == 0) {
            throw new Unsupported("it has no layer before the output layer");
        }
        return new ChainRegion(network, length);
    }

    /** A view of the first layers. */
    private static ComputationGraph graph(MultiLayerNetwork network, int length) {
        ComputationGraphConfiguration.GraphBuilder builder = new NeuralNetConfiguration.Builder()
                .dataType(network.getLayerWiseConfigurations().getDataType())
                .graphBuilder()
                .addInputs("input");
        long parameters = 0;
        String before = "input";
        for (int i = 0; i < length; i++) {
            String name = Integer.toString(i);
            builder.addLayer(name, network.getLayers()[i].conf().getLayer().clone(), before);
            parameters += network.getLayers()[i].numParams();
            before = name;
        }
        ComputationGraph graph = new ComputationGraph(builder.setOutputs(before).build());
        graph.init(prefix(network.params(), parameters), false);
        return graph;
    }

    private static INDArray prefix(INDArray row, long length) {
        INDArray flat = row.reshape(row.length());
        return (length == flat.length() ? flat : flat.get(NDArrayIndex.interval(0, length))).reshape(1, length);
    }

    Plan plan() {
        return plan;
    }

    @Override
    public void remove() {
        for (int i = 0; i < layers.length; i++) {
            if (network.getLayers()[i] == layers[i]) {
                network.getLayers()[i] = layers[i].getUnderlying();
            }
        }
        session.executor.close();
    }

    @Override
    public String refusal() {
        return session.refusal();
    }

    @Override
    public INDArray[] output(INDArray... inputs) {
        return session.output(inputs);
    }

    INDArray forward(RegionLayer layer, INDArray input, boolean training, LayerWorkspaceMgr workspaces) {
        if (layer.position == 0) {
            boolean masked = network.getMaskArray() != null || layer.getMaskArray() != null;
            session.begin(training, workspaces, new INDArray[] {input}, masked, network.getListeners());
        }
        if (session.stock()) {
            return layer.getUnderlying().activate(input, training, workspaces);
        }
        if (layer.position == layers.length - 1) {
            return session.executor.result(vertex(layer), workspaces);
        }
        return workspaces.create(ArrayType.ACTIVATIONS, DataType.FLOAT, 1);
    }

    private int vertex(RegionLayer layer) {
        return graph.getVertex(Integer.toString(layer.position)).getVertexIndex();
    }

    Pair<Gradient, INDArray> backward(RegionLayer layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        if (session.stock()) {
            return layer.getUnderlying().backpropGradient(epsilon, workspaces);
        }
        if (layer.position == layers.length - 1) {
            if (graph.getFlattenedGradients() == null) {
                graph.setBackpropGradientsViewArray(
                        prefix(network.getFlattenedGradients(), graph.params().length()));
            }
            INDArray[] epsilons = new INDArray[graph.getVertices().length];
            epsilons[vertex(layer)] = epsilon;
            session.executor.backward(epsilons, workspaces);
        }
        Gradient gradient = plan.node(vertex(layer)).gradient();
        // as in forward, DL4J checks in which workspace lies what nobody reads
        boolean preprocessed =
                layer.position == 0 && network.getLayerWiseConfigurations().getInputPreProcess(0) != null;
        long[] shape = preprocessed ? layer.input().shape() : new long[] {1};
        INDArray token = workspaces.create(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, shape);
        return new Pair<>(gradient == null ? new DefaultGradient() : gradient, token);
    }
}
