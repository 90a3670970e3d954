package io.github.squeeze4j.engine;

import io.github.squeeze4j.internal.OpenMp;
import io.github.squeeze4j.onednn.OneDnn;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A trained network made ready for use: the same outputs, computed faster.
 *
 * <p>On oneDNN, batch normalization is folded into the convolution before it; activations and residual additions happen
 * while the convolution writes its result, in the shortcut's memory where nobody else reads that; weights are kept in the
 * layout of the processor, once for all sizes of input; 3x3 convolutions use Winograd's algorithm where maps are large
 * enough. Outputs equal the network's to 1e-4. Elsewhere (another type than FLOAT, another backend, sizes for which there
 * is no program) the network's own copy computes them.
 *
 * <p>The network is copied: training it further changes nothing here. Any size of batch and, for networks that take it, of
 * image. Safe to use from several threads, which take turns, since each output already uses all processors.
 *
 * <pre>{@code
 * InferenceNetwork fast = InferenceNetwork.optimize(network);
 * INDArray probabilities = fast.outputSingle(images);
 * }</pre>
 */
public final class InferenceNetwork implements AutoCloseable {
    static {
        OpenMp.spinBriefly();
    }

    private final ComputationGraph network;
    /** Where DL4J's graph fails and its network of layers does not; else null. */
    private final MultiLayerNetwork chain;

    private final DataType maps;
    private final String refusal;
    private final Executor executor;
    private String lastRefusal;

    private InferenceNetwork(ComputationGraph network, MultiLayerNetwork chain, Precision precision) {
        this.network = network;
        this.chain = chain;
        maps = precision.maps(network.getConfiguration().getDataType());
        Executor made = null;
        String reason = OneDnn.unavailableReason();
        if (reason == null) {
            try {
                Plan plan = new Plan(Topology.of(network), maps);
                if (network.getConfiguration().getInferenceWorkspaceMode() == WorkspaceMode.NONE) {
                    reason = plan.refusalInOneWorkspace;
                }
                made = reason == null ? new Executor(plan) : null;
            } catch (Unsupported e) {
                reason = e.getMessage();
            }
        }
        executor = made;
        refusal = reason;
    }

    /**
     * Optimises a graph.
     *
     * @param network an initialised graph, which stays as it is
     * @return its form for inference
     */
    public static InferenceNetwork optimize(ComputationGraph network) {
        return optimize(network, Precision.FLOAT32);
    }

    /**
     * Optimises a graph.
     *
     * @param network an initialised graph, which stays as it is
     * @param precision of its maps; outputs are float32 in any case
     * @return its form for inference
     * @throws io.github.squeeze4j.BadInputException for {@link Precision#BFLOAT16} where that cannot be
     */
    public static InferenceNetwork optimize(ComputationGraph network, Precision precision) {
        INDArray parameters = network.params();
        return new InferenceNetwork(Copies.of(network, parameters == null ? null : parameters.dup()), null, precision);
    }

    /**
     * Optimises a network of layers.
     *
     * @param network an initialised network, which stays as it is
     * @return its form for inference
     */
    public static InferenceNetwork optimize(MultiLayerNetwork network) {
        return optimize(network, Precision.FLOAT32);
    }

    /**
     * Optimises a network of layers.
     *
     * @param network an initialised network, which stays as it is
     * @param precision of its maps; outputs are float32 in any case
     * @return its form for inference
     * @throws io.github.squeeze4j.BadInputException for {@link Precision#BFLOAT16} where that cannot be
     */
    public static InferenceNetwork optimize(MultiLayerNetwork network, Precision precision) {
        MultiLayerNetwork chain = Noises.areInGraphs(network) ? null : network.clone();
        return new InferenceNetwork(network.toComputationGraph(), chain, precision);
    }

    /**
     * The network's outputs, as {@link ComputationGraph#output(INDArray...)} gives them.
     *
     * @param inputs the network's inputs, as there
     * @return its outputs, in no workspace
     */
    public synchronized INDArray[] output(INDArray... inputs) {
        lastRefusal = refusal != null ? refusal : reasonAgainst(inputs);
        if (lastRefusal == null) {
            LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
            INDArray[] dense = new INDArray[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                dense[i] = Executor.dense(inputs[i], none);
            }
            Random random = Nd4j.getRandom();
            long rootState = random.rootState();
            long nodeState = random.nodeState();
            try {
                network.setInputs(inputs); // preprocessors ask for the size of the batch
                executor.forward(Mode.FROZEN, dense, none);
                INDArray[] outputs = executor.outputs(none);
                network.clear();
                return outputs;
            } catch (Unsupported e) {
                lastRefusal = e.getMessage();
                random.setStates(rootState, nodeState); // DL4J begins anew, and draws the same numbers
            }
        }
        return chain == null ? network.output(false, inputs) : new INDArray[] {chain.output(inputs[0], false)};
    }

    private String reasonAgainst(INDArray[] inputs) {
        int expected = network.getConfiguration().getNetworkInputs().size();
        if (inputs.length != expected) {
            return inputs.length + " inputs were given for " + expected;
        }
        for (INDArray input : inputs) {
            if (input.dataType() != network.getConfiguration().getDataType()) {
                return "an input is " + input.dataType();
            }
        }
        return null;
    }

    /**
     * The output of a network that has one.
     *
     * @param inputs the network's inputs
     * @return its output, in no workspace
     */
    public INDArray outputSingle(INDArray... inputs) {
        INDArray[] outputs = output(inputs);
        if (outputs.length != 1) {
            throw new IllegalStateException(
                    "outputSingle: outputs (" + outputs.length + ") must be 1; use output() for all of them");
        }
        return outputs[0];
    }

    /**
     * Why DL4J computed the last output, or computes all of them.
     *
     * @return the reason, or null if oneDNN does
     */
    public synchronized String refusal() {
        return lastRefusal == null ? refusal : lastRefusal;
    }

    /**
     * Frees the native memory of its programs; DL4J computes what is asked for afterwards. A network that is dropped need not
     * be closed: its memory is freed when it is collected, as late as that may be. Twice is as once.
     */
    @Override
    public synchronized void close() {
        if (executor != null) {
            executor.close();
            lastRefusal = Executor.CLOSED;
        }
    }

    /** What computes, in a line. */
    @Override
    public String toString() {
        String reason = refusal();
        return reason == null
                ? "a oneDNN program of "
                        + network.getConfiguration().getVertices().size() + " layers and vertices"
                        + (maps == DataType.BFLOAT16 ? " in bfloat16, with " + OneDnn.instructions() : "")
                : "DL4J computes: " + reason;
    }
}
