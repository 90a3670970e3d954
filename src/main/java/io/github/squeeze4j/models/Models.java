package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.OpenMp;
import java.util.List;
import java.util.function.Supplier;

/**
 * Every preconfigured network by name.
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         Models.builder("se_resnet20").inputSize(28).inputChannels(1).build().init();
 * Models.register("mine", () -> ResNet.builder().depth(34).attention(site -> myLayer(site.channels())));
 * }</pre>
 *
 * <p>The classes of {@link io.github.squeeze4j.models.families} say which names each family has, and which of them differ from the
 * blocks' default options. A block's name before a network's is that block in that network: {@code se_resnet50}. Any other pair
 * is {@code builder(name).attention(Attention.named(block))}.
 */
public final class Models {
    static {
        OpenMp.spinBriefly();
    }

    private static final Registry REGISTRY = new Registry(Models.class.getClassLoader());

    private Models() {}

    /**
     * A new builder with the named network's options, all of which may be changed.
     *
     * @param name a registered name
     * @return a builder that is ready to build
     * @throws IllegalArgumentException if the name is unknown; the message lists the nearest names
     */
    public static NetworkBuilder<?> builder(String name) {
        return REGISTRY.get(name).get();
    }

    /**
     * All names, aliases left out.
     *
     * @return the names in alphabetical order
     */
    public static List<String> names() {
        return REGISTRY.names();
    }

    /**
     * Adds a network under a name of the user's own.
     *
     * @param name a new name: lower-case letters, digits and underscores, a letter first
     * @param builder gives a new, complete builder at each call
     * @throws IllegalArgumentException if the name is taken or malformed
     */
    public static void register(String name, Supplier<? extends NetworkBuilder<?>> builder) {
        REGISTRY.register(name, builder);
    }
}
