package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.weights.CaffeNetwork;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;

/** A Caffe network with its weights as a classifier of pictures. */
final class CaffeConversion {
    private CaffeConversion() {}

    /**
     * Builds the network.
     *
     * @param prototxt the network
     * @param caffemodel its weights
     * @param labels the classes, or null for their numbers
     * @return the classifier, named as the network; pictures are prepared as the SENet authors do
     * @throws BadInputException if a file is unusable, or the network is no classifier of pictures
     */
    static ImageClassifier of(Path prototxt, Path caffemodel, List<String> labels) {
        CaffeNetwork network = CaffeNetwork.read(prototxt).weights(caffemodel);
        long classes = classes(prototxt, network.conf());
        InputType.InputTypeConvolutional input = network.inputType();
        if (input.getChannels() != 1 && input.getChannels() != 3) {
            throw new BadInputException("network file (" + prototxt + "): channels of the input (" + input.getChannels()
                    + ") must be 3 or 1 to take pictures; build the network with CaffeNetwork");
        }
        if (labels != null && labels.size() != classes) {
            throw new BadInputException("--labels (" + labels.size() + " classes) must be as many as the network has, "
                    + classes + "; write one class a line");
        }
        List<String> names = labels != null
                ? labels
                : LongStream.range(0, classes).mapToObj(Long::toString).collect(Collectors.toList());
        ColourOrder colours = input.getChannels() == 1 ? ColourOrder.GREY : ColourOrder.BGR;
        Preset preset = Preset.named("caffe", (int) input.getHeight(), (int) input.getWidth(), colours);
        return ImageClassifier.of(network.build(), names, preset.preprocessing())
                .named(network.name());
    }

    private static long classes(Path prototxt, ComputationGraphConfiguration network) {
        GraphVertex last = network.getVertices().get(network.getNetworkOutputs().get(0));
        Layer layer = last instanceof LayerVertex
                ? ((LayerVertex) last).getLayerConf().getLayer()
                : null;
        boolean classifies = layer instanceof FeedForwardLayer
                && ((BaseLayer) layer).getActivationFn() instanceof ActivationSoftmax
                && ((FeedForwardLayer) layer).getNOut() > 1;
        if (!classifies) {
            throw new BadInputException(
                    "network file (" + prototxt
                            + ") must end in Softmax of at least two classes to classify pictures; add a layer of type Softmax");
        }
        return ((FeedForwardLayer) layer).getNOut();
    }
}
