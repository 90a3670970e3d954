package io.github.squeeze4j.engine;

import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Neighbouring layers of a {@link MultiLayerNetwork} that are replaced. Layers that oneDNN does not compute are left where
 * they are, between two regions.
 */
final class ChainRegion {
    private final MultiLayerNetwork network;
    private final int start;
    private final RegionLayer[] layers;
    private final Session session;
    private final Plan plan;

    private final Activations activations = new Activations(this::pass);
    private boolean read;

    /** What nobody reads, which the last layer called gave to the next. */
    private INDArray token;

    private final ChainRegions all;

    ChainRegion(ChainRegions all, MultiLayerNetwork network, int start, Plan plan) {
        this.all = all;
        this.network = network;
        this.start = start;
        this.plan = plan;
        session = new Session(plan);
        layers = new RegionLayer[plan.nodes.size()];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = RegionLayer.of(network.getLayers()[start + i], start + i, this);
        }
        System.arraycopy(layers, 0, network.getLayers(), start, layers.length);
    }

    ChainRegions all() {
        return all;
    }

    Set<String> single() {
        return plan.single;
    }

    int passesForListeners() {
        return activations.computed();
    }

    void remove() {
        for (RegionLayer layer : layers) {
            if (network.getLayers()[layer.position] == layer) {
                network.getLayers()[layer.position] = layer.getUnderlying();
            }
        }
        session.executor.close();
    }

    String refusal() {
        return session.refusal();
    }

    INDArray forward(RegionLayer layer, INDArray input, boolean training, LayerWorkspaceMgr workspaces) {
        boolean belongs = input == token;
        if (layer.position == start) {
            boolean masked = network.getMaskArray() != null || layer.getMaskArray() != null;
            session.begin(mode(training), workspaces, new INDArray[] {input}, masked);
            read = training && Listeners.readers(network.getListeners()) != null;
            if (read) {
                activations.begin(new INDArray[] {input}, network.getListeners());
            }
            belongs = true;
        }
        token = null;
        if (session.stock() || !belongs) {
            return layer.getUnderlying().activate(input, training, workspaces);
        }
        if (layer.position == last()) {
            activations.complete();
            return session.executor.result(vertex(layer), workspaces);
        }
        if (!Session.hidden(workspaces)) {
            token = materialised(layer, training);
            return token;
        }
        // DL4J checks in which workspace lies what nobody reads
        INDArray attached = workspaces.create(ArrayType.ACTIVATIONS, DataType.FLOAT, 1);
        token = read ? activations.of(layer.position - start, attached) : attached;
        return token;
    }

    /** On a network of DL4J's that shares the parameters; results by layer of the region. */
    private Activations.Pass pass() {
        MultiLayerNetwork shadow =
                new MultiLayerNetwork(network.getLayerWiseConfigurations().clone());
        shadow.init(network.params(), false);
        return (inputs, none) -> {
            INDArray[] results = new INDArray[layers.length];
            INDArray result = inputs[0];
            for (int i = 0; i < layers.length; i++) {
                Layer layer = shadow.getLayers()[start + i];
                layer.setIterationCount(layers[i].getIterationCount());
                layer.setEpochCount(layers[i].getEpochCount());
                // dropout writes over what it is given
                boolean foreign = plan.nodes.get(i).isForeign(Mode.TRAINING);
                result = layer.activate(foreign ? result.dup() : result, true, none);
                results[i] = result;
                layer.clear();
            }
            return results;
        };
    }

    private Mode mode(boolean training) {
        if (!training) {
            return Mode.INFERENCE;
        }
        return start == 0 && Callers.discardTheInputGradient() ? Mode.TRAINING : Mode.TRAINING_TO_INPUT;
    }

    /** The result of a layer that somebody asked for; the program keeps it no longer, so DL4J computes it again. */
    private INDArray materialised(RegionLayer wanted, boolean training) {
        INDArray result = layers[0].input();
        for (int i = 0; i <= wanted.position - start; i++) {
            result = layers[i].getUnderlying().activate(result, training, LayerWorkspaceMgr.noWorkspaces());
        }
        return result;
    }

    private int last() {
        return start + layers.length - 1;
    }

    private int vertex(RegionLayer layer) {
        return plan.nodes.get(layer.position - start).vertex;
    }

    Pair<Gradient, INDArray> backward(RegionLayer layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        boolean belongs = epsilon == token || layer.position == last();
        token = null;
        if (session.stock() || !belongs) {
            return layer.getUnderlying().backpropGradient(epsilon, workspaces);
        }
        session.requireTraining();
        activations.end();
        Mode mode = session.mode();
        if (layer.position == last() && plan.isTrained(vertex(layer), mode)) {
            session.executor.backward(vertex(layer), epsilon, workspaces);
        }
        Gradient own = plan.isTrained(vertex(layer), mode)
                ? plan.nodes.get(layer.position - start).gradient()
                : null;
        Gradient gradient = own == null ? new DefaultGradient() : own;
        if (layer.position == start && mode == Mode.TRAINING_TO_INPUT) {
            return new Pair<>(gradient, session.executor.inputGradient(workspaces));
        }
        boolean preprocessed =
                layer.position == 0 && network.getLayerWiseConfigurations().getInputPreProcess(0) != null;
        long[] shape = preprocessed ? layer.input().shape() : new long[] {1};
        token = workspaces.create(ArrayType.ACTIVATION_GRAD, DataType.FLOAT, shape);
        return new Pair<>(gradient, token);
    }
}
