package io.github.squeeze4j.models;

import org.deeplearning4j.nn.conf.layers.Layer;

/** One block at every site, or none at any. */
final class SameEverywhere implements Attention {
    /** Null for the block's own text. */
    private final String name;
    /** Null for none. */
    private final Layer prototype;

    SameEverywhere(String name, Layer prototype) {
        this.name = name;
        this.prototype = prototype;
    }

    @Override
    public Layer at(Site site) {
        return prototype == null ? null : prototype.clone();
    }

    @Override
    public String toString() {
        return name == null ? prototype.toString() : name;
    }
}
