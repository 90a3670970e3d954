package io.github.squeeze4j.onednn;

import java.util.function.IntUnaryOperator;

/** What tests outside of this package may know of oneDNN's objects. */
public final class LiveObjects {
    private LiveObjects() {}

    /** How many there are now. */
    public static int count() {
        return Handles.live();
    }

    /** How many there are when the garbage collector has found what nobody can reach, with what the thread keeps from its first use on. */
    public static int settled() {
        Context.current();
        int same = 0;
        int last = count();
        while (same < 3) {
            System.gc();
            pause();
            same = count() == last ? same + 1 : 0;
            last = count();
        }
        return last;
    }

    private static void pause() {
        try {
            Thread.sleep(30);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs something while each status of oneDNN is taken for another. */
    public static void withStatuses(IntUnaryOperator statuses, Runnable action) {
        Handles.statuses = statuses;
        try {
            action.run();
        } finally {
            Handles.statuses = IntUnaryOperator.identity();
        }
    }

    /** Lets the n-th call fail, counted from 1; says whether there was an n-th call. */
    public static boolean failing(int nth, Runnable action) {
        int[] calls = {0};
        withStatuses(status -> ++calls[0] == nth ? -1 : status, action);
        return calls[0] >= nth;
    }

    /** How many constants a store holds. */
    public static int constants(Constants store) {
        return store.size();
    }
}
