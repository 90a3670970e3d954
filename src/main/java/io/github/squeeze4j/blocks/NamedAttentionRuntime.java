package io.github.squeeze4j.blocks;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.nd4j.linalg.api.buffer.DataType;

/** What {@link AttentionRuntime#of} gives another name. */
final class NamedAttentionRuntime extends AttentionRuntime {
    NamedAttentionRuntime(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
    }
}
