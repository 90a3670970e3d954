package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Numbers that never change, each in the layouts that some program reads it in. Programs of several sizes share them, and
 * what none of them reads any more is freed.
 */
public final class Constants {
    private final Map<String, List<Constant>> known = new HashMap<>();

    /** An empty store. */
    public Constants() {}

    /** One form of a constant. */
    final class Constant {
        final dnnl_memory_desc_t kind;
        final INDArray array;
        private final String name;
        private final Runnable free;
        private int users;

        private Constant(String name, dnnl_memory_desc_t kind, INDArray array, Runnable free) {
            this.name = name;
            this.kind = kind.retainReference(); // beyond the builder that described it
            this.array = array;
            this.free = free;
        }

        /** A program that read it is closed. */
        void release() {
            synchronized (Constants.this) {
                users--;
                if (users == 0) {
                    List<Constant> forms = known.get(name);
                    forms.remove(this);
                    if (forms.isEmpty()) {
                        known.remove(name);
                    }
                    free.run();
                    kind.releaseReference();
                }
            }
        }
    }

    /** How many forms there are. */
    synchronized int size() {
        return known.values().stream().mapToInt(List::size).sum();
    }

    /** A constant in one layout, made when first read. */
    final class Source {
        private final String name;
        private final dnnl_memory_desc_t kind;
        private final dnnl_memory_desc_t wanted;
        private final Supplier<INDArray> values;

        /** @param values gives a new array, outside of workspaces, each time */
        Source(String name, dnnl_memory_desc_t kind, Supplier<INDArray> values) {
            this(name, kind, kind, values);
        }

        private Source(String name, dnnl_memory_desc_t kind, dnnl_memory_desc_t wanted, Supplier<INDArray> values) {
            this.name = name;
            this.kind = kind;
            this.wanted = wanted;
            this.values = values;
        }

        /** The same numbers in another layout. */
        Source as(dnnl_memory_desc_t other) {
            return new Source(name, kind, other, values);
        }

        /** The constant, for a program that releases it at its end. */
        Constant take() {
            synchronized (Constants.this) {
                List<Constant> forms = known.getOrDefault(name, List.of());
                for (Constant form : forms) {
                    if (Program.Builder.same(form.kind, wanted)) {
                        form.users++;
                        return form;
                    }
                }
                Constant made = make();
                made.users++;
                known.computeIfAbsent(name, n -> new ArrayList<>()).add(made);
                return made;
            }
        }

        private Constant make() {
            INDArray plain = values.get();
            if (Program.Builder.same(kind, wanted)) {
                return new Constant(name, kind, plain, plain::close);
            }
            Scratch memory = new Scratch();
            INDArray copy = memory.of(dnnl_memory_desc_get_size(wanted));
            try (Program.Builder reorder = new Program.Builder()) {
                reorder.copy(reorder.array(kind), reorder.array(wanted));
                try (Program program = reorder.build()) {
                    program.run(plain, copy);
                }
            } finally {
                plain.close();
            }
            return new Constant(name, wanted, copy, memory::close);
        }
    }
}
