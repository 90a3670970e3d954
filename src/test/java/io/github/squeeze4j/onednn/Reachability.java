package io.github.squeeze4j.onednn;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Prints what the garbage collector frees of the arrays that native code or a loop over raw memory works on. Looked at from
 * within the calls, since freed memory that is read crashes only now and then. In a virtual machine that compiles everything
 * soon: code that is interpreted holds what it does not use any more.
 */
final class Reachability {
    static final List<String> OPTIONS = List.of(
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:CompileThresholdScaling=0.05",
            "-XX:-BackgroundCompilation",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error");

    private static final int WARM = 30;

    private static final List<WeakReference<Object>> GIVEN = new ArrayList<>();

    private Reachability() {}

    public static void main(String[] args) throws InterruptedException {
        Kernels.all(Reachability::integers).forEach(Reachability::kernel);
        loop("Floats", on -> {
            Numbers.Floats numbers = new Numbers.Floats(fresh(new long[] {64}));
            float sum = 0;
            for (long i = 0; on.getAsBoolean(); i++) {
                sum += numbers.get(i & 63);
                numbers.put(i & 63, sum);
            }
        });
        loop("Doubles", on -> {
            Numbers.Doubles numbers = new Numbers.Doubles(noted(Nd4j.ones(DataType.DOUBLE, 64)));
            double sum = 0;
            for (long i = 0; on.getAsBoolean(); i++) {
                sum += numbers.get(i & 63);
                numbers.put(i & 63, sum);
            }
        });
        for (DataType type : new DataType[] {DataType.INT32, DataType.INT64}) {
            loop("Integers " + type, on -> {
                Numbers.Integers numbers = new Numbers.Integers(noted(Nd4j.ones(type, 64)));
                long sum = 0;
                for (long i = 0; on.getAsBoolean() && sum >= 0; i++) {
                    sum += numbers.get(i & 63);
                }
            });
        }
        System.exit(0);
    }

    private static INDArray fresh(long[] shape) {
        return noted(Nd4j.ones(DataType.FLOAT, shape));
    }

    private static INDArray integers(long[] shape) {
        return noted(Kernels.integers(shape));
    }

    private static INDArray noted(INDArray array) {
        GIVEN.add(new WeakReference<>(array.data()));
        return array;
    }

    private static long lost() {
        return GIVEN.stream().filter(reference -> reference.get() == null).count();
    }

    private static void kernel(String name, Consumer<Function<long[], INDArray>> kernel) {
        // other addresses than those of the last call, so that oneDNN is told of each
        List<INDArray> others = new ArrayList<>();
        Function<long[], INDArray> kept = shape -> {
            others.add(Nd4j.ones(DataType.FLOAT, shape));
            return others.get(others.size() - 1);
        };
        int[] calls = {0};
        for (int i = 0; i < WARM; i++) {
            kernel.accept(i % 2 == 0 ? Reachability::fresh : kept);
        }
        LiveObjects.withStatuses(
                status -> {
                    calls[0]++;
                    return status;
                },
                () -> kernel.accept(kept));
        GIVEN.clear();
        long[] looks = {calls[0], 0, 0};
        LiveObjects.withStatuses(
                status -> {
                    looks[0]--;
                    if (looks[0] <= 0) { // behind the last call, whose memory oneDNN has just worked on
                        System.gc();
                        looks[1] = Math.max(looks[1], lost());
                        looks[2]++;
                    }
                    return status;
                },
                () -> kernel.accept(Reachability::fresh));
        System.gc();
        print(name, looks[1], looks[2] > 0, lost());
    }

    /** Collects garbage while a loop, compiled by then, goes on. */
    private static void loop(String name, Consumer<BooleanSupplier> loop) {
        GIVEN.clear();
        boolean[] on = {true};
        long[] turns = {0};
        Thread worker = new Thread(() -> loop.accept(() -> {
            turns[0]++;
            return on[0] || turns[0] < 0;
        }));
        worker.setDaemon(true);
        worker.start();
        try {
            Thread.sleep(200);
            System.gc();
            long lost = lost();
            boolean running = worker.isAlive();
            on[0] = false;
            worker.join(10_000);
            System.gc();
            print(name, lost, running, lost());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void print(String name, long lost, boolean looked, long after) {
        System.out.printf(
                "%s: %d lost while it %s, %s afterwards%n",
                name, lost, looked ? "ran" : "did not run", after == GIVEN.size() ? "all" : after);
    }
}
