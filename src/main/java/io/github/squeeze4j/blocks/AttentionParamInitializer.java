package io.github.squeeze4j.blocks;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.params.SameDiffParamInitializer;

/**
 * Names the parameters of a block to DL4J. Running statistics are in neither list, so that weight and bias constraints
 * never reach them.
 */
final class AttentionParamInitializer extends SameDiffParamInitializer {
    static final AttentionParamInitializer INSTANCE = new AttentionParamInitializer();

    private AttentionParamInitializer() {}

    @Override
    public List<String> paramKeys(Layer layer) {
        return ParameterSpec.names(((AttentionBlock) layer).parameters().all());
    }

    @Override
    public List<String> weightKeys(Layer layer) {
        return keys(layer, ParameterSpec.Role.WEIGHT);
    }

    @Override
    public List<String> biasKeys(Layer layer) {
        return keys(layer, ParameterSpec.Role.BIAS);
    }

    private static List<String> keys(Layer layer, ParameterSpec.Role role) {
        List<String> keys = new ArrayList<>();
        for (ParameterSpec.Parameter parameter :
                ((AttentionBlock) layer).parameters().learned()) {
            if (parameter.role == role) {
                keys.add(parameter.name);
            }
        }
        return keys;
    }
}
