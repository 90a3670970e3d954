package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.IdxFolder;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Trainings by the command line that are killed ({@code kill -9}) at random moments, with a checkpoint after each update, and
 * resumed: each must end with the model file of one that was not, byte for byte. Started by {@code
 * src/test/scripts/killed-training}.
 */
final class KilledTraining {
    private static final String[] OPTIONS = {
        "--model",
        "se_resnet20",
        "--epochs",
        "2",
        "--batch",
        "10",
        "--augment",
        "--optimizer",
        "adamw",
        "--learning-rate",
        "0.003",
        "--average",
        "0.9",
        "--accumulate",
        "2",
        "--clip",
        "1",
        "--checkpoint-seconds",
        "0"
    };

    private KilledTraining() {}

    /**
     * Kills and resumes.
     *
     * @param args how many trainings to kill; seed of the moments
     */
    public static void main(String[] args) throws Exception {
        int runs = Integer.parseInt(args[0]);
        long seed = Long.parseLong(args[1]);
        System.out.println("seed of the moments: " + seed);
        Random random = new Random(seed);
        Path folder = Files.createTempDirectory("killed-training");
        Path data = IdxFolder.cut(folder.resolve("data"), 97, 20);
        long start = System.nanoTime();
        Path whole = folder.resolve("whole");
        require(start(data, whole).waitFor() == 0, "the training that is not killed must end well");
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        byte[] expected = Files.readAllBytes(whole.resolve(TrainCommand.MODEL_FILE));
        System.out.println("not killed: " + millis + " ms, " + expected.length + " bytes");
        int same = 0;
        int number = 0;
        for (int run = 1; run <= runs; ) {
            Path out = folder.resolve("run" + ++number);
            long moment = (long) (millis * (0.2 + 0.7 * random.nextDouble()));
            Process killed = start(data, out);
            boolean ended = killed.waitFor(moment, TimeUnit.MILLISECONDS);
            killed.destroyForcibly().waitFor();
            if (ended) {
                // Faster than the one that was not killed: another moment.
                continue;
            }
            int checkpoints = count(out.resolve(TrainCommand.CHECKPOINTS));
            int code = checkpoints == 0 && !Files.exists(out.resolve(Recipes.RUN_FILE))
                    ? start(data, out).waitFor()
                    : start("--resume", out.toString()).waitFor();
            require(code == 0, "a resumed training must end well");
            boolean equal = Arrays.equals(Files.readAllBytes(out.resolve(TrainCommand.MODEL_FILE)), expected);
            same += equal ? 1 : 0;
            System.out.printf(
                    "%d: killed after %d ms with %d checkpoints, resumed: %s%n",
                    run++, moment, checkpoints, equal ? "the same, bit for bit" : "DIFFERENT");
        }
        System.out.printf("%d of %d the same%n", same, runs);
        System.exit(same == runs ? 0 : 1);
    }

    private static int count(Path folder) throws Exception {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (var files = Files.list(folder)) {
            return (int) files.filter(file -> file.toString().endsWith(".zip")).count();
        }
    }

    private static Process start(Path data, Path out) throws Exception {
        List<String> options = new ArrayList<>(List.of(OPTIONS));
        options.addAll(List.of("--data", data.toString(), "--out", out.toString()));
        return start(options.toArray(new String[0]));
    }

    private static Process start(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "train"));
        command.addAll(List.of(options));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .directory(new File("."))
                .start();
    }

    private static void require(boolean rule, String text) {
        if (!rule) {
            throw new IllegalStateException(text);
        }
    }
}
