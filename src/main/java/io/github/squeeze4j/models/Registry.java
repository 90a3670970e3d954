package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.Checks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Networks by name. Safe for use by several threads. */
final class Registry {
    private static final int LISTED_WHOLE = 10;
    private static final String SERVICE = "META-INF/services/" + Family.class.getName();

    private final Map<String, Supplier<? extends NetworkBuilder<?>>> builders = new TreeMap<>();
    private final Map<String, String> aliases = new HashMap<>();

    /** The families that a class loader finds. */
    Registry(ClassLoader loader) {
        for (Family family : ServiceLoader.load(Family.class, loader)) {
            family.networks().forEach(this::register);
            family.aliases().forEach((alias, name) -> {
                if (aliases.putIfAbsent(alias, name) != null) {
                    throw new IllegalStateException("alias (" + alias + ") of family "
                            + family.getClass().getName() + " must be new; another family has it");
                }
            });
        }
        if (builders.isEmpty()) {
            throw new IllegalStateException("families of networks (none) must be named in " + SERVICE
                    + ", which the class path lacks; keep that file where jars are merged, as maven-shade-plugin does with its"
                    + " ServicesResourceTransformer");
        }
    }

    synchronized Supplier<? extends NetworkBuilder<?>> get(String name) {
        Supplier<? extends NetworkBuilder<?>> found =
                builders.get(name == null ? "" : builders.containsKey(name) ? name : aliases.getOrDefault(name, name));
        if (found == null) {
            throw Checks.unknown("model", name, builders.keySet(), LISTED_WHOLE, "Models.names() or the command list");
        }
        return found;
    }

    synchronized List<String> names() {
        return List.copyOf(builders.keySet());
    }

    synchronized void register(String name, Supplier<? extends NetworkBuilder<?>> builder) {
        if (name == null || !name.matches("[a-z][a-z0-9_]*")) {
            throw new IllegalArgumentException("model name (" + name
                    + ") must consist of lower-case letters, digits and underscores; use a name like my_resnet50");
        }
        Checks.notNull("builder", builder, "use () -> ResNet.builder().depth(50)");
        if (builders.putIfAbsent(name, builder) != null) {
            throw new IllegalArgumentException(
                    "model name (" + name + ") must be new; " + name + " is already registered");
        }
    }
}
