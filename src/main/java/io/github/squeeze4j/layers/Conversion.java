package io.github.squeeze4j.layers;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/** Turns a stock layer configuration into a subclass of it. */
final class Conversion {
    private Conversion() {}

    /**
     * A {@code target} with every option of {@code stock}. It goes through DL4J's JSON form, which by definition holds
     * all of a layer's options, so none can be forgotten here.
     */
    static <S extends Layer, T extends S> T convert(S stock, Class<S> exact, Class<T> target) {
        if (stock == null || stock.getClass() != exact) {
            throw new IllegalArgumentException("layer ("
                    + (stock == null ? "null" : stock.getClass().getName()) + ") must be a " + exact.getName()
                    + "; subclasses compute something else");
        }
        ObjectMapper mapper = NeuralNetConfiguration.mapper();
        try {
            ObjectNode options = (ObjectNode) mapper.readTree(mapper.writeValueAsString(stock));
            options.put("@class", target.getName());
            return target.cast(mapper.readValue(options.toString(), Layer.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
