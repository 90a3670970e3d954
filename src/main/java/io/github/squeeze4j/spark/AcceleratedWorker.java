package io.github.squeeze4j.spark;

import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.training.UpdateMeter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.TaskCompletionListener;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's worker with networks on oneDNN. DL4J makes a network anew for each round; here an executor keeps those of a training, one for
 * each task at a time, with their programs, and gives them the parameters of the round.
 */
final class AcceleratedWorker extends ParameterAveragingTrainingWorker {
    private static final long serialVersionUID = 1L;

    /** Networks of the training that came last, which no task uses now. */
    private static final Deque<ComputationGraph> IDLE = new ArrayDeque<>();

    private static String idleOf;

    private final Broadcast<NetBroadcastTuple> values;
    private final String training;
    private final String configuration;
    private final int updates;
    private final int epoch;

    /**
     * A worker of one round.
     *
     * @param training tells trainings apart
     */
    AcceleratedWorker(
            Broadcast<NetBroadcastTuple> values,
            String training,
            ComputationGraphConfiguration configuration,
            WorkerConfiguration how) {
        super(values, true, how, null, null, null);
        this.values = values;
        this.training = training;
        this.configuration = configuration.toJson();
        updates = configuration.getIterationCount();
        epoch = configuration.getEpochCount();
    }

    @Override
    public ComputationGraph getInitialModelGraph() {
        ComputationGraph graph = taken();
        NetBroadcastTuple tuple = values.value();
        if (graph == null) {
            graph = new ComputationGraph(ComputationGraphConfiguration.fromJson(configuration));
            graph.init(tuple.getParameters().dup(), false);
            Acceleration.apply(graph);
        } else {
            graph.params().assign(tuple.getParameters());
        }
        INDArray state = graph.getUpdater().getStateViewArray();
        if (state != null && tuple.getUpdaterState() != null) {
            state.assign(tuple.getUpdaterState().reshape(state.shape()));
        }
        graph.getConfiguration().setIterationCount(updates);
        graph.getConfiguration().setEpochCount(epoch);
        ComputationGraph used = graph;
        // which is before Spark writes the result: that has copies
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> give(used));
        return graph;
    }

    private ComputationGraph taken() {
        synchronized (IDLE) {
            if (!training.equals(idleOf)) {
                IDLE.forEach(graph -> Acceleration.of(graph).close());
                IDLE.clear();
                idleOf = training;
            }
            return IDLE.poll();
        }
    }

    private void give(ComputationGraph graph) {
        synchronized (IDLE) {
            if (training.equals(idleOf)) {
                IDLE.add(graph);
            } else {
                Acceleration.of(graph).close();
            }
        }
    }

    WorkerResult result(ComputationGraph graph, UpdateMeter meter, List<String> skipped) {
        ParameterAveragingTrainingResult plain = getFinalResult(graph);
        return new WorkerResult(plain, graph.getIterationCount() - updates, meter, skipped);
    }
}
