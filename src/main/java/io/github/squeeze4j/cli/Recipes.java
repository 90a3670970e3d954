package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.ShownText;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Files of options: {@code epochs=100} a line, without the dashes. A recipe ({@code --recipe NAME|FILE}) or the configuration of
 * an earlier run ({@code --resume DIR}) gives the options that are not typed.
 */
final class Recipes {
    static final String OPTION = "--recipe";
    static final String RESUME = "--resume";
    static final String RUN_FILE = "run.properties";
    static final List<String> NAMES = List.of("senet", "rgsenet", "cifar", "finetune");
    private static final int LARGEST = 1 << 16;

    private Recipes() {}

    /** The arguments with the options of the recipe or the run that they name. */
    static String[] expand(String[] args) {
        String recipe = value(args, OPTION);
        String run = value(args, RESUME);
        List<String> all = new ArrayList<>(Arrays.asList(args));
        if (run != null) {
            Path file = RunResults.resumable(Path.of(run)).resolve(RUN_FILE);
            if (!Files.isRegularFile(file)) {
                throw new BadInputException("folder to resume (" + run + ") must hold " + RUN_FILE
                        + ", as a run of the train command leaves it; name the folder given to --out");
            }
            add(all, args, file.toString(), read(file));
        } else if (recipe != null) {
            add(all, args, recipe, NAMES.contains(recipe) ? named(recipe) : read(Path.of(recipe)));
        }
        return all.toArray(new String[0]);
    }

    private static void add(List<String> all, String[] args, String source, Map<String, String> options) {
        options.forEach((name, value) -> {
            String option = "--" + name;
            if (name.isBlank() || name.equals("resume") || !name.matches("[a-z0-9-]+")) {
                throw new BadInputException("recipe " + source + ": line " + name
                        + " must be an option without its dashes and a value;" + " write epochs=100");
            }
            if (isGiven(args, option) || value.equals("false")) {
                return;
            }
            all.add(value.equals("true") ? option : option + "=" + value);
        });
    }

    private static boolean isGiven(String[] args, String option) {
        return Arrays.stream(args).anyMatch(arg -> arg.equals(option) || arg.startsWith(option + "="));
    }

    private static String value(String[] args, String option) {
        for (int i = 0; i < args.length; i++) {
            if (args[i].startsWith(option + "=")) {
                return args[i].substring(option.length() + 1);
            }
            if (args[i].equals(option) && i + 1 < args.length) {
                return args[i + 1];
            }
        }
        return null;
    }

    private static Map<String, String> named(String name) {
        try (InputStream in = Recipes.class.getResourceAsStream(name + ".properties")) {
            return parse(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Map<String, String> read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException("recipe (" + file + ") must be " + String.join(", ", NAMES)
                    + " or a file of lines such as epochs=100; check its name");
        }
        try {
            if (Files.size(file) > LARGEST) {
                throw new BadInputException("recipe (" + file + ", " + Files.size(file) + " bytes) must be at most "
                        + LARGEST + " bytes; write one option a line");
            }
            try (Reader reader = Files.newBufferedReader(file)) {
                return parse(reader);
            }
        } catch (IOException | IllegalArgumentException e) {
            if (e instanceof BadInputException) {
                throw (BadInputException) e;
            }
            throw new BadInputException(
                    "recipe (" + file + ") must be readable text (" + ShownText.of(e.getMessage())
                            + "); write one option a line, such as epochs=100",
                    e);
        }
    }

    private static Map<String, String> parse(Reader reader) throws IOException {
        Properties properties = new Properties();
        properties.load(reader);
        Map<String, String> options = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> options.put(name, properties.getProperty(name)));
        return options;
    }
}
