package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Consumer;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What one thread needs to run oneDNN: a stream, scratch memory, and its programs by shape. Threads share nothing. */
final class Context {
    /** Programs kept by each thread: more than the largest networks have different layers. */
    private static final int PROGRAMS = 512;

    private static final ThreadLocal<Context> CURRENT = ThreadLocal.withInitial(Context::new);

    /** Those that the garbage collector has not found yet. */
    private static final Set<Context> ALL = Collections.newSetFromMap(new WeakHashMap<>());

    /** All threads', so that a program made by one thread runs in another. */
    static final dnnl_engine ENGINE = engine();

    final dnnl_stream stream = new dnnl_stream();
    private final Thread thread = Thread.currentThread();
    private final Handles handles = new Handles();
    private final Scratch scratch = new Scratch();
    private INDArray ones;
    private final Map<Key, Program> programs = new Recent<>(PROGRAMS, Program::close);

    private Context() {
        handles.freeWith(this);
        handles.own(stream, dnnl_stream_create(stream, ENGINE, dnnl_stream_default_flags));
        synchronized (ALL) {
            closeOfEndedThreads();
            ALL.add(this);
        }
    }

    /** Garbage collection may be far: threads that come and go must not pile up. */
    private static void closeOfEndedThreads() {
        ALL.removeIf(context -> {
            boolean ended = !context.thread.isAlive();
            if (ended) {
                context.close();
            }
            return ended;
        });
    }

    private void close() {
        programs.values().forEach(Program::close);
        programs.clear();
        scratch.close();
        handles.close();
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
        Handles.check(status);
    }

    /** The program of this kind and shape, made at its first use. */
    Program program(String kind, Consumer<Program.Builder> maker, long... numbers) {
        Key key = new Key(kind, numbers);
        Program program = programs.get(key);
        if (program == null) {
            try (Program.Builder builder = new Program.Builder()) {
                maker.accept(builder);
                program = builder.build();
            }
            programs.put(key, program);
        }
        return program;
    }

    /** How many programs it keeps. */
    int programs() {
        return programs.size();
    }

    /** At least so many bytes, whose contents last until the next call. */
    INDArray scratch(long bytes) {
        return scratch.of(bytes);
    }

    /** At least so many ones, which nobody overwrites. */
    INDArray ones(long count) {
        if (ones == null || ones.length() < count) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                ones = Nd4j.ones(DataType.FLOAT, count);
            }
        }
        return ones;
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
