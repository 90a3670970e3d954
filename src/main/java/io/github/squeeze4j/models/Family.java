package io.github.squeeze4j.models;

import java.util.Map;
import java.util.function.Supplier;

/**
 * A family of networks and the names under which {@link Models} has them.
 *
 * <p>{@link Models} finds families with {@link java.util.ServiceLoader}: a family is a public class with a public constructor
 * without arguments, named in a line of {@code META-INF/services/io.github.squeeze4j.models.Family} of its jar. Those of this
 * library are in {@link io.github.squeeze4j.models.families}.
 */
public interface Family {
    /**
     * The family's networks.
     *
     * @return by name, lower-case letters, digits and underscores, what gives a new, complete builder at each call
     */
    Map<String, Supplier<? extends NetworkBuilder<?>>> networks();

    /**
     * Other names of these networks, which no list shows.
     *
     * @return the name by the other name; none by default
     */
    default Map<String, String> aliases() {
        return Map.of();
    }
}
