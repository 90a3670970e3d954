package io.github.squeeze4j.spark;

import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.training.BatchPlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.api.ndarray.INDArray;
import scala.Tuple2;

/**
 * DL4J's parameter averaging with {@link AcceleratedWorker}s. DL4J adds up the workers' parameters as they arrive, so that no two runs
 * are the same; here they are added in the workers' order, in groups where there are many, and the mean is the same in every run.
 */
final class AveragingMaster extends ParameterAveragingTrainingMaster {
    /** Up to so many results go to the driver at once; more are added up in groups on the executors before. */
    private static final int FEW = 4;

    private final String training;
    private final Broadcast<StoredPictures> pictures;
    private final BatchPlan plan;
    private final Preprocessing preprocessing;
    private final int epoch;
    private RoundSums sums;

    AveragingMaster(
            int workers,
            int frequency,
            Broadcast<StoredPictures> pictures,
            BatchPlan plan,
            Preprocessing preprocessing,
            int epoch,
            String training) {
        super(new Builder(workers, 1)
                .batchSizePerWorker(1)
                .averagingFrequency(frequency)
                .repartionData(Repartition.Never)
                .storageLevelStreams(null));
        this.pictures = pictures;
        this.plan = plan;
        this.preprocessing = preprocessing;
        this.epoch = epoch;
        this.training = training;
    }

    RoundSums sums() {
        return sums;
    }

    @Override
    protected void doIterationPaths(
            SparkDl4jMultiLayer network,
            SparkComputationGraph graph,
            JavaRDD<String> split,
            int splitNum,
            int numSplits,
            int dataSetObjectNumExamples,
            DataSetLoader dsLoader,
            MultiDataSetLoader mdsLoader) {
        ComputationGraph trained = graph.getNetwork();
        Broadcast<NetBroadcastTuple> values = graph.getSparkContext()
                .broadcast(new NetBroadcastTuple(
                        null, null, trained.params(), trained.getUpdater().getStateViewArray()));
        try {
            AcceleratedWorker worker = new AcceleratedWorker(
                    values,
                    training,
                    trained.getConfiguration(),
                    new WorkerConfiguration(true, 1, 1, averagingFrequency, 0, false));
            RoundTask task = new RoundTask(worker, pictures, plan, preprocessing, epoch);
            processResults(null, graph, split.mapPartitions(task), splitNum, numSplits);
        } finally {
            values.destroy();
        }
    }

    @Override
    protected void processResults(
            SparkDl4jMultiLayer network,
            SparkComputationGraph graph,
            JavaRDD<ParameterAveragingTrainingResult> results,
            int splitNum,
            int totalSplits) {
        int workers = results.getNumPartitions();
        JavaRDD<RoundSums> each = results.map(result -> new RoundSums((WorkerResult) result));
        List<RoundSums> inOrder = workers <= FEW ? each.collect() : grouped(each, workers);
        sums = RoundSums.of(inOrder);
        ComputationGraph trained = graph.getNetwork();
        trained.setParams(sums.parameters.divi(sums.workers));
        if (sums.updaterState != null) {
            INDArray state = trained.getUpdater().getStateViewArray();
            state.assign(sums.updaterState.divi(sums.workers).reshape(state.shape()));
        }
        trained.getConfiguration().setIterationCount(trained.getConfiguration().getIterationCount() + sums.updates);
    }

    /** Sums of neighbours, in their order: about as many groups as there are workers in each. */
    private static List<RoundSums> grouped(JavaRDD<RoundSums> each, int workers) {
        int size = (int) Math.ceil(Math.sqrt(workers));
        int groups = (workers + size - 1) / size;
        List<Tuple2<Integer, RoundSums>> sums = new ArrayList<>(each.mapPartitionsWithIndex(
                        (Integer index, Iterator<RoundSums> one) -> {
                            List<Tuple2<Integer, RoundSums>> numbered = new ArrayList<>();
                            one.forEachRemaining(result -> numbered.add(new Tuple2<>(index, result)));
                            return numbered.iterator();
                        },
                        true)
                .groupBy(numbered -> numbered._1() / size, groups)
                .mapValues(group -> {
                    List<Tuple2<Integer, RoundSums>> members = new ArrayList<>();
                    group.forEach(members::add);
                    members.sort(Comparator.comparing(Tuple2::_1));
                    List<RoundSums> sorted = new ArrayList<>();
                    members.forEach(member -> sorted.add(member._2()));
                    return RoundSums.of(sorted);
                })
                .collect());
        sums.sort(Comparator.comparing(Tuple2::_1));
        List<RoundSums> inOrder = new ArrayList<>();
        sums.forEach(sum -> inOrder.add(sum._2()));
        return inOrder;
    }
}
