package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.AtomicText;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Every option of a run with its value, typed or not, and the versions that it ran with: {@code run.properties}. */
final class RunConfiguration {
    /** What says where the results go, and not what they are. */
    private static final List<String> LEFT_OUT =
            List.of("--help", "--out", "--overwrite", Recipes.OPTION, Recipes.RESUME, SparkOptions.CONF, "--ui");

    private final Map<String, String> options = new TreeMap<>();

    RunConfiguration(CommandSpec spec, Map<String, String> choices) {
        for (OptionSpec option : spec.options()) {
            String name = option.longestName();
            Object value = option.getValue();
            if (!LEFT_OUT.contains(name) && value != null && !value.equals(List.of())) {
                options.put(name, text(value));
            }
        }
        options.putAll(choices);
        String weights = options.get("--weights");
        if (options.containsKey("--from") || weights != null && WeightOptions.bringsNetwork(weights)) {
            options.keySet().removeAll(ModelOptions.NAMES);
        }
    }

    private static String text(Object value) {
        return value instanceof List
                ? ((List<?>) value).stream().map(String::valueOf).collect(Collectors.joining(","))
                : value instanceof Enum ? String.valueOf(value).toLowerCase(java.util.Locale.ROOT) : "" + value;
    }

    /** The command that makes the run again. */
    String command() {
        StringBuilder command = new StringBuilder("train");
        options.forEach((option, value) -> {
            if (!value.equals("false")) {
                command.append(' ').append(option);
                if (!value.equals("true")) {
                    command.append(' ').append(value.matches("[\\w./,:+-]+") ? value : "'" + value + "'");
                }
            }
        });
        return command.toString();
    }

    void write(Path file) {
        StringBuilder text = new StringBuilder("# " + Invocation.of(command()) + "\n");
        text.append("# Java ")
                .append(System.getProperty("java.version"))
                .append(", ")
                .append(System.getProperty("os.name"))
                .append(' ')
                .append(System.getProperty("os.arch"))
                .append(", DL4J ")
                .append(Version.of(org.deeplearning4j.nn.graph.ComputationGraph.class))
                .append(", Squeeze4j ")
                .append(Version.of(Main.class))
                .append(", native build ")
                .append(System.getProperty(NativeBuild.EXTENSION, "plain"))
                .append('\n');
        options.forEach((option, value) -> text.append(escaped(option.substring(2)))
                .append('=')
                .append(escaped(value))
                .append('\n'));
        AtomicText.write(file, text.toString());
    }

    /** As java.util.Properties reads it. */
    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }
}
