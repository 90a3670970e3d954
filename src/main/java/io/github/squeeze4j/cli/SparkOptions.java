package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which cluster. Names no class of Spark, which only some have. */
final class SparkOptions {
    static final String SPARK = "--spark";
    static final String CONF = "--conf";

    @Option(
            names = SPARK,
            paramLabel = "MASTER",
            description =
                    "Run on Apache Spark: local[*], spark://HOST:7077, yarn. Needs Spark 3.5 on the class path, as with"
                            + " spark-submit.")
    private String master;

    @Option(
            names = CONF,
            paramLabel = "NAME=VALUE",
            description = "With --spark: a setting of Spark's, such as spark.executor.memory=4g; may be repeated.")
    private List<String> settings = List.of();

    boolean areGiven() {
        if (master == null && !settings.isEmpty()) {
            throw new BadInputException(
                    CONF + " (" + settings.get(0) + ") must come with --spark; add it or leave both out");
        }
        return master != null;
    }

    String master() {
        return master;
    }

    Map<String, String> settings() {
        Map<String, String> all = new LinkedHashMap<>();
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            if (parts.length < 2 || !parts[0].startsWith("spark.")) {
                throw new BadInputException(CONF + " (" + setting
                        + ") must be a name of Spark's and a value; use spark.executor.memory=4g");
            }
            all.put(parts[0], parts[1]);
        }
        return all;
    }
}
