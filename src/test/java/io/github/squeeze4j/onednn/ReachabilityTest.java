package io.github.squeeze4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The garbage collector frees no array that native code or a loop over raw memory works on. Looked at from within the calls,
 * since freed memory that is read crashes only now and then.
 */
class ReachabilityTest {
    /** Enough for the compiler, which unlike the interpreter forgets what is not used any more. */
    private static final int WARM = 250;

    private static final List<WeakReference<Object>> GIVEN = new ArrayList<>();

    private static INDArray fresh(long[] shape) {
        return noted(Nd4j.ones(DataType.FLOAT, shape));
    }

    private static INDArray noted(INDArray array) {
        GIVEN.add(new WeakReference<>(array.data()));
        return array;
    }

    private static long lost() {
        return GIVEN.stream().filter(reference -> reference.get() == null).count();
    }

    static Stream<String> kernels() {
        return Kernels.all(shape -> null).keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void arraysAreHeldWhileOneDnnRuns(String name) {
        Consumer<Function<long[], INDArray>> kernel =
                Kernels.all(shape -> noted(Kernels.integers(shape))).get(name);
        for (int i = 0; i < WARM; i++) {
            kernel.accept(ReachabilityTest::fresh);
        }
        // other addresses than those of the last call, so that oneDNN is told of each
        List<INDArray> others = new ArrayList<>();
        Function<long[], INDArray> kept = shape -> {
            others.add(Nd4j.ones(DataType.FLOAT, shape));
            return others.get(others.size() - 1);
        };
        int[] calls = {0};
        kernel.accept(kept);
        LiveObjects.withStatuses(
                status -> {
                    calls[0]++;
                    return status;
                },
                () -> kernel.accept(kept));
        GIVEN.clear();
        List<Long> lost = new ArrayList<>();
        int[] left = {calls[0]};
        LiveObjects.withStatuses(
                status -> {
                    left[0]--;
                    if (left[0] == 0) { // behind the last call, whose memory oneDNN has just worked on
                        System.gc();
                        lost.add(lost());
                    }
                    return status;
                },
                () -> kernel.accept(ReachabilityTest::fresh));
        assertThat(lost).isNotEmpty().containsOnly(0L);
        System.gc();
        assertThat(lost()).as("let go of behind the call").isEqualTo(GIVEN.size());
    }

    @Test
    void arraysAreHeldWhileLoopsGoOverThem() throws InterruptedException {
        assertHeld(on -> {
            Numbers.Floats numbers = new Numbers.Floats(fresh(new long[] {64}));
            float sum = 0;
            for (long i = 0; on.getAsBoolean(); i++) {
                sum += numbers.get(i & 63);
                numbers.put(i & 63, sum);
            }
        });
        assertHeld(on -> {
            Numbers.Doubles numbers = new Numbers.Doubles(noted(Nd4j.ones(DataType.DOUBLE, 64)));
            double sum = 0;
            for (long i = 0; on.getAsBoolean(); i++) {
                sum += numbers.get(i & 63);
                numbers.put(i & 63, sum);
            }
        });
        for (DataType type : new DataType[] {DataType.INT32, DataType.INT64}) {
            assertHeld(on -> {
                Numbers.Integers numbers = new Numbers.Integers(noted(Nd4j.ones(type, 64)));
                long sum = 0;
                for (long i = 0; on.getAsBoolean() && sum >= 0; i++) {
                    sum += numbers.get(i & 63);
                }
            });
        }
    }

    /** Collects garbage while a loop, compiled by then, goes on. */
    private static void assertHeld(Consumer<BooleanSupplier> loop) throws InterruptedException {
        GIVEN.clear();
        boolean[] on = {true};
        long[] turns = {0};
        Thread worker = new Thread(() -> loop.accept(() -> {
            turns[0]++;
            return on[0] || turns[0] < 0;
        }));
        worker.setDaemon(true);
        worker.start();
        Thread.sleep(200);
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        long lost = lost();
        boolean running = worker.isAlive();
        on[0] = false;
        assertThat(running).isTrue();
        assertThat(GIVEN).hasSize(1);
        assertThat(lost).isZero();
    }

    /** What the classes above promise holds for all of the library only if nobody goes around them. */
    @Test
    void nobodyElseTakesAddresses() throws IOException {
        Map<String, String> sources = sources();
        assertThat(sources).hasSizeGreaterThan(100);
        // addresses, and JavaCPP's indexers and pointers, which are addresses
        assertUsedIn(sources, "\\.(address|pointer|addressPointer|platformAddress|indexer)\\(\\)", "Numbers");
        assertUsedIn(sources, "javacpp\\.indexer", "Numbers");
        assertUsedIn(sources, "\\bNumbers\\.address\\(", "Program", "Scratch");
        assertUsedIn(sources, "Unsafe|\\bjavacpp\\.\\w*Pointer", "Context", "Handles", "Program");
        // native memory of each thread, and what oneDNN makes
        assertUsedIn(sources, "\\bThreadLocal\\b", "Context");
        assertUsedIn(sources, "dnnl_\\w+_destroy\\(", "Handles");
    }

    @Test
    void whatOneDnnMakesIsOwned() throws IOException {
        Pattern made = Pattern.compile("(\\bown\\(\\s*\\w+(\\[i])?,\\s*)?\\bdnnl_(?!engine)\\w+_create\\(");
        int count = 0;
        for (Map.Entry<String, String> source : sources().entrySet()) {
            Matcher matcher = made.matcher(source.getValue());
            while (matcher.find()) {
                count++;
                assertThat(matcher.group(1))
                        .as("%s: %s", source.getKey(), matcher.group())
                        .isNotNull();
            }
        }
        assertThat(count).isGreaterThan(5);
    }

    private static void assertUsedIn(Map<String, String> sources, String pattern, String... names) {
        Pattern compiled = Pattern.compile(pattern);
        assertThat(sources.entrySet().stream()
                        .filter(source -> compiled.matcher(source.getValue()).find())
                        .map(Map.Entry::getKey))
                .as(pattern)
                .containsOnly(names);
    }

    /** By class, without imports of static names. */
    private static Map<String, String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("package-info.java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""),
                            ReachabilityTest::text,
                            (one, other) -> one + other));
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
