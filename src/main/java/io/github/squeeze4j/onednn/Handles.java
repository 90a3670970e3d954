package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;

/**
 * oneDNN's objects that belong together and are freed together. JavaCPP frees the structs that it allocates itself, but
 * not these: their pointers are all that is left of them.
 */
final class Handles implements AutoCloseable {
    /** One thread for all of the library. */
    private static final Cleaner CLEANER = Cleaner.create();

    private static final AtomicInteger LIVE = new AtomicInteger();

    /** What {@link #check} takes a call's status for; tests let calls fail, or look around, here. */
    static IntUnaryOperator statuses = IntUnaryOperator.identity();

    private final Deque<Pointer> owned = new ArrayDeque<>();

    /** How many objects there are in this process. */
    static int live() {
        return LIVE.get();
    }

    static void check(int status) {
        int taken = statuses.applyAsInt(status);
        if (taken != dnnl_success) {
            throw new RefusedException(taken);
        }
    }

    /**
     * Takes what a call has made.
     *
     * @param object whose address the call has written
     * @param status what the call gave
     * @return the object
     */
    synchronized <T extends Pointer> T own(T object, int status) {
        if (status == dnnl_success) {
            owned.push(object);
            LIVE.incrementAndGet();
        }
        check(status);
        return object;
    }

    /** Frees everything at the latest when nobody can reach the owner any more. */
    Cleaner.Cleanable freeWith(Object owner) {
        return CLEANER.register(owner, this::close);
    }

    /** Frees the last one first. Twice is as once. */
    @Override
    public synchronized void close() {
        while (!owned.isEmpty()) {
            free(owned.pop());
            LIVE.decrementAndGet();
        }
    }

    private static void free(Pointer object) {
        if (object instanceof dnnl_primitive) {
            dnnl_primitive_destroy((dnnl_primitive) object);
        } else if (object instanceof dnnl_memory) {
            dnnl_memory_destroy((dnnl_memory) object);
        } else if (object instanceof dnnl_primitive_desc) {
            dnnl_primitive_desc_destroy((dnnl_primitive_desc) object);
        } else if (object instanceof dnnl_primitive_attr) {
            dnnl_primitive_attr_destroy((dnnl_primitive_attr) object);
        } else if (object instanceof dnnl_post_ops) {
            dnnl_post_ops_destroy((dnnl_post_ops) object);
        } else if (object instanceof dnnl_stream) {
            dnnl_stream_destroy((dnnl_stream) object);
        } else {
            object.close(); // JavaCPP's own
        }
    }
}
