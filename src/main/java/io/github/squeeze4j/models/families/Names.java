package io.github.squeeze4j.models.families;

import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.NetworkBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Names of one family in the making. */
final class Names {
    /** The blocks that every residual family is registered with. */
    private static final List<String> EVERYWHERE = List.of("se", "salient", "spse", "rgse", "cbam");

    private final Map<String, Supplier<? extends NetworkBuilder<?>>> builders = new LinkedHashMap<>();

    /** A network, in place of that of the same name if there is one. */
    Names add(String name, Supplier<? extends NetworkBuilder<?>> builder) {
        builders.put(name, builder);
        return this;
    }

    /** A network with a block, under the names of both. */
    Names add(String block, Attention attention, String name, Supplier<? extends NetworkBuilder<?>> plain) {
        return add(block + "_" + name, () -> plain.get().attention(attention));
    }

    /** The network alone and with the blocks that every residual family has, in their default options. */
    Names withBlocks(String name, Supplier<? extends NetworkBuilder<?>> plain) {
        add(name, plain);
        EVERYWHERE.forEach(block -> add(block, Attention.named(block), name, plain));
        return this;
    }

    Map<String, Supplier<? extends NetworkBuilder<?>>> all() {
        return builders;
    }
}
