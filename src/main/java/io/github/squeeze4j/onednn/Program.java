package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.const_dnnl_op_desc_t;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A sequence of oneDNN primitives over numbered places: first the caller's arrays, then temporaries in scratch memory,
 * which share space where their lives do not overlap.
 */
final class Program implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Context context;
    private final Step[] steps;
    private final long[] offsets;
    private final int users;
    private final long bytes;
    private final long[] places;

    private Program(Context context, Step[] steps, long[] offsets, int users, long bytes) {
        this.context = context;
        this.steps = steps;
        this.offsets = offsets;
        this.users = users;
        this.bytes = bytes;
        places = new long[offsets.length];
    }

    /** Runs on the arrays at these addresses, in the order in which the builder asked for them. */
    void run(long... addresses) {
        if (addresses.length != users) {
            throw new IllegalArgumentException(addresses.length + " arrays for a program of " + users);
        }
        System.arraycopy(addresses, 0, places, 0, users);
        long base = bytes == 0 ? 0 : context.scratch(bytes);
        for (int i = users; i < places.length; i++) {
            places[i] = base + offsets[i];
        }
        for (Step step : steps) {
            step.run(places, base, context);
        }
    }

    @Override
    public void close() {
        for (Step step : steps) {
            step.close();
        }
    }

    /** One primitive and the places that it reads and writes. */
    private static final class Step implements AutoCloseable {
        private final dnnl_primitive primitive = new dnnl_primitive();
        private final dnnl_memory[] memories;
        private final int[] at;
        private final dnnl_exec_arg_t arguments;
        private final Context.Address address = new Context.Address();
        final long scratchpad;

        Step(
                Context context,
                dnnl_primitive_desc description,
                int[] argumentsAndPlaces,
                List<dnnl_memory_desc_t> kinds) {
            Context.check(dnnl_primitive_create(primitive, description));
            dnnl_memory_desc_t scratchpadKind = query(description, dnnl_query_scratchpad_md, 0);
            scratchpad = dnnl_memory_desc_get_size(scratchpadKind);
            int count = argumentsAndPlaces.length / 2;
            int all = scratchpad > 0 ? count + 1 : count;
            memories = new dnnl_memory[all];
            at = new int[all];
            arguments = new dnnl_exec_arg_t(all);
            for (int i = 0; i < all; i++) {
                boolean own = i == count;
                at[i] = own ? -1 : argumentsAndPlaces[2 * i + 1];
                memories[i] = new dnnl_memory();
                dnnl_memory_desc_t kind = own ? scratchpadKind : kinds.get(at[i]);
                Context.check(dnnl_memory_create(memories[i], kind, context.engine, address.at(0)));
                dnnl_exec_arg_t argument = arguments.getPointer(i);
                argument.arg(own ? DNNL_ARG_SCRATCHPAD : argumentsAndPlaces[2 * i]);
                argument.memory(memories[i]);
            }
        }

        void run(long[] places, long scratch, Context context) {
            for (int i = 0; i < at.length; i++) {
                long where = at[i] < 0 ? scratch : places[at[i]];
                Context.check(dnnl_memory_set_data_handle(memories[i], address.at(where)));
            }
            Context.check(dnnl_primitive_execute(primitive, context.stream, at.length, arguments));
        }

        @Override
        public void close() {
            dnnl_primitive_destroy(primitive);
            for (dnnl_memory memory : memories) {
                dnnl_memory_destroy(memory);
            }
            arguments.close();
        }
    }

    static dnnl_memory_desc_t query(dnnl_primitive_desc description, int what, int index) {
        return new dnnl_memory_desc_t(dnnl_primitive_desc_query_md(description, what, index));
    }

    /** Puts a program together. */
    static final class Builder {
        private final Context context = Context.current();
        private final List<Object[]> steps = new ArrayList<>();
        private final List<dnnl_memory_desc_t> kinds = new ArrayList<>();
        private int users;

        /** The caller's next array. All of them come before the first temporary. */
        int array(dnnl_memory_desc_t kind) {
            if (users != kinds.size()) {
                throw new IllegalStateException("arrays come before temporaries");
            }
            users++;
            return temporary(kind);
        }

        /** Scratch memory. */
        int temporary(dnnl_memory_desc_t kind) {
            kinds.add(kind);
            return kinds.size() - 1;
        }

        /** The place itself where its memory is of this kind already; else a temporary copy of that kind. */
        int as(int place, dnnl_memory_desc_t kind) {
            if (same(kinds.get(place), kind)) {
                return place;
            }
            int copy = temporary(kind);
            copy(place, copy);
            return copy;
        }

        /** A place to compute a result in: the given one, or a temporary that {@link #deliver} copies from. */
        int target(int place, dnnl_memory_desc_t kind) {
            return same(kinds.get(place), kind) ? place : temporary(kind);
        }

        void deliver(int from, int to) {
            if (from != to) {
                copy(from, to);
            }
        }

        private void copy(int from, int to) {
            dnnl_primitive_desc description = new dnnl_primitive_desc();
            Context.check(dnnl_reorder_primitive_desc_create(
                    description,
                    kinds.get(from),
                    context.engine,
                    kinds.get(to),
                    context.engine,
                    Context.attributes(null)));
            step(description, DNNL_ARG_FROM, from, DNNL_ARG_TO, to);
        }

        dnnl_primitive_desc describe(Pointer operation, dnnl_primitive_attr attributes, dnnl_primitive_desc forward) {
            dnnl_primitive_desc description = new dnnl_primitive_desc();
            Context.check(dnnl_primitive_desc_create(
                    description,
                    new const_dnnl_op_desc_t(operation),
                    attributes == null ? Context.attributes(null) : attributes,
                    context.engine,
                    forward));
            return description;
        }

        dnnl_primitive_desc describe(Pointer operation) {
            return describe(operation, null, null);
        }

        /** As {@link #describe}, but refuses oneDNN's reference implementations, which are 100 times slower. */
        dnnl_primitive_desc describeFast(Pointer operation, dnnl_primitive_attr attributes) {
            dnnl_primitive_desc description = describe(operation, attributes, null);
            try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
                Context.check(dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, name));
                if (new BytePointer(name.get(0)).getString().startsWith("ref")) {
                    throw new Context.Refused(dnnl_unimplemented);
                }
            }
            return description;
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
            steps.add(new Object[] {description, Arrays.copyOf(pairs, length)});
        }

        Program build() {
            Step[] made = new Step[steps.size()];
            int[] first = new int[kinds.size()];
            int[] last = new int[kinds.size()];
            Arrays.fill(first, Integer.MAX_VALUE);
            long scratchpad = 0;
            for (int s = 0; s < made.length; s++) {
                dnnl_primitive_desc description = (dnnl_primitive_desc) steps.get(s)[0];
                int[] pairs = (int[]) steps.get(s)[1];
                made[s] = new Step(context, description, pairs, kinds);
                scratchpad = Math.max(scratchpad, made[s].scratchpad);
                for (int i = 1; i < pairs.length; i += 2) {
                    first[pairs[i]] = Math.min(first[pairs[i]], s);
                    last[pairs[i]] = s;
                }
            }
            long[] offsets = new long[kinds.size()];
            long end = aligned(scratchpad);
            long bytes = end;
            long[] sizes = new long[kinds.size()];
            for (int place = users; place < offsets.length; place++) {
                sizes[place] = aligned(dnnl_memory_desc_get_size(kinds.get(place)));
                offsets[place] = firstFit(place, first, last, offsets, sizes, end);
                bytes = Math.max(bytes, offsets[place] + sizes[place]);
            }
            return new Program(context, made, offsets, users, bytes);
        }

        private long firstFit(int place, int[] first, int[] last, long[] offsets, long[] sizes, long start) {
            long at = start;
            boolean moved = true;
            while (moved) {
                moved = false;
                for (int other = users; other < place; other++) {
                    boolean together = first[other] <= last[place] && first[place] <= last[other];
                    boolean overlap = at < offsets[other] + sizes[other] && offsets[other] < at + sizes[place];
                    if (together && overlap) {
                        at = offsets[other] + sizes[other];
                        moved = true;
                    }
                }
            }
            return at;
        }

        private static boolean same(dnnl_memory_desc_t a, dnnl_memory_desc_t b) {
            return dnnl_memory_desc_equal(a, b) != 0;
        }

        private static long aligned(long size) {
            return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }
}
