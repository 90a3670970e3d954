package io.github.squeeze4j.training;

import io.github.squeeze4j.models.Models;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * A program that saves models while it is killed, and two that save into one folder; {@code src/test/scripts/saving-under-fire}
 * starts it. Every model that a reader meets must be whole: all its weights are the number that its name says.
 */
public final class SavingUnderFire {
    private static final long SEED = 20261127;
    private static final int LATEST_KILL_MILLIS = 800;

    private SavingUnderFire() {}

    /**
     * With {@code KILLS SAVES}, usually 100 and 100, all of it; with {@code save FILE FROM COUNT} the program that is killed.
     *
     * @param args see above
     * @throws Exception if a file was not whole
     */
    public static void main(String[] args) throws Exception {
        if (args[0].equals("save")) {
            save(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
            return;
        }
        Path folder = Files.createTempDirectory("saving-under-fire");
        Path file = folder.resolve("model.zip");
        killed(file, Integer.parseInt(args[0]));
        twoAtOnce(file, Integer.parseInt(args[1]));
        String left = names(folder);
        System.out.println("files left: " + left);
        require(left.equals("model.zip"), "files left: " + left);
        Files.delete(file);
        Files.delete(folder);
    }

    private static void save(Path file, int from, int count) {
        ImageSet images = ImageSet.train(IdxFolder.SAMPLE).limit(10);
        ComputationGraph graph = Models.builder("se_resnet20")
                .classes(10)
                .inputChannels(1)
                .inputSize(28, 28)
                .build()
                .init();
        for (int number = from; number < from + count; number++) {
            graph.params().assign(number);
            ImageClassifier.untrained("" + number, graph, images).save(file);
            System.out.println(number);
        }
    }

    private static Process start(Path file, int from, int count) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                System.getProperty("java.class.path"),
                SavingUnderFire.class.getName(),
                "save",
                file.toString(),
                "" + from,
                "" + count));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OMP_NUM_THREADS", "1");
        return builder.start();
    }

    /** Killed at a random moment of its second save or of those after it. */
    private static void killed(Path file, int kills) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        int leftovers = 0;
        for (int kill = 0; kill < kills; kill++) {
            Process program = start(file, 1000 * kill + 1, 999);
            BufferedReader out = program.inputReader();
            require(out.readLine() != null, "the program saves");
            Thread.sleep(random.nextInt(LATEST_KILL_MILLIS));
            program.destroyForcibly().waitFor();
            leftovers += names(file.getParent()).equals("model.zip") ? 0 : 1;
            int number = read(file);
            require(number > 1000 * kill && number < 1000 * (kill + 1), "model " + number + " after kill " + kill);
        }
        System.out.println("kill -9 at " + kills + " random moments (seed " + SEED + "): " + kills
                + " whole models read, " + leftovers + " times a file was left beside");
    }

    private static void twoAtOnce(Path file, int saves) throws Exception {
        Process one = start(file, 1_000_000, saves);
        Process two = start(file, 2_000_000, saves);
        Thread drain = new Thread(() -> two.inputReader().lines().count());
        drain.start();
        Thread other = new Thread(() -> one.inputReader().lines().count());
        other.start();
        int reads = 0;
        while (one.isAlive() || two.isAlive()) {
            read(file);
            reads++;
        }
        require(one.waitFor() == 0 && two.waitFor() == 0, "exit codes 0");
        System.out.println("two processes, " + saves + " saves each into one folder: no save failed, " + reads
                + " whole models read meanwhile");
    }

    private static int read(Path file) {
        ModelFile.verify(file);
        ImageClassifier model = ImageClassifier.load(file);
        int number = Integer.parseInt(model.modelName());
        require(
                model.graph().params().minNumber().intValue() == number
                        && model.graph().params().maxNumber().intValue() == number,
                "weights of model " + number);
        return number;
    }

    private static String names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> "" + file.getFileName()).sorted().collect(Collectors.joining(", "));
        }
    }

    private static void require(boolean rule, String what) {
        if (!rule) {
            throw new AssertionError(what);
        }
    }
}
