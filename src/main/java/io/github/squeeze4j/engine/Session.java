package io.github.squeeze4j.engine;

import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Decides at the first layer of each pass whether the program runs it or DL4J does, and runs the program. */
final class Session {
    private static final String TRAINING_WORKSPACE = "WS_ALL_LAYERS_ACT";
    private static final String OUTPUT_WORKSPACES = "WS_LAYER_ACT_";

    final Executor executor;
    /** What nobody reads: results and gradients between two layers of the program. */
    final INDArray token = Nd4j.scalar(DataType.FLOAT, 0);

    private String refusal;

    Session(Plan plan) {
        executor = new Executor(plan);
    }

    /** Why DL4J runs this pass, or null. */
    String refusal() {
        return refusal;
    }

    boolean stock() {
        return refusal != null;
    }

    /** The forward pass, or the decision against it. */
    void begin(
            boolean training,
            LayerWorkspaceMgr workspaces,
            INDArray[] given,
            boolean masked,
            Collection<TrainingListener> listeners) {
        refusal = refusal(training, workspaces, given, masked, listeners);
        if (refusal != null) {
            return;
        }
        INDArray[] inputs = given.clone();
        for (int i = 0; i < inputs.length; i++) {
            if (!Run.isDense(inputs[i])) {
                inputs[i] = workspaces.dup(ArrayType.ACTIVATIONS, inputs[i], 'c');
            }
        }
        try {
            executor.forward(training ? Mode.TRAINING : Mode.INFERENCE, inputs, workspaces);
        } catch (Unsupported e) {
            refusal = e.getMessage();
        }
    }

    /** A forward pass at inference and its outputs outside of DL4J's own loop; null if the program refuses. */
    INDArray[] output(INDArray... given) {
        LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
        INDArray[] inputs = new INDArray[given.length];
        for (int i = 0; i < given.length; i++) {
            if (given[i].dataType() != DataType.FLOAT) {
                refusal = "an input is " + given[i].dataType() + " and oneDNN computes in FLOAT";
                return null;
            }
            inputs[i] = Executor.dense(given[i], none);
        }
        try {
            executor.forward(Mode.INFERENCE, inputs, none);
            refusal = null;
            return executor.outputs(none);
        } catch (Unsupported e) {
            refusal = e.getMessage();
            return null;
        }
    }

    private static String refusal(
            boolean training,
            LayerWorkspaceMgr workspaces,
            INDArray[] inputs,
            boolean masked,
            Collection<TrainingListener> listeners) {
        if (!hidden(workspaces)) {
            return "each layer's result was asked for, or the network has no workspaces";
        }
        if (masked) {
            return "there are mask arrays";
        }
        for (INDArray input : inputs) {
            if (input.dataType() != DataType.FLOAT) {
                return "an input is " + input.dataType() + " and oneDNN computes in FLOAT";
            }
        }
        for (TrainingListener listener : listeners) {
            if (training && readsActivations(listener)) {
                return "listener " + listener.getClass().getSimpleName() + " reads each layer's result";
            }
        }
        return null;
    }

    /** Whether what a layer gives stays inside of DL4J: it goes to a workspace of the pass. */
    static boolean hidden(LayerWorkspaceMgr workspaces) {
        if (!workspaces.hasConfiguration(ArrayType.ACTIVATIONS) || workspaces.isScopedOut(ArrayType.ACTIVATIONS)) {
            return false;
        }
        String name = workspaces.getWorkspaceName(ArrayType.ACTIVATIONS);
        return name != null && (name.equals(TRAINING_WORKSPACE) || name.startsWith(OUTPUT_WORKSPACES));
    }

    private static boolean readsActivations(TrainingListener listener) {
        for (Class<?> kind : new Class<?>[] {Map.class, java.util.List.class}) {
            try {
                Method method = listener.getClass().getMethod("onForwardPass", Model.class, kind);
                Class<?> owner = method.getDeclaringClass();
                if (owner != BaseTrainingListener.class && owner != TrainingListener.class) {
                    return true;
                }
            } catch (NoSuchMethodException e) {
                return true;
            }
        }
        return false;
    }
}
