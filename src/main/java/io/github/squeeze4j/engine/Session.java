package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;

/** Decides at the first layer of each pass whether the program runs it or DL4J does, and runs the program. */
final class Session {
    static final String TRAINING_WORKSPACE = "WS_ALL_LAYERS_ACT";
    static final String OUTPUT_WORKSPACES = "WS_LAYER_ACT_";

    final Executor executor;

    private String refusal;
    private Mode mode;

    private final Plan plan;

    Session(Plan plan) {
        this.plan = plan;
        executor = new Executor(plan);
    }

    /** Why DL4J runs this pass, or null. */
    String refusal() {
        return refusal;
    }

    boolean stock() {
        return refusal != null;
    }

    /** What the program ran for in the last pass; null if it did not run. */
    Mode mode() {
        return stock() ? null : mode;
    }

    /** The forward pass, or the decision against it. */
    void begin(Mode wanted, LayerWorkspaceMgr workspaces, INDArray[] given, boolean masked) {
        refusal = refusal(wanted, workspaces, given, masked);
        if (refusal != null) {
            return;
        }
        INDArray[] inputs = given.clone();
        for (int i = 0; i < inputs.length; i++) {
            if (!Run.isDense(inputs[i])) {
                inputs[i] = workspaces.dup(ArrayType.ACTIVATIONS, inputs[i], 'c');
            }
        }
        Random random = Nd4j.getRandom();
        long rootState = random.rootState();
        long nodeState = random.nodeState();
        try {
            executor.forward(wanted, inputs, workspaces);
            mode = wanted;
        } catch (Unsupported e) {
            refusal = e.getMessage();
            plan.nodes.forEach(Node::abandon);
            random.setStates(rootState, nodeState); // DL4J begins anew, and draws the same numbers
        }
    }

    /**
     * A forward pass at inference and its outputs outside of DL4J's own loop; null if the program refuses.
     *
     * @param workspaces whether DL4J has some at inference
     */
    INDArray[] output(boolean workspaces, INDArray... given) {
        refusal = workspaces ? null : plan.refusalInOneWorkspace;
        if (refusal != null) {
            return null;
        }
        LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
        INDArray[] inputs = new INDArray[given.length];
        for (int i = 0; i < given.length; i++) {
            refusal = wrongType(given[i]);
            if (refusal != null) {
                return null;
            }
            inputs[i] = Executor.dense(given[i], none);
        }
        try {
            executor.forward(Mode.INFERENCE, inputs, none);
            mode = Mode.INFERENCE;
            return executor.outputs(none);
        } catch (Unsupported e) {
            refusal = e.getMessage();
            return null;
        }
    }

    /** Forward and backward passes belong together: what the program keeps in between is gone after any other pass. */
    void requireTraining() {
        if (!mode.trains()) {
            throw new IllegalStateException("backward pass: the last forward pass of this network was one at inference;"
                    + " call the forward pass in training again, and nothing in between");
        }
    }

    private String refusal(Mode wanted, LayerWorkspaceMgr workspaces, INDArray[] inputs, boolean masked) {
        if (!hidden(workspaces)) {
            return "each layer's result was asked for, or the network has no workspaces";
        }
        boolean one = TRAINING_WORKSPACE.equals(workspaces.getWorkspaceName(ArrayType.ACTIVATIONS));
        if (one && !wanted.trains() && plan.refusalInOneWorkspace != null) {
            return plan.refusalInOneWorkspace;
        }
        if (masked) {
            return "there are mask arrays";
        }
        for (INDArray input : inputs) {
            if (wrongType(input) != null) {
                return wrongType(input);
            }
        }
        return null;
    }

    private static String wrongType(INDArray input) {
        return input.dataType() == DataType.FLOAT
                ? null
                : "an input is " + input.dataType() + " and oneDNN computes in FLOAT";
    }

    /** Whether what a layer gives stays inside of DL4J: it goes to a workspace of the pass. */
    static boolean hidden(LayerWorkspaceMgr workspaces) {
        if (!workspaces.hasConfiguration(ArrayType.ACTIVATIONS) || workspaces.isScopedOut(ArrayType.ACTIVATIONS)) {
            return false;
        }
        String name = workspaces.getWorkspaceName(ArrayType.ACTIVATIONS);
        return name != null && (name.equals(TRAINING_WORKSPACE) || name.startsWith(OUTPUT_WORKSPACES));
    }
}
