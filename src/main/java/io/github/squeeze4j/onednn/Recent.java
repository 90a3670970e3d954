package io.github.squeeze4j.onednn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The entries of a map that were used last; older ones leave when it is full.
 *
 * @param <K> the keys' type
 * @param <V> the values' type
 */
public final class Recent<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;

    private final transient int most;
    private final transient Consumer<V> leave;

    /**
     * An empty map.
     *
     * @param most how many entries it keeps
     * @param leave what to do with a value that leaves because the map is full
     */
    public Recent(int most, Consumer<V> leave) {
        super(16, 0.75f, true);
        this.most = most;
        this.leave = leave;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        boolean full = size() > most;
        if (full) {
            leave.accept(eldest.getValue());
        }
        return full;
    }
}
