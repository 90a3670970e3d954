package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.BlockGates;
import io.github.squeeze4j.engine.Acceleration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Shows what a network looks at: Grad-CAM and Grad-CAM++ of a class at each stage, the gates of its attention blocks, and the
 * gradient of the class's score with respect to the picture. For any graph of DL4J's with convolutions, with blocks of this
 * library's or none, accelerated ({@link Acceleration}) or not; all at inference.
 *
 * <p>A stage is what has one stride. Its layer is the last through which all goes on to the output, such as the last ReLU of a
 * stage of ResNet: behind it one branch of the next block begins, which sees only a part.
 *
 * <p>The class's score is what the output layer computes before its activation. The network is not changed; an explanation reads
 * its parameters as they are when {@link #explain} is called. Not safe for use by several threads at a time.
 *
 * <p>Selvaraju et al., Grad-CAM, 1610.02391; Chattopadhay et al., Grad-CAM++, 1710.11063.
 *
 * <pre>{@code
 * Explained seen = Explanation.of(graph).explain(picture);    // [1, 3, 224, 224]
 * INDArray map = seen.stages().get(3).gradCam();              // [1, 14, 14]
 * }</pre>
 */
public final class Explanation {
    private final ComputationGraph graph;
    private final String output;
    private final int[] stages;
    private final List<String> layers;
    private final Integer label;
    private final State state;

    /** What all explanations of one network share. */
    private static final class State {
        private final Map<String, Wiring> wirings = new HashMap<>();
        private final Map<String, BlockGates> gates = new HashMap<>();
        private ComputationGraph twin;
        private boolean hasGradients;
        private INDArray parameters;
    }

    private Explanation(
            ComputationGraph graph, String output, int[] stages, List<String> layers, Integer label, State state) {
        this.graph = graph;
        this.output = output;
        this.stages = stages;
        this.layers = layers;
        this.label = label;
        this.state = state;
    }

    /**
     * Explains a graph: each picture's likeliest class, at every stage.
     *
     * @param graph an initialised graph with one input [N, C, H, W] (or [N, H, W, C]) and an output [N, classes]
     * @return the explanation
     * @throws BadInputException if the graph has several inputs or outputs (name one with {@link #output}), or no convolution
     */
    public static Explanation of(ComputationGraph graph) {
        if (graph.params() == null) {
            throw new BadInputException("graph (not initialised) must have parameters; call its init() first");
        }
        List<String> inputs = graph.getConfiguration().getNetworkInputs();
        if (inputs.size() != 1) {
            throw new BadInputException("inputs of the graph (" + String.join(", ", inputs)
                    + ") must be one; explain a graph that takes pictures alone");
        }
        List<String> outputs = graph.getConfiguration().getNetworkOutputs();
        Explanation explanation = new Explanation(graph, outputs.get(0), null, List.of(), null, new State());
        if (outputs.size() == 1) {
            explanation.wiring();
            return explanation;
        }
        return new Explanation(graph, null, null, List.of(), null, explanation.state);
    }

    /**
     * Explains a network of DL4J's other class, by a graph of the same layers and parameters as they are now.
     *
     * @param network an initialised network
     * @return the explanation; layers are named by their place, or as the network names them
     * @throws BadInputException as {@link #of(ComputationGraph)}
     */
    public static Explanation of(MultiLayerNetwork network) {
        return of(network.toComputationGraph());
    }

    /**
     * Explains another output.
     *
     * @param name one of the graph's outputs
     * @return an explanation of it
     * @throws BadInputException if the graph has no such output, or there is no convolution before it
     */
    public Explanation output(String name) {
        List<String> outputs = graph.getConfiguration().getNetworkOutputs();
        if (!outputs.contains(name)) {
            throw new BadInputException(
                    "output (" + name + ") must be one of the graph's; use one of " + String.join(", ", outputs));
        }
        Explanation explanation = new Explanation(graph, name, stages, layers, label, state);
        explanation.wiring();
        return explanation;
    }

    /**
     * Explains one class.
     *
     * @param index of the class, from 0
     * @return an explanation of that class for each picture
     */
    public Explanation forClass(int index) {
        return new Explanation(graph, output, stages, layers, index, state);
    }

    /**
     * Shows some stages only.
     *
     * @param numbers from 1, in the order of their strides; by default all
     * @return an explanation at these stages
     */
    public Explanation atStages(int... numbers) {
        return new Explanation(graph, output, numbers.clone(), List.of(), label, state);
    }

    /**
     * Shows layers in place of the stages.
     *
     * @param names of vertices with a map
     * @return an explanation at these layers
     * @throws BadInputException if there is no such layer before the output
     */
    public Explanation atLayers(String... names) {
        for (String name : names) {
            wiring().vertex(name);
        }
        return new Explanation(graph, output, null, List.of(names), label, state);
    }

    /**
     * Runs the network forward and backward once.
     *
     * @param pictures [N, C, H, W] or [C, H, W], as the network takes them, prepared as it was trained
     * @return maps, gates and scores
     * @throws BadInputException if there is no such class or stage, or the pictures are smaller than a stage's stride
     */
    public Explained explain(INDArray pictures) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray input = input(pictures);
            ComputationGraph twin = twin();
            Wiring wiring = wiring();
            Walk walk = new Walk(twin, wiring);
            try {
                return explain(twin, wiring, walk, input);
            } finally {
                walk.close();
            }
        }
    }

    /**
     * The gates of every attention block, without a pass backward.
     *
     * @param pictures [N, C, H, W] or [C, H, W], as the network takes them, prepared as it was trained
     * @return the blocks from the input to the output; none where the network has none
     * @throws BadInputException if the pictures have another rank
     */
    public List<BlockMaps> gates(INDArray pictures) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            ComputationGraph twin = twin();
            Wiring wiring = wiring();
            Walk walk = new Walk(twin, wiring);
            try {
                walk.forward(input(pictures));
                return blocks(twin, wiring);
            } finally {
                walk.close();
            }
        }
    }

    private INDArray input(INDArray pictures) {
        if (pictures.rank() != 3 && pictures.rank() != 4) {
            throw new BadInputException("pictures (of rank " + pictures.rank()
                    + ") must be [N, C, H, W] or [C, H, W]; give the network's input");
        }
        INDArray four = pictures.rank() == 4
                ? pictures
                : pictures.reshape(pictures.ordering(), 1, pictures.size(0), pictures.size(1), pictures.size(2));
        return four.castTo(graph.getConfiguration().getDataType()).dup('c');
    }

    private Explained explain(ComputationGraph twin, Wiring wiring, Walk walk, INDArray input) {
        requireSize(twin, wiring, input);
        if (!state.hasGradients) {
            twin.initGradientsView(); // which backward passes write to
            state.hasGradients = true;
        }
        walk.forward(input);
        GraphVertex last = twin.getVertices()[wiring.output()];
        INDArray given = walk.activation(last.getInputVertices()[0].getVertexIndex());
        Scores scoring = new Scores(last);
        INDArray scores = scoring.of(given, walk.activation(wiring.output()));
        int[] classes = classes(scores);
        List<StageMaps> chosen = new ArrayList<>();
        Map<Integer, Integer> numbers = chosen(wiring, walk);
        scoring.backward(
                walk,
                scores,
                classes,
                twin.getVertex(twin.getConfiguration().getNetworkInputs().get(0))
                        .getVertexIndex());
        numbers.forEach((vertex, number) -> chosen.add(maps(twin, wiring, walk, vertex, number)));
        int first = wiring.order()[0];
        return new Explained(
                walk.activation(wiring.output()).dup('c'),
                scores.dup('c'),
                classes,
                chosen,
                blocks(twin, wiring),
                walk.gradient(first));
    }

    private int[] classes(INDArray scores) {
        int[] classes = scores.argMax(1).toIntVector();
        if (label != null) {
            if (label < 0 || label >= scores.size(1)) {
                throw new BadInputException("class (" + label + ") must be one of the network's " + scores.size(1)
                        + "; use 0 to " + (scores.size(1) - 1));
            }
            Arrays.fill(classes, label);
        }
        return classes;
    }

    /** Vertices in their order with the number of the stage, 0 for a layer that was named. */
    private Map<Integer, Integer> chosen(Wiring wiring, Walk walk) {
        Map<Integer, Integer> places = new TreeMap<>();
        int[] place = new int[graph.getVertices().length];
        for (int i = 0; i < wiring.order().length; i++) {
            place[wiring.order()[i]] = i;
        }
        Map<Integer, Integer> numbers = new TreeMap<>((a, b) -> Integer.compare(place[a], place[b]));
        if (!layers.isEmpty()) {
            for (String name : layers) {
                int vertex = wiring.vertex(name);
                if (walk.activation(vertex).rank() != 4) {
                    throw new BadInputException("layer (" + name + ") must give a map [N, C, H, W], but gives rank "
                            + walk.activation(vertex).rank() + "; choose one before it");
                }
                numbers.put(vertex, 0);
            }
            return numbers;
        }
        int[][] sizes = new int[place.length][];
        for (int vertex : wiring.order()) {
            INDArray activation = walk.activation(vertex);
            if (activation.rank() == 4) {
                boolean last = wiring.format(vertex) == CNN2DFormat.NHWC;
                sizes[vertex] = new int[] {(int) activation.size(last ? 1 : 2), (int) activation.size(last ? 2 : 3)};
            }
        }
        Map<Integer, Integer> all = wiring.stages(sizes);
        int number = 0;
        for (int vertex : all.values()) {
            number++;
            int wanted = number;
            if (stages == null || Arrays.stream(stages).anyMatch(stage -> stage == wanted)) {
                places.put(number, vertex);
            }
        }
        if (stages != null) {
            for (int stage : stages) {
                if (stage < 1 || stage > number) {
                    throw new BadInputException(
                            "stage (" + stage + ") must be one of the network's " + number + "; use 1 to " + number);
                }
            }
        }
        places.forEach((stage, vertex) -> numbers.put(vertex, stage));
        return numbers;
    }

    private void requireSize(ComputationGraph twin, Wiring wiring, INDArray input) {
        boolean last = Arrays.stream(wiring.order()).anyMatch(v -> wiring.format(v) == CNN2DFormat.NHWC);
        long height = input.size(last ? 1 : 2);
        long width = input.size(last ? 2 : 3);
        int largest = 0;
        for (int vertex : wiring.order()) {
            if (wiring.isConvolved(vertex)
                    && !(Vertices.layer(twin.getVertices()[vertex]) instanceof SubsamplingLayer)) {
                largest = Math.max(largest, wiring.stride(vertex));
            }
        }
        if (Math.min(height, width) < largest) {
            throw new BadInputException("picture (" + height + "x" + width
                    + ") must be at least as large as the stride of the network's last stage (" + largest
                    + "); enlarge it");
        }
    }

    private static StageMaps maps(ComputationGraph twin, Wiring wiring, Walk walk, int vertex, int number) {
        String name = twin.getVertices()[vertex].getVertexName();
        INDArray activation = exact(channelsFirst(walk.activation(vertex), wiring.format(vertex)));
        INDArray gradient = walk.gradient(vertex);
        gradient = gradient == null ? activation.like() : exact(channelsFirst(gradient, wiring.format(vertex)));
        return new StageMaps(
                number,
                wiring.stride(vertex),
                name,
                GradCam.of(activation, gradient),
                GradCam.plusPlus(activation, gradient));
    }

    /** In half precision the square of a gradient is 0, and a sum over a map stays where it is. */
    private static INDArray exact(INDArray map) {
        return map.dataType() == DataType.FLOAT16 ? map.castTo(DataType.FLOAT) : map;
    }

    private static INDArray channelsFirst(INDArray map, CNN2DFormat format) {
        return format == CNN2DFormat.NHWC ? map.permute(0, 3, 1, 2).dup('c') : map;
    }

    private List<BlockMaps> blocks(ComputationGraph twin, Wiring wiring) {
        List<BlockMaps> blocks = new ArrayList<>();
        for (int index : wiring.order()) {
            GraphVertex vertex = twin.getVertices()[index];
            Layer layer = Vertices.layer(vertex);
            if (layer instanceof AttentionBlock) {
                BlockGates gates =
                        state.gates.computeIfAbsent(vertex.getVertexName(), name -> BlockGates.of(vertex.getLayer()));
                blocks.add(new BlockMaps(
                        vertex.getVertexName(),
                        ((AttentionBlock) layer).blockName(),
                        wiring.stride(index),
                        gates.read(vertex.getLayer().input())));
            }
        }
        return blocks;
    }

    private Wiring wiring() {
        if (output == null) {
            throw new BadInputException("outputs of the graph ("
                    + String.join(", ", graph.getConfiguration().getNetworkOutputs())
                    + ") are several; choose one with output(name)");
        }
        ComputationGraph twin = twin();
        Wiring wiring = state.wirings.computeIfAbsent(output, name -> new Wiring(twin, name));
        if (!wiring.convolves()) {
            String kinds = Arrays.stream(wiring.order())
                    .mapToObj(index -> twin.getVertices()[index])
                    .filter(vertex -> !vertex.isInputVertex())
                    .map(Vertices::kind)
                    .distinct()
                    .collect(Collectors.joining(", "));
            throw new BadInputException("graph (" + kinds + ") must have a convolution before output " + output
                    + "; explain a network of convolutions");
        }
        return wiring;
    }

    /** Made anew where the graph has got other parameters. */
    private ComputationGraph twin() {
        if (state.twin == null || state.parameters != graph.params()) {
            state.twin = Twin.of(graph);
            state.parameters = graph.params();
            state.hasGradients = false;
            state.wirings.clear();
            state.gates.clear();
        }
        return state.twin;
    }
}
