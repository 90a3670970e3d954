package io.github.squeeze4j.spark;

import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.OneCycle;
import io.github.squeeze4j.training.Optimizer;
import io.github.squeeze4j.training.PicturePrediction;
import io.github.squeeze4j.training.Trainer;
import io.github.squeeze4j.training.TrainingProgress;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Scoring, evaluation and training on a real cluster, with a worker killed on the way, against the single machine. Started by {@code
 * src/test/scripts/spark-cluster}, which has started the cluster; prints a line for each check and ends with 1 if one fails.
 */
final class ClusterCheck {
    private static final int PER_CLASS = 60;

    private final String master;
    private final Path work;
    private final int count;
    private final ImageClassifier classifier = LocalSpark.classifier();
    private boolean failed;

    private ClusterCheck(String master, Path work, int count) {
        this.master = master;
        this.work = work;
        this.count = count;
    }

    /** Arguments: the master, a folder with the workers' process numbers and their command, how many pictures, which checks. */
    public static void main(String[] args) throws Exception {
        NativeBuild.choose();
        ClusterCheck check = new ClusterCheck(args[0], Path.of(args[1]), Integer.parseInt(args[2]));
        List<String> wanted =
                args.length > 3 ? Arrays.asList(args).subList(3, args.length) : List.of("score", "evaluate", "train");
        if (wanted.contains("score")) {
            check.score();
        }
        if (wanted.contains("evaluate")) {
            check.evaluate();
        }
        if (wanted.contains("train")) {
            check.train();
        }
        System.exit(check.failed ? 1 : 0);
    }

    private Cluster connect() {
        return Cluster.connect(
                master,
                Map.of(
                        "spark.driver.host", "127.0.0.1",
                        "spark.driver.bindAddress", "127.0.0.1",
                        "spark.ui.enabled", "false",
                        "spark.executor.memory", "1g",
                        "spark.executor.cores", "1",
                        "spark.executor.extraClassPath", System.getProperty("check.classpath")));
    }

    private void say(boolean right, String what) {
        failed |= !right;
        System.out.println((right ? "ok    " : "WRONG ") + what);
    }

    /** As of a machine that fails: its worker, and with it the executor. */
    private void kill(int worker) {
        try {
            long pid = Long.parseLong(
                    Files.readString(work.resolve("worker" + worker + ".pid")).strip());
            ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            System.out.println("      killed worker " + worker + " and its executor");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void restart(int worker) throws IOException {
        Process process = new ProcessBuilder("" + work.resolve("worker"))
                .redirectErrorStream(true)
                .redirectOutput(new File("" + work.resolve("worker" + worker + "-again.log")))
                .start();
        Files.writeString(work.resolve("worker" + worker + ".pid"), "" + process.pid());
    }

    /** Waits until the workers have their executors. */
    private static void waitForTwo(SparkSession session) throws InterruptedException {
        for (int i = 0; i < 600 && session.sparkContext().statusTracker().getExecutorInfos().length < 3; i++) {
            Thread.sleep(100);
        }
    }

    private void score() throws Exception {
        Path pictures = LocalSpark.pictures(work.resolve("pictures"), (count + 2) / 3);
        int all = (count + 2) / 3 * 3;
        Path seen = work.resolve("seen.parquet");
        try (Cluster cluster = connect()) {
            waitForTwo(cluster.session());
            Dataset<Row> files = cluster.session()
                    .read()
                    .format("binaryFile")
                    .option("recursiveFileLookup", true)
                    .load("" + pictures.toUri());
            // So many tasks that some are under way, some are done and some are not when the worker is killed.
            Thread scoring = new Thread(() -> new PictureClassifier(classifier)
                    .setKeepInput(false)
                    .transform(files.repartition(40))
                    .write()
                    .parquet("" + seen.toUri()));
            scoring.start();
            while (finished(cluster.session()) < 10) {
                Thread.sleep(20);
            }
            kill(1);
            scoring.join();
            List<Row> rows = cluster.session().read().parquet("" + seen.toUri()).collectAsList();
            Map<String, Row> byPath = new TreeMap<>();
            rows.forEach(row -> byPath.put(row.<String>getAs("path").replaceFirst("^file:(//)?", ""), row));
            say(rows.size() == all, rows.size() + " rows for " + all + " pictures, a worker killed in the middle");
            say(byPath.size() == all, byPath.size() + " different pictures");
            double most = 0;
            int same = 0;
            for (Map.Entry<String, Row> one : byPath.entrySet()) {
                PicturePrediction single = classifier.predict(Path.of(one.getKey()));
                most = Math.max(
                        most,
                        Math.abs(single.best().probability() - one.getValue().<Double>getAs("probability")));
                same += single.best().className().equals(one.getValue().getAs("prediction")) ? 1 : 0;
            }
            say(same == all && most < 1e-4, same + " classes are the single machine's, probabilities to " + most);
        }
        restart(1);
    }

    /** Tasks of all jobs that are done. */
    private static int finished(SparkSession session) {
        int finished = 0;
        for (int job : session.sparkContext().statusTracker().getActiveJobIds()) {
            for (int stage :
                    session.sparkContext().statusTracker().getJobInfo(job).get().stageIds()) {
                if (session.sparkContext().statusTracker().getStageInfo(stage).isDefined()) {
                    finished += session.sparkContext()
                            .statusTracker()
                            .getStageInfo(stage)
                            .get()
                            .numCompletedTasks();
                }
            }
        }
        return finished;
    }

    private LabelledPictures labelled() throws Exception {
        Path folder = work.resolve("labelled");
        return new PictureFinder()
                .split(0, 0)
                .open(Files.exists(folder) ? folder : LocalSpark.pictures(folder, PER_CLASS))
                .train();
    }

    private void evaluate() throws Exception {
        LabelledPictures pictures = labelled();
        String single = classifier.evaluate(pictures).text();
        try (Cluster cluster = connect()) {
            waitForTwo(cluster.session());
            String spark = Evaluations.evaluate(cluster.session(), classifier, pictures, OnBadPicture.FAIL)
                    .text();
            say(spark.equals(single), "evaluation: " + spark.lines().findFirst().orElseThrow());
        }
    }

    private ImageClassifier trained(SparkSession session, Runnable middle) throws Exception {
        LabelledPictures pictures = labelled();
        ParameterAveraging averaging =
                ParameterAveraging.on(session).workers(2).frequency(5).build();
        int updates = 2 * ParameterAveraging.updates((pictures.size() + 3) / 4, 2, 5);
        AtomicInteger rounds = new AtomicInteger();
        ImageClassifier untrained = LocalSpark.classifier();
        Trainer.builder()
                .epochs(2)
                .batchSize(4)
                .optimizer(Optimizer.builder(Optimizer.Kind.SGD, new OneCycle(0.05, updates))
                        .build())
                .rounds(averaging)
                .progress(new TrainingProgress() {
                    @Override
                    public void step(int epoch, long imagesDone, long imagesTotal, double loss) {
                        if (rounds.incrementAndGet() == 4) {
                            // While the next round runs.
                            new Thread(() -> {
                                        try {
                                            Thread.sleep(50);
                                        } catch (InterruptedException e) {
                                            Thread.currentThread().interrupt();
                                        }
                                        middle.run();
                                    })
                                    .start();
                        }
                    }
                })
                .build()
                .fit(untrained, pictures, pictures);
        return untrained;
    }

    private void train() throws Exception {
        ImageClassifier local;
        try (Cluster one = Cluster.connect(
                "local[2]", Map.of("spark.driver.host", "127.0.0.1", "spark.driver.bindAddress", "127.0.0.1"))) {
            local = trained(one.session(), () -> {});
        }
        try (Cluster cluster = connect()) {
            waitForTwo(cluster.session());
            ImageClassifier killed = trained(cluster.session(), () -> kill(2));
            float[] expected = local.graph().params().toFloatVector();
            float[] got = killed.graph().params().toFloatVector();
            double most = 0;
            for (int i = 0; i < expected.length; i++) {
                most = Math.max(most, Math.abs(expected[i] - got[i]));
            }
            say(
                    Arrays.equals(expected, got),
                    killed.graph().getIterationCount() + " updates of two workers, one killed in the middle: parameters"
                            + " differ from those of one process by " + most);
        }
        restart(2);
    }
}
