package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import java.io.File;
import java.net.URISyntaxException;
import java.security.CodeSource;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * A session of Spark for the command line and for programs that do not make their own: with settings that suit native code, and with
 * errors in a line. What the user has set, here or with spark-submit, stays.
 *
 * <pre>{@code
 * try (Cluster cluster = Cluster.connect("spark://host:7077", Map.of("spark.executor.memory", "4g"))) {
 *     Evaluations.evaluate(cluster.session(), classifier, pictures, OnBadPicture.FAIL);
 * }
 * }</pre>
 */
public final class Cluster implements AutoCloseable {
    private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
    private static final String JAVA_OPTIONS = "spark.executor.extraJavaOptions";
    private static final String CORES = "spark.executor.cores";

    private final SparkSession session;

    private Cluster(SparkSession session) {
        this.session = session;
    }

    /**
     * Starts a session.
     *
     * @param master as Spark's: {@code local[*]}, {@code spark://HOST:PORT}, {@code yarn}
     * @param settings of Spark, by their names
     * @return the session, which is to be closed
     * @throws BadInputException if Spark is not there, does not fit, or its master does not answer
     */
    public static Cluster connect(String master, Map<String, String> settings) {
        SparkRuntime.require();
        setDefault("org.slf4j.simpleLogger.log.org.apache.spark", "off");
        setDefault("org.slf4j.simpleLogger.log.org.apache.hadoop", "off");
        SparkConf conf = new SparkConf().setMaster(master);
        settings.forEach(conf::set);
        complete(conf, master);
        return Calls.of(() -> {
            SparkSession session = SparkSession.builder().config(conf).getOrCreate();
            // What the user is to know comes as one line from here.
            session.sparkContext().setLogLevel("OFF");
            return new Cluster(session);
        });
    }

    /** Fills in what is not set. */
    static void complete(SparkConf conf, String master) {
        boolean local = master.startsWith("local");
        conf.setIfMissing("spark.app.name", "squeeze4j");
        conf.setIfMissing("spark.ui.showConsoleProgress", "false");
        if (local) {
            conf.setIfMissing("spark.ui.enabled", "false");
        }
        // Pictures are small: a task is to have many of them.
        conf.setIfMissing("spark.sql.files.openCostInBytes", "65536");
        conf.setIfMissing("spark.executorEnv.GOMP_SPINCOUNT", "5000");
        if (conf.contains(CORES)) {
            // One network, one task, all threads: two networks at once get in each other's way.
            conf.setIfMissing("spark.task.cpus", conf.get(CORES));
            conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", conf.get(CORES));
        }
        String build = System.getProperty(EXTENSION, "");
        if (!local && !build.isEmpty() && !conf.get(JAVA_OPTIONS, "").contains(EXTENSION)) {
            conf.set(JAVA_OPTIONS, (conf.get(JAVA_OPTIONS, "") + " -D" + EXTENSION + "=" + build).strip());
        }
        String jar = ownJar();
        if (!local && jar != null && !conf.contains("spark.jars")) {
            conf.set("spark.jars", jar);
        }
    }

    /** The jar with this library; null where it is a folder of classes. */
    private static String ownJar() {
        CodeSource source = Cluster.class.getProtectionDomain().getCodeSource();
        try {
            File file = source == null ? null : new File(source.getLocation().toURI());
            return file != null && file.getName().endsWith(".jar") && file.isFile() ? file.getPath() : null;
        } catch (URISyntaxException | IllegalArgumentException e) {
            return null; // no file of this machine
        }
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * The session.
     *
     * @return Spark's
     */
    public SparkSession session() {
        return session;
    }

    /**
     * Tasks that run at once: cores by cores of a task.
     *
     * @return at least 1, as far as executors have come by now
     */
    public int tasks() {
        SparkConf conf = session.sparkContext().getConf();
        return Math.max(1, session.sparkContext().defaultParallelism() / conf.getInt("spark.task.cpus", 1));
    }

    /**
     * Runs what calls Spark.
     *
     * @param <T> what it gives
     * @param call reads, transforms, writes
     * @return what it gives
     * @throws BadInputException for what went wrong and the user can mend
     */
    public <T> T run(Supplier<T> call) {
        return Calls.of(call);
    }

    /** Ends the session. */
    @Override
    public void close() {
        session.stop();
    }

    @Override
    public String toString() {
        return "Spark " + session.version() + " at " + session.sparkContext().master();
    }
}
