package io.github.squeeze4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** As many of oneDNN's objects are freed as were made, whatever becomes of their owners. */
class HandlesTest {
    private static Map<String, Consumer<Function<long[], INDArray>>> kernels() {
        return Kernels.all(Kernels::integers);
    }

    private static INDArray ones(long[] shape) {
        return Nd4j.ones(DataType.FLOAT, shape);
    }

    private static void inThread(Runnable action) {
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = new Thread(action);
        thread.setUncaughtExceptionHandler((t, e) -> thrown.add(e));
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (!thrown.isEmpty()) {
            throw new AssertionError(thrown.get(0));
        }
    }

    static List<String> names() {
        return List.copyOf(kernels().keySet());
    }

    /** What other tests have left behind is not to go in the middle of these. */
    @BeforeAll
    static void settle() {
        LiveObjects.settled();
    }

    /** In a thread of its own, which has no programs yet. */
    @ParameterizedTest
    @MethodSource("names")
    void aCallThatFailsLeavesNothingBehind(String name) {
        Consumer<Function<long[], INDArray>> kernel = kernels().get(name);
        inThread(() -> {
            Context.current();
            int before = LiveObjects.count();
            int[] failed = {0};
            boolean more = true;
            for (int nth = 1; more; nth++) {
                more = LiveObjects.failing(nth, () -> {
                    try {
                        kernel.accept(HandlesTest::ones);
                    } catch (RefusedException e) {
                        failed[0]++;
                        assertThat(e)
                                .hasMessageMatching("oneDNN.* failed with a status that is not known \\(status -1\\)");
                    }
                });
                if (Context.current().programs() == 0) {
                    assertThat(LiveObjects.count()).as("call %d failed", nth).isEqualTo(before);
                }
            }
            assertThat(failed[0]).isGreaterThan(4);
            assertThat(Context.current().programs()).isEqualTo(1);
            assertThat(LiveObjects.count()).isGreaterThan(before);
        });
    }

    @Test
    void threadsThatEndAreFoundByTheNextOnes() {
        int before = LiveObjects.settled();
        int[] during = new int[6];
        for (int i = 0; i < during.length; i++) {
            int turn = i;
            inThread(() -> {
                kernels().values().forEach(kernel -> kernel.accept(HandlesTest::ones));
                during[turn] = LiveObjects.count() - before;
            });
        }
        assertThat(during).containsOnly(during[0]);
        assertThat(during[0]).isGreaterThan(100);
    }

    @Test
    void threadsThatEndAreFoundByTheGarbageCollector() {
        int before = LiveObjects.settled();
        inThread(() -> kernels().values().forEach(kernel -> kernel.accept(HandlesTest::ones)));
        assertThat(LiveObjects.settled()).isEqualTo(before);
    }

    @Test
    void aThreadKeepsABoundedNumberOfPrograms() {
        inThread(() -> {
            Context.current();
            int before = LiveObjects.count();
            int[] counts = new int[2];
            for (int length = 1; length <= 1100; length++) {
                INDArray array = Nd4j.create(DataType.FLOAT, length);
                Elementwise.relu(array, array);
                if (length == 550 || length == 1100) {
                    counts[length / 1100] = LiveObjects.count() - before;
                }
            }
            assertThat(counts[0]).isPositive().isEqualTo(counts[1]);
        });
    }

    @Test
    void closedAndForgottenProgramsAreFreed() {
        int before = LiveObjects.settled();
        Program program = relu();
        assertThat(LiveObjects.count()).isGreaterThan(before);
        program.run(ones(new long[] {5}), ones(new long[] {5}));
        program.close();
        program.close();
        assertThat(LiveObjects.count()).isEqualTo(before);
        assertThatThrownBy(() -> program.run(ones(new long[] {5}), ones(new long[] {5})))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the program is closed");
        relu();
        assertThat(LiveObjects.settled()).isEqualTo(before);
    }

    @Test
    void anArrayThatIsNotGivenIsAnExceptionAndNoCrash() {
        try (Program program = relu()) {
            assertThatThrownBy(() -> program.run(ones(new long[] {5}), null))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a step reads or writes an array that was not given");
        }
    }

    private static Program relu() {
        try (Program.Builder builder = new Program.Builder()) {
            Elementwise.relu(builder, Layout.dense(5), builder.array(Layout.dense(5)), builder.array(Layout.dense(5)));
            return builder.build();
        }
    }

    @Test
    void constantsThatNoProgramReadsAreFreed() {
        Constants store = new Constants();
        List<INDArray> values = new ArrayList<>();
        Program one = plusConstant(store, "ones", values);
        Program two = plusConstant(store, "ones", values);
        Program three = plusConstant(store, "other", values);
        assertThat(values).hasSize(2);
        assertThat(store.size()).isEqualTo(2);
        INDArray out = ones(new long[] {5});
        one.run(ones(new long[] {5}), out);
        assertThat(out.sumNumber().intValue()).isEqualTo(10);
        one.close();
        one.close();
        three.close();
        assertThat(store.size()).isEqualTo(1);
        assertThat(values.get(1).wasClosed()).isTrue();
        two.run(ones(new long[] {5}), out);
        assertThat(out.sumNumber().intValue()).isEqualTo(10);
        two.close();
        assertThat(store.size()).isZero();
        assertThat(values.get(0).wasClosed()).isTrue();
    }

    private static Program plusConstant(Constants store, String name, List<INDArray> values) {
        try (Program.Builder builder = new Program.Builder(store)) {
            int constant = builder.constant(name, Layout.dense(5), () -> {
                values.add(Nd4j.ones(DataType.FLOAT, 5));
                return values.get(values.size() - 1);
            });
            int in = builder.array(Layout.dense(5));
            int out = builder.array(Layout.dense(5));
            new Steps(builder).add(in, constant, out, new PostOps());
            return builder.build();
        }
    }

    @Test
    void recentEntriesStay() {
        List<String> left = new ArrayList<>();
        Recent<Integer, String> recent = new Recent<>(2, left::add);
        recent.put(1, "one");
        recent.put(2, "two");
        assertThat(recent.get(1)).isEqualTo("one");
        recent.put(3, "three");
        assertThat(left).containsExactly("two");
        assertThat(recent).containsOnlyKeys(1, 3);
    }

    @Test
    void scratchMemoryGrowsAndKnowsItsViews() {
        try (Scratch scratch = new Scratch()) {
            INDArray small = scratch.of(100);
            assertThat(scratch.of(20)).isSameAs(small);
            assertThat(small.length()).isEqualTo(25);
            assertThat(Numbers.address(small) % 64).isZero();
            INDArray large = scratch.of(4000);
            assertThat(scratch.holds(large.reshape(10, 100))).isTrue();
            assertThat(scratch.holds(large.reshape(10, 100).getRow(3))).isTrue();
            assertThat(scratch.holds(Nd4j.create(5))).isFalse();
            scratch.close();
            assertThat(scratch.holds(Nd4j.create(5))).isFalse();
        }
    }
}
