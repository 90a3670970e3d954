package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.Bam;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.CoordinateAttention;
import io.github.squeeze4j.blocks.Eca;
import io.github.squeeze4j.blocks.EffectiveSe;
import io.github.squeeze4j.blocks.GatedChannel;
import io.github.squeeze4j.blocks.GatherExcite;
import io.github.squeeze4j.blocks.GlobalContext;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.ScSe;
import io.github.squeeze4j.blocks.SelectiveKernel;
import io.github.squeeze4j.blocks.SimAm;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.internal.Checks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.layers.Layer;

/** The blocks by name. */
final class NamedAttention {
    private static final Map<String, Supplier<Layer>> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put("none", () -> null);
        BY_NAME.put("se", () -> SqueezeExcitation.builder().build());
        BY_NAME.put("salient", () -> Salient.builder().build());
        BY_NAME.put("spse", () -> Spse.builder().build());
        BY_NAME.put("rgse", () -> Rgse.builder().build());
        BY_NAME.put("cbam", () -> Cbam.builder().build());
        BY_NAME.put("eca", () -> Eca.builder().build());
        BY_NAME.put("gct", () -> GatedChannel.builder().build());
        BY_NAME.put("ese", () -> EffectiveSe.builder().build());
        BY_NAME.put("simam", () -> SimAm.builder().build());
        BY_NAME.put("gc", () -> GlobalContext.builder().build());
        BY_NAME.put("scse", () -> ScSe.builder().build());
        BY_NAME.put("ca", () -> CoordinateAttention.builder().build());
        BY_NAME.put("ge", () -> GatherExcite.builder().build());
        BY_NAME.put("bam", () -> Bam.builder().build());
        BY_NAME.put("sk", () -> SelectiveKernel.builder().build());
    }

    private NamedAttention() {}

    static Attention get(String name) {
        Supplier<Layer> found = BY_NAME.get(name);
        if (found == null) {
            throw Checks.unknown("attention", name, BY_NAME.keySet(), BY_NAME.size(), "Attention.names()");
        }
        return new SameEverywhere(name, found.get());
    }

    static List<String> names() {
        return new ArrayList<>(BY_NAME.keySet());
    }
}
