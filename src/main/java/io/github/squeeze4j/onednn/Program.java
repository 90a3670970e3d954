package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.const_dnnl_op_desc_t;
import org.bytedeco.dnnl.dnnl_batch_normalization_desc_t;
import org.bytedeco.dnnl.dnnl_binary_desc_t;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.dnnl_eltwise_desc_t;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.dnnl_matmul_desc_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_pooling_v2_desc_t;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A sequence of oneDNN primitives, and of calls back to Java, over numbered places. The caller's arrays are places;
 * so are temporaries, which share scratch memory where their lives do not overlap.
 */
public final class Program implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    /** A step in Java. */
    @FunctionalInterface
    public interface Call {
        /**
         * Reads and writes the places that the builder was told of.
         *
         * @param program whose {@link Program#floats} and {@link Program#array} give them
         */
        void run(Program program);
    }

    private final Step[] steps;
    private final int[] base;
    private final int[] users;
    private final long[] offsets;
    private final long bytes;
    private final Constants.Constant[] constants;
    private final Cleaner.Cleanable cleanable;
    private final long[] places;
    /** By place, the arrays that were given; they are held while anything may run on them. */
    private final INDArray[] arrays;

    private INDArray scratch;
    private long scratchAddress;
    private boolean closed;

    private Program(
            Step[] steps,
            int[] base,
            int[] users,
            long[] offsets,
            long bytes,
            Constants.Constant[] constants,
            Handles handles) {
        this.constants = constants;
        this.steps = steps;
        this.base = base;
        this.users = users;
        this.offsets = offsets;
        this.bytes = bytes;
        places = new long[base.length];
        arrays = new INDArray[base.length];
        cleanable = handles.freeWith(this);
    }

    /** Runs on these arrays, in the order in which the builder asked for them. */
    void run(INDArray... given) {
        begin(bytes == 0 ? null : Context.current().scratch(bytes), given);
        try {
            run(0, steps.length);
        } finally {
            end();
        }
    }

    /**
     * How much scratch memory {@link #begin} needs.
     *
     * @return bytes
     */
    public long scratchBytes() {
        return bytes;
    }

    /**
     * Says where everything lies, and holds the arrays, until {@link #end} or the next call.
     *
     * @param memory what {@link Scratch#of} gave for {@link #scratchBytes}; may be null if that is 0
     * @param given the arrays, of the type that the builder was told and without gaps, in the order in which it asked for
     *     them; null for those that the steps to be run do not need
     */
    public void begin(INDArray memory, INDArray... given) {
        if (closed) {
            throw new IllegalStateException("the program is closed");
        }
        if (given.length != users.length) {
            throw new IllegalArgumentException(given.length + " arrays for a program of " + users.length);
        }
        scratch = memory;
        scratchAddress = memory == null ? 0 : Numbers.address(memory);
        for (int i = 0; i < places.length; i++) {
            if (constants[i] != null) {
                places[i] = Numbers.address(constants[i].array);
            } else if (offsets[i] >= 0) {
                places[i] = scratchAddress + offsets[i];
            } // else external: the part that runs next may read where an earlier part placed it
        }
        for (int i = 0; i < users.length; i++) {
            place(users[i], given[i]);
        }
    }

    /** Lets go of all arrays. */
    public void end() {
        Arrays.fill(arrays, null);
        scratch = null;
    }

    /**
     * Runs a part.
     *
     * @param from first step
     * @param to step behind the last one
     */
    public void run(int from, int to) {
        Context context = Context.current();
        try {
            for (int i = from; i < to; i++) {
                steps[i].run(this, context);
            }
        } finally {
            Reference.reachabilityFence(this); // which holds all arrays, and oneDNN's objects
        }
    }

    private long address(int place) {
        return places[base[place]];
    }

    /**
     * The numbers of a place, for a {@link Call}.
     *
     * @param place a place
     * @return its numbers
     */
    public Numbers.Floats floats(int place) {
        int at = base[place];
        if (arrays[at] != null || constants[at] != null) {
            return new Numbers.Floats(arrays[at] != null ? arrays[at] : constants[at].array);
        }
        return new Numbers.Floats(scratch, scratchOffset(at));
    }

    private long scratchOffset(int at) {
        if (offsets[at] < 0) {
            throw new IllegalStateException("a step reads or writes an array that was not given");
        }
        return offsets[at] / Float.BYTES;
    }

    /**
     * A place as an array.
     *
     * @param place one of the caller's arrays, an external one or scratch memory
     * @param shape of as many numbers
     * @return the array that was given for it where it is of that shape, else its memory in C order
     */
    public INDArray array(int place, long[] shape) {
        int at = base[place];
        if (arrays[at] != null) {
            INDArray whole = arrays[at];
            if (Arrays.equals(whole.shape(), shape)) {
                return whole;
            }
            // a part of the channels of one example is described as a map of its own
            long length = ArrayUtil.prodLong(shape);
            INDArray part = length == whole.length()
                    ? whole
                    : whole.reshape(new long[] {whole.length()}).get(NDArrayIndex.interval(0, length));
            return part.reshape('c', shape);
        }
        return Numbers.part(scratch, scratchOffset(at), shape);
    }

    /**
     * Says where an external place lies from now on, and holds the array.
     *
     * @param place what {@link Builder#external} gave
     * @param array FLOAT, without gaps
     */
    public void place(int place, INDArray array) {
        int at = base[place];
        arrays[at] = array;
        places[at] = Numbers.address(array);
    }

    /** Frees oneDNN's objects, and the constants that no other program reads. Twice is as once. */
    @Override
    public void close() {
        end();
        cleanable.clean();
        for (Constants.Constant constant : constants) {
            if (constant != null && !closed) {
                constant.release();
            }
        }
        closed = true;
    }

    /** One primitive, or one call, and the places that it reads and writes. */
    private static final class Step {
        private final dnnl_primitive primitive;
        private final Call call;
        private final dnnl_memory[] memories;
        private final int[] at;
        private final long[] last;
        private final dnnl_exec_arg_t arguments;
        private final Context.Address address = new Context.Address();
        final long scratchpad;

        Step(Call call) {
            this.call = call;
            primitive = null;
            memories = new dnnl_memory[0];
            at = new int[0];
            last = new long[0];
            arguments = null;
            scratchpad = 0;
        }

        Step(
                dnnl_primitive_desc description,
                int[] argumentsAndPlaces,
                List<dnnl_memory_desc_t> kinds,
                Handles handles) {
            call = null;
            primitive = new dnnl_primitive();
            handles.own(primitive, dnnl_primitive_create(primitive, description));
            dnnl_memory_desc_t scratchpadKind = query(description, dnnl_query_scratchpad_md, 0);
            scratchpad = dnnl_memory_desc_get_size(scratchpadKind);
            int count = argumentsAndPlaces.length / 2;
            int all = scratchpad > 0 ? count + 1 : count;
            memories = new dnnl_memory[all];
            at = new int[all];
            last = new long[all];
            arguments = handles.own(new dnnl_exec_arg_t(all), dnnl_success);
            for (int i = 0; i < all; i++) {
                boolean own = i == count;
                at[i] = own ? -1 : argumentsAndPlaces[2 * i + 1];
                memories[i] = new dnnl_memory();
                dnnl_memory_desc_t kind = own ? scratchpadKind : kinds.get(at[i]);
                handles.own(memories[i], dnnl_memory_create(memories[i], kind, Context.ENGINE, address.at(0)));
                dnnl_exec_arg_t argument = arguments.getPointer(i);
                argument.arg(own ? DNNL_ARG_SCRATCHPAD : argumentsAndPlaces[2 * i]);
                argument.memory(memories[i]);
            }
        }

        void run(Program program, Context context) {
            if (call != null) {
                call.run(program);
                return;
            }
            for (int i = 0; i < at.length; i++) {
                long where = at[i] < 0 ? program.scratchAddress : program.address(at[i]);
                if (where == 0) {
                    throw new IllegalStateException("a step reads or writes an array that was not given");
                }
                // telling oneDNN costs a call into native code
                if (where != last[i]) {
                    Context.check(dnnl_memory_set_data_handle(memories[i], address.at(where)));
                    last[i] = where;
                }
            }
            Context.check(dnnl_primitive_execute(primitive, context.stream, at.length, arguments));
        }
    }

    /** A step to be: a primitive, or a call, and pairs of an argument and a place. */
    private static final class Draft {
        final dnnl_primitive_desc description;
        final Call call;
        final int[] pairs;

        Draft(dnnl_primitive_desc description, Call call, int[] pairs) {
            this.description = description;
            this.call = call;
            this.pairs = pairs;
        }
    }

    static dnnl_memory_desc_t query(dnnl_primitive_desc description, int what, int index) {
        dnnl_memory_desc_t copy = new dnnl_memory_desc_t();
        // what oneDNN gives belongs to the description of the primitive and goes with it
        Pointer.memcpy(copy, dnnl_primitive_desc_query_md(description, what, index), copy.sizeof());
        return copy;
    }

    /**
     * Puts a program together. What it needs of oneDNN for that, descriptions of memory too, is freed when it is closed,
     * whether it got there or not; until then all of this thread's belong to it.
     */
    public static final class Builder implements AutoCloseable {
        private final List<Draft> steps = new ArrayList<>();
        private final Handles handles = new Handles();
        private final PointerScope structs = structs();
        private final List<dnnl_memory_desc_t> kinds = new ArrayList<>();
        private final List<Integer> base = new ArrayList<>();
        private final List<Integer> users = new ArrayList<>();
        private final List<Boolean> inScratch = new ArrayList<>();
        private final Map<Integer, Constants.Source> constants = new HashMap<>();
        private final Constants store;

        /** A program with constants of its own. */
        public Builder() {
            this(new Constants());
        }

        /**
         * A program that shares constants with others.
         *
         * @param store where they are kept
         */
        public Builder(Constants store) {
            this.store = store;
            handles.freeWith(this);
        }

        /**
         * JavaCPP frees structs with the garbage collector, that is late: thousands of them for a network, spread over
         * memory that would otherwise be given back. These go when the builder is closed.
         */
        @SuppressWarnings("unchecked") // classes in a list of arguments
        private static PointerScope structs() {
            return new PointerScope(
                    dnnl_memory_desc_t.class,
                    dnnl_batch_normalization_desc_t.class,
                    dnnl_binary_desc_t.class,
                    dnnl_convolution_desc_t.class,
                    dnnl_eltwise_desc_t.class,
                    dnnl_inner_product_desc_t.class,
                    dnnl_matmul_desc_t.class,
                    dnnl_pooling_v2_desc_t.class);
        }

        private int add(dnnl_memory_desc_t kind, int of, boolean scratch) {
            int place = kinds.size();
            kinds.add(kind);
            base.add(of < 0 ? place : base.get(of));
            inScratch.add(scratch);
            return place;
        }

        /**
         * The caller's next array.
         *
         * @param kind its description
         * @return its place
         */
        public int array(dnnl_memory_desc_t kind) {
            int place = add(kind, -1, false);
            users.add(place);
            return place;
        }

        /**
         * Memory that a {@link Call} gives at each run, with {@link Program#place}.
         *
         * @param kind its description
         * @return its place
         */
        public int external(dnnl_memory_desc_t kind) {
            return add(kind, -1, false);
        }

        /**
         * Scratch memory.
         *
         * @param kind its description
         * @return its place
         */
        public int temporary(dnnl_memory_desc_t kind) {
            return add(kind, -1, true);
        }

        /**
         * Numbers that never change, kept in whatever layouts are asked for.
         *
         * @param name of the numbers within the store
         * @param kind a dense kind
         * @param values gives them without gaps; asked only where the store lacks them
         * @return their place
         */
        public int constant(String name, dnnl_memory_desc_t kind, Supplier<INDArray> values) {
            int place = add(kind, -1, false);
            constants.put(place, store.new Source(name, kind, values));
            return place;
        }

        /**
         * Whether a place is no scratch memory: the caller's, or given by a {@link Call}.
         *
         * @param place a place
         * @return true if somebody else may write to it, or free it
         */
        public boolean isOutside(int place) {
            return !inScratch.get(base.get(place));
        }

        boolean isConstant(int place) {
            return constants.containsKey(base.get(place));
        }

        /** A constant in another layout, copied now. */
        int constantAs(int place, dnnl_memory_desc_t kind) {
            if (same(kinds.get(place), kind)) {
                return place;
            }
            if (kinds.get(place).ndims() != kinds.get(base.get(place)).ndims()) {
                return as(place, kind);
            }
            int result = add(kind, -1, false);
            constants.put(result, constants.get(base.get(place)).as(kind));
            return result;
        }

        /**
         * The same memory, described otherwise.
         *
         * @param place whose memory
         * @param kind the other description
         * @return a place
         */
        public int view(int place, dnnl_memory_desc_t kind) {
            return add(kind, place, false);
        }

        /**
         * How a place's memory is described.
         *
         * @param place a place
         * @return its description
         */
        public dnnl_memory_desc_t kind(int place) {
            return kinds.get(place);
        }

        /**
         * The number of steps so far.
         *
         * @return a step's number, for {@link Program#run(int, int)}
         */
        public int size() {
            return steps.size();
        }

        /**
         * The place itself where its memory is of this kind already; else a temporary copy of that kind.
         *
         * @param place what to read
         * @param kind how to read it
         * @return a place of that kind
         */
        public int as(int place, dnnl_memory_desc_t kind) {
            if (same(kinds.get(place), kind)) {
                return place;
            }
            int copy = temporary(kind);
            copy(place, copy);
            return copy;
        }

        /**
         * The place itself where its numbers are of FLOAT; else a copy of that type in the same layout.
         *
         * @param place what to read
         * @return a place that steps in Java can read
         */
        public int single(int place) {
            return as(place, Layout.as(kinds.get(place), DataType.FLOAT));
        }

        /**
         * Whole numbers, as oneDNN gives them with maxima, as floats.
         *
         * @param place of any data type and layout
         * @return a temporary copy in FLOAT in the same layout
         */
        public int floats(int place) {
            dnnl_memory_desc_t kind = new dnnl_memory_desc_t();
            Pointer.memcpy(kind, kinds.get(place), kind.sizeof());
            return as(place, kind.data_type(dnnl_f32));
        }

        /**
         * A place to compute a result in: the given one, or a temporary that {@link #deliver} copies from.
         *
         * @param place where the result belongs
         * @param kind what kind it is computed in
         * @return a place of that kind
         */
        public int target(int place, dnnl_memory_desc_t kind) {
            return same(kinds.get(place), kind) ? place : temporary(kind);
        }

        /**
         * Copies a result to where it belongs, unless it is there.
         *
         * @param from what {@link #target} gave
         * @param to where the result belongs
         */
        public void deliver(int from, int to) {
            if (from != to) {
                copy(from, to);
            }
        }

        /**
         * A copy in scratch memory.
         *
         * @param place what to copy
         * @return a place of the same kind
         */
        public int copy(int place) {
            int copy = temporary(kinds.get(place));
            copy(place, copy);
            return copy;
        }

        void copy(int from, int to) {
            dnnl_primitive_desc description = new dnnl_primitive_desc();
            handles.own(
                    description,
                    dnnl_reorder_primitive_desc_create(
                            description,
                            kinds.get(from),
                            Context.ENGINE,
                            kinds.get(to),
                            Context.ENGINE,
                            attributes(null)));
            step(description, DNNL_ARG_FROM, from, DNNL_ARG_TO, to);
        }

        /** An empty list of what follows a primitive. */
        dnnl_post_ops postOps() {
            dnnl_post_ops postOps = new dnnl_post_ops();
            return handles.own(postOps, dnnl_post_ops_create(postOps));
        }

        /** Attributes with the scratchpad in our memory. */
        dnnl_primitive_attr attributes(dnnl_post_ops postOps) {
            dnnl_primitive_attr attributes = new dnnl_primitive_attr();
            handles.own(attributes, dnnl_primitive_attr_create(attributes));
            Context.check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
            if (postOps != null) {
                Context.check(dnnl_primitive_attr_set_post_ops(attributes, postOps)); // copied
            }
            return attributes;
        }

        dnnl_primitive_desc describe(Pointer operation, dnnl_primitive_attr attributes, dnnl_primitive_desc forward) {
            dnnl_primitive_desc description = new dnnl_primitive_desc();
            dnnl_primitive_attr with = attributes == null ? attributes(null) : attributes;
            try {
                return handles.own(
                        description,
                        dnnl_primitive_desc_create(
                                description, new const_dnnl_op_desc_t(operation), with, Context.ENGINE, forward));
            } catch (RefusedException e) {
                throw e.of(operation);
            }
        }

        dnnl_primitive_desc describe(Pointer operation) {
            return describe(operation, null, null);
        }

        /** As {@link #describe}, but refuses oneDNN's reference implementations, which are 100 times slower. */
        dnnl_primitive_desc describeFast(Pointer operation, dnnl_primitive_attr attributes) {
            dnnl_primitive_desc description = describe(operation, attributes, null);
            if (implementation(description).startsWith("ref")) {
                throw new RefusedException(dnnl_unimplemented).of(operation);
            }
            return description;
        }

        /** oneDNN's name of the code that would run. */
        static String implementation(dnnl_primitive_desc description) {
            try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
                Context.check(dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, name));
                return new BytePointer(name.get(0)).getString();
            }
        }

        /** Pairs of an argument's number and its place; a place of -1 leaves the pair out. */
        void step(dnnl_primitive_desc description, int... argumentsAndPlaces) {
            int[] pairs = argumentsAndPlaces.clone();
            int length = 0;
            for (int i = 0; i < pairs.length; i += 2) {
                if (pairs[i + 1] >= 0) {
                    pairs[length++] = pairs[i];
                    pairs[length++] = pairs[i + 1];
                }
            }
            steps.add(new Draft(description, null, Arrays.copyOf(pairs, length)));
        }

        /**
         * A step in Java.
         *
         * @param call what to do
         * @param places all that it reads and writes, of FLOAT
         */
        public void call(Call call, int... places) {
            int[] pairs = new int[2 * places.length];
            for (int i = 0; i < places.length; i++) {
                if (Layout.type(kinds.get(places[i])) != DataType.FLOAT) {
                    throw new IllegalStateException("a step in Java reads FLOAT; give it a copy of that type");
                }
                pairs[2 * i + 1] = places[i];
            }
            steps.add(new Draft(null, call, pairs));
        }

        /**
         * The program.
         *
         * @return a program that starts with {@link Program#begin}
         */
        public Program build() {
            Handles made = new Handles();
            Constants.Constant[] used = new Constants.Constant[kinds.size()];
            boolean complete = false;
            try {
                Program program = build(made, used);
                complete = true;
                return program;
            } finally {
                if (!complete) {
                    made.close();
                    for (Constants.Constant constant : used) {
                        if (constant != null) {
                            constant.release();
                        }
                    }
                }
            }
        }

        private Program build(Handles made, Constants.Constant[] used) {
            Step[] program = new Step[steps.size()];
            int count = kinds.size();
            int[] first = new int[count];
            int[] last = new int[count];
            Arrays.fill(first, Integer.MAX_VALUE);
            long scratchpad = 0;
            for (int s = 0; s < program.length; s++) {
                Draft draft = steps.get(s);
                int[] pairs = draft.pairs;
                // primitives keep what they need of their descriptions
                program[s] =
                        draft.call == null ? new Step(draft.description, pairs, kinds, made) : new Step(draft.call);
                scratchpad = Math.max(scratchpad, program[s].scratchpad);
                for (int i = 1; i < pairs.length; i += 2) {
                    int place = base.get(pairs[i]);
                    first[place] = Math.min(first[place], s);
                    last[place] = s;
                }
            }
            long[] sizes = new long[count];
            for (int place = 0; place < count; place++) {
                sizes[place] = inScratch.get(place) ? aligned(dnnl_memory_desc_get_size(kinds.get(place))) : -1;
            }
            constants.forEach((place, source) -> {
                if (first[place] != Integer.MAX_VALUE) {
                    used[place] = source.take();
                }
            });
            long[] offsets = new long[count];
            long bytes = arrange(sizes, first, last, aligned(scratchpad), offsets);
            return new Program(
                    program,
                    base.stream().mapToInt(Integer::intValue).toArray(),
                    users.stream().mapToInt(Integer::intValue).toArray(),
                    offsets,
                    bytes,
                    used,
                    made);
        }

        @Override
        public void close() {
            handles.close();
            structs.close();
        }

        /** Gives every place an offset, the largest first, each the lowest that is free during its life. */
        private static long arrange(long[] sizes, int[] first, int[] last, long start, long[] offsets) {
            Integer[] order = new Integer[sizes.length];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Long.compare(sizes[b], sizes[a]));
            List<Integer> placed = new ArrayList<>(); // by offset
            long bytes = start;
            Arrays.fill(offsets, -1);
            for (int place : order) {
                if (sizes[place] < 0 || first[place] == Integer.MAX_VALUE) {
                    continue;
                }
                long at = start;
                for (int other : placed) {
                    boolean together = first[other] <= last[place] && first[place] <= last[other];
                    if (together && offsets[other] >= at + sizes[place]) {
                        break;
                    }
                    if (together) {
                        at = Math.max(at, offsets[other] + sizes[other]);
                    }
                }
                offsets[place] = at;
                bytes = Math.max(bytes, at + sizes[place]);
                int position = 0;
                while (position < placed.size() && offsets[placed.get(position)] <= at) {
                    position++;
                }
                placed.add(position, place);
            }
            return bytes;
        }

        static boolean same(dnnl_memory_desc_t a, dnnl_memory_desc_t b) {
            return dnnl_memory_desc_equal(a, b) != 0;
        }

        private static long aligned(long size) {
            return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }
}
