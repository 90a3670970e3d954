package io.github.squeeze4j.engine;

import java.util.Collection;
import java.util.function.Supplier;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What each layer gives in a pass of training, for listeners. The program does not keep it, so a listener that reads it makes
 * DL4J compute the pass again, on a network of its own that shares the parameters: with the same random numbers, and without
 * a trace in the network that is trained. In passes in which nobody reads, nothing is computed.
 */
final class Activations {
    /** All results of a forward pass in training, by vertex. */
    interface Pass {
        INDArray[] run(INDArray[] inputs, LayerWorkspaceMgr workspaces);
    }

    private final Supplier<Pass> passes;
    private Pass pass;
    private INDArray[] inputs;
    private INDArray[] results;
    private boolean complete;
    private long rootState;
    private long nodeState;
    private String readers;
    private int computed;

    /** @param passes makes the network of DL4J's that computes them, when it is first needed */
    Activations(Supplier<Pass> passes) {
        this.passes = passes;
    }

    /** In how many passes DL4J has computed them. */
    int computed() {
        return computed;
    }

    /** A forward pass of training begins. */
    void begin(INDArray[] given, Collection<TrainingListener> listeners) {
        Random random = Nd4j.getRandom();
        rootState = random.rootState();
        nodeState = random.nodeState();
        inputs = given.clone();
        results = null;
        complete = false;
        readers = Listeners.readers(listeners);
    }

    /** The forward pass is over: from now on only listeners read. */
    void complete() {
        complete = true;
    }

    /** The listeners have read. */
    void end() {
        inputs = null;
        results = null;
    }

    /** @param token what DL4J itself may look at on the way */
    INDArray of(int vertex, INDArray token) {
        return LazyArray.of(() -> complete ? result(vertex) : token, token);
    }

    private INDArray result(int vertex) {
        if (results == null) {
            if (inputs == null) {
                throw new IllegalStateException("activations are read (by " + readers
                        + ") after their pass; read them in onForwardPass, and keep a copy with dup()");
            }
            Notices.slower(
                    "Listener " + readers + " reads each layer's result: in such iterations DL4J computes the forward"
                            + " pass once more; let it read less often");
            results = compute();
            computed++;
        }
        return results[vertex];
    }

    private INDArray[] compute() {
        Random random = Nd4j.getRandom();
        long root = random.rootState();
        long node = random.nodeState();
        random.setStates(rootState, nodeState);
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (pass == null) {
                pass = passes.get();
            }
            return pass.run(inputs, LayerWorkspaceMgr.noWorkspaces());
        } finally {
            random.setStates(root, node);
        }
    }
}
