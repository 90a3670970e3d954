package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Numbers that never change, each in the layouts that some program reads it in. Programs of several sizes share them. */
public final class Constants {
    private final Map<String, List<Constant>> known = new HashMap<>();

    /** An empty store. */
    public Constants() {}

    /** Memory that stays as long as it is referred to. */
    static final class Constant {
        final dnnl_memory_desc_t kind;
        final long address;

        @SuppressWarnings("unused") // owns the memory
        private final INDArray owner;

        private Constant(dnnl_memory_desc_t kind, INDArray owner, long address) {
            this.kind = kind;
            this.owner = owner;
            this.address = address;
        }
    }

    /** A constant in one layout, made when first read. */
    final class Source implements Supplier<Constant> {
        private final String name;
        private final dnnl_memory_desc_t kind;
        private final dnnl_memory_desc_t wanted;
        private final Supplier<INDArray> values;

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

        @Override
        public Constant get() {
            List<Constant> forms = known.computeIfAbsent(name, n -> new ArrayList<>());
            for (Constant form : forms) {
                if (Program.Builder.same(form.kind, wanted)) {
                    return form;
                }
            }
            INDArray plain = values.get();
            Constant made = new Constant(kind, plain, Layout.address(plain));
            if (!Program.Builder.same(kind, wanted)) {
                INDArray memory = Program.memory(dnnl_memory_desc_get_size(wanted));
                Constant copy = new Constant(wanted, memory, Program.aligned(memory));
                Program.Builder reorder = new Program.Builder();
                reorder.copy(reorder.array(kind), reorder.array(wanted));
                try (Program program = reorder.build()) {
                    program.run(made.address, copy.address);
                }
                made = copy;
            }
            forms.add(made);
            return made;
        }
    }
}
