package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.training.ImageClassifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.inputs.InputType.InputTypeConvolutional;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The network that scores on one executor: read and compiled once, whatever number of tasks and partitions asks for it. */
final class ScoringModel {
    /** Models that stay when others come; a pipeline hardly has more. */
    private static final int KEPT = 2;

    private static final Map<String, ScoringModel> MODELS = new LinkedHashMap<>(4, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ScoringModel> eldest) {
            return size() > KEPT; // a task may still use it: it is freed when it is collected
        }
    };

    /** A map of features: the vertex that gives it, and its shape. */
    static final class Features {
        final String vertex;
        final long channels;
        final long height;
        final long width;

        private Features(String vertex, InputTypeConvolutional type) {
            this.vertex = vertex;
            channels = type.getChannels();
            height = type.getHeight();
            width = type.getWidth();
        }
    }

    private final ImageClassifier classifier;
    /** Gives the classes' probabilities and, if they were asked for, the features. */
    private final InferenceNetwork fast;
    /** Where oneDNN does not compute; else null. */
    private final ComputationGraph plain;

    private ScoringModel(ImageClassifier classifier, int stride) {
        this.classifier = classifier;
        ComputationGraph graph = stride == 0 ? classifier.graph() : withFeatures(classifier, stride);
        InferenceNetwork network = InferenceNetwork.optimize(graph);
        if (stride > 0 && network.refusal() != null) {
            // DL4J mixes up the workspaces of outputs that other vertices read.
            graph.getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
            network.close();
            plain = graph;
            fast = null;
        } else {
            plain = null;
            fast = network;
        }
    }

    /**
     * The model of this Java virtual machine.
     *
     * @param stride of the features; 0 for none
     */
    static ScoringModel of(ModelBytes bytes, int stride) {
        synchronized (MODELS) {
            return MODELS.computeIfAbsent(bytes.id + " " + stride, key -> new ScoringModel(bytes.classifier(), stride));
        }
    }

    private static ComputationGraph withFeatures(ImageClassifier classifier, int stride) {
        ComputationGraph graph = classifier.graph();
        ComputationGraphConfiguration configuration = graph.getConfiguration().clone();
        List<String> outputs = new ArrayList<>(configuration.getNetworkOutputs());
        outputs.add(features(classifier, stride).vertex);
        configuration.setNetworkOutputs(outputs);
        ComputationGraph with = new ComputationGraph(configuration);
        with.init(graph.params().dup(), false);
        return with;
    }

    /** The last map of so many pixels per position, along each side. */
    static Features features(ImageClassifier classifier, int stride) {
        Preprocessing input = classifier.preprocessing();
        ComputationGraph graph = classifier.graph();
        // A copy, since some of DL4J's layers keep the size that they are asked about.
        Map<String, InputType> types = graph.getConfiguration()
                .clone()
                .getLayerActivationTypes(InputType.convolutional(
                        input.height(), input.width(), input.colours().channels()));
        Features found = null;
        Set<Long> strides = new TreeSet<>();
        for (int index : graph.topologicalSortOrder()) {
            String name = graph.getVertices()[index].getVertexName();
            if (types.get(name) instanceof InputTypeConvolutional) {
                InputTypeConvolutional type = (InputTypeConvolutional) types.get(name);
                long down = Math.round((double) input.height() / type.getHeight());
                strides.add(down);
                found = down == stride ? new Features(name, type) : found;
            }
        }
        if (found == null) {
            throw new BadInputException("featureStride (" + stride + ") must be one of " + strides
                    + ", at which the network has maps; 0 for no features");
        }
        return found;
    }

    Preprocessing preprocessing() {
        return classifier.preprocessing();
    }

    List<String> classNames() {
        return classifier.classNames();
    }

    /**
     * Scores pictures.
     *
     * @param values of all of them, [N, C, H, W]
     * @return probabilities [N, classes] and, if they were asked for, features [N, C', H', W']
     */
    INDArray[] score(float[] values, int pictures) {
        Preprocessing form = preprocessing();
        INDArray input = Nd4j.createFromArray(values)
                .reshape('c', pictures, form.colours().channels(), form.height(), form.width());
        if (fast != null) {
            return fast.output(input);
        }
        synchronized (this) {
            return plain.output(false, input);
        }
    }
}
