package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** What one thread needs to run oneDNN: a stream, scratch memory, and its programs by shape. Threads share nothing. */
final class Context {
    /** Programs kept by each thread: more than the largest networks have different layers. */
    private static final int PROGRAMS = 2048;

    private static final int ALIGNMENT = 64;

    private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(Context::new);

    /** All threads', so that a program made by one thread runs in another. */
    static final dnnl_engine ENGINE = engine();

    final dnnl_stream stream = new dnnl_stream();
    private BytePointer scratch;
    private FloatPointer ones;
    private final Map<Key, Program> programs = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Program> eldest) {
            boolean full = size() > PROGRAMS;
            if (full) {
                eldest.getValue().close();
            }
            return full;
        }
    };

    private Context() {
        check(dnnl_stream_create(stream, ENGINE, dnnl_stream_default_flags));
    }

    private static dnnl_engine engine() {
        dnnl_engine engine = new dnnl_engine();
        check(dnnl_engine_create(engine, dnnl_cpu, 0));
        return engine;
    }

    static Context current() {
        return CURRENT.get();
    }

    static void check(int status) {
        if (status != 0) {
            throw new RefusedException(status);
        }
    }

    /** The program of this kind and shape, made at its first use. */
    Program program(String kind, Supplier<Program> maker, long... numbers) {
        Key key = new Key(kind, numbers);
        Program program = programs.get(key);
        if (program == null) {
            program = maker.get();
            programs.put(key, program);
        }
        return program;
    }

    /** The address of at least so many bytes, whose contents last until the next call. */
    long scratch(long bytes) {
        if (scratch == null || scratch.capacity() < bytes + ALIGNMENT) {
            if (scratch != null) {
                scratch.close();
            }
            scratch = new BytePointer(bytes + ALIGNMENT);
        }
        return (scratch.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** The address of at least so many ones, which nobody overwrites. */
    long ones(long count) {
        if (ones == null || ones.capacity() < count) {
            if (ones != null) {
                ones.close();
            }
            ones = new FloatPointer(count);
            for (long i = 0; i < count; i++) {
                ones.put(i, 1);
            }
        }
        return ones.address();
    }

    /** Attributes with the scratchpad in our memory. */
    static dnnl_primitive_attr attributes(dnnl_post_ops postOps) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        check(dnnl_primitive_attr_create(attributes));
        check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
        if (postOps != null) {
            check(dnnl_primitive_attr_set_post_ops(attributes, postOps)); // copied
            dnnl_post_ops_destroy(postOps);
        }
        return attributes;
    }

    /** A pointer to any address, without an object for each. */
    static final class Address extends Pointer {
        Address() {
            super((Pointer) null);
        }

        Address at(long where) {
            address = where;
            return this;
        }
    }

    private static final class Key {
        private final String kind;
        private final long[] numbers;
        private final int hash;

        Key(String kind, long[] numbers) {
            this.kind = kind;
            this.numbers = numbers;
            hash = 31 * kind.hashCode() + Arrays.hashCode(numbers);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key
                    && ((Key) other).hash == hash
                    && ((Key) other).kind.equals(kind)
                    && Arrays.equals(((Key) other).numbers, numbers);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
