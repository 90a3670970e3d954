package io.github.squeeze4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the command line needs and the library does not bring. Uses none of it, to say so where it is missing. */
final class Needed {
    private static final Map<String, String> FILES = new LinkedHashMap<>();

    static {
        FILES.put("org/deeplearning4j/nn/graph/ComputationGraph.class", "org.deeplearning4j:deeplearning4j-nn");
        FILES.put("META-INF/services/org.nd4j.linalg.factory.Nd4jBackend", "an ND4J backend");
        FILES.put("picocli/CommandLine.class", "info.picocli:picocli");
        FILES.put("org/knowm/xchart/XYChart.class", "org.knowm.xchart:xchart");
    }

    private Needed() {}

    /** One line on what is missing; null if nothing is. */
    static String complaint(ClassLoader loader) {
        List<String> missing = new ArrayList<>();
        FILES.forEach((file, name) -> {
            if (loader.getResource(file) == null) {
                missing.add(name);
            }
        });
        return missing.isEmpty()
                ? null
                : "class path (without " + String.join(", ", missing) + ") must hold what the command line needs, which"
                        + " the library's jar does not bring; run squeeze4j-VERSION-all.jar, or add them";
    }
}
