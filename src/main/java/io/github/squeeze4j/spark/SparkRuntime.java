package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * Whether the Spark on the class path is one that this library runs with. Asks files and the Java virtual machine, and loads no
 * class of Spark, so that what does not fit is one line and no linkage error.
 */
public final class SparkRuntime {
    /** The Spark that the library is built and tested with. */
    public static final String SPARK_VERSION = "3.5.7";

    /** The first part of Spark's version that must be the same. */
    private static final String SPARK_LINE = "3.5.";

    private static final String SCALA_LINE = "2.12.";
    /** From Java 24 on Hadoop's user names, which Spark 3.5 asks for, are gone, in 23 unless they are allowed. */
    private static final int LAST_JAVA = 22;

    private static final String OPENED = "sun.nio.ch";
    private static final String REMEDY = "; run it by spark-submit of Spark " + SPARK_VERSION
            + " for Scala 2.12, or put org.apache.spark:spark-mllib_2.12:" + SPARK_VERSION + " on the class path";

    private SparkRuntime() {}

    /**
     * Checks Java, Spark and Scala.
     *
     * @throws BadInputException if one of them is missing or of another version; the message says which and what to do
     */
    public static void require() {
        String complaint =
                complaint(SparkRuntime.class.getClassLoader(), Runtime.version().feature(), isOpen());
        if (complaint != null) {
            throw new BadInputException(complaint);
        }
    }

    /**
     * Also checks DL4J's Spark integration, which only training needs.
     *
     * @throws BadInputException as {@link #require()}, or if it is missing
     */
    public static void requireForTraining() {
        require();
        if (SparkRuntime.class
                        .getClassLoader()
                        .getResource("org/deeplearning4j/spark/impl/graph/SparkComputationGraph.class")
                == null) {
            throw new BadInputException("class path (without org.deeplearning4j:dl4j-spark_2.12) must hold DL4J's Spark"
                    + " integration to train; add org.deeplearning4j:dl4j-spark_2.12:1.0.0-M2");
        }
    }

    private static boolean isOpen() {
        Module base = Object.class.getModule();
        return base.isOpen(OPENED, SparkRuntime.class.getModule());
    }

    /** What does not fit, in a line; null if all does. */
    static String complaint(ClassLoader loader, int java, boolean open) {
        if (java > LAST_JAVA) {
            return "Java (" + java + ") must be 11 or 17 for Spark " + SPARK_VERSION
                    + ", which does not run on later ones; start it with Java 17";
        }
        String spark = property(loader, "spark-version-info.properties", "version");
        String scala = property(loader, "library.properties", "version.number");
        if (spark == null || scala == null || loader.getResource("org/apache/spark/ml/Transformer.class") == null) {
            return "class path (without " + (scala == null ? "Scala" : "Spark") + ") must hold Spark" + REMEDY;
        }
        if (!spark.startsWith(SPARK_LINE)) {
            return "Spark (" + spark + ") must be " + SPARK_LINE + "x" + REMEDY;
        }
        if (!scala.startsWith(SCALA_LINE)) {
            return "Scala (" + scala + ") must be " + SCALA_LINE + "x" + REMEDY;
        }
        // The classes alone are enough to compile with; what they call comes with a whole Spark.
        if (loader.getResource("io/netty/channel/Channel.class") == null) {
            return "class path (without what Spark needs, such as Netty) must hold a whole Spark" + REMEDY;
        }
        return open
                ? null
                : "Java's package " + OPENED + " (closed) must be open to Spark; start Java with --add-opens java.base/"
                        + OPENED + "=ALL-UNNAMED, as spark-submit does";
    }

    private static String property(ClassLoader loader, String file, String name) {
        try (InputStream in = loader.getResourceAsStream(file)) {
            if (in == null) {
                return null;
            }
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty(name);
        } catch (IOException e) {
            return null; // as good as missing
        }
    }
}
