package io.github.squeeze4j.cli;

import org.deeplearning4j.nn.graph.ComputationGraph;
import picocli.CommandLine.IVersionProvider;

/** What runs here: the first things to know of a machine where something goes wrong. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "squeeze4j " + of(Main.class),
            "Deeplearning4j " + of(ComputationGraph.class) + ", native build " + NativeBuild.chosen(),
            "Java " + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " "
                    + System.getProperty("os.arch")
        };
    }

    /** The version of the jar that a class comes from. */
    static String of(Class<?> type) {
        String version = type.getPackage().getImplementationVersion();
        return version == null ? "of the build" : version;
    }
}
