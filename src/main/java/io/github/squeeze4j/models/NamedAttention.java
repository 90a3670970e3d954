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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The blocks by name. */
final class NamedAttention {
    private static final Map<String, Supplier<Attention>> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put("none", Attention::none);
        BY_NAME.put("se", () -> Attention.of(SqueezeExcitation.builder().build()));
        BY_NAME.put("salient", () -> Attention.of(Salient.builder().build()));
        BY_NAME.put("spse", () -> Attention.of(Spse.builder().build()));
        BY_NAME.put("rgse", () -> Attention.of(Rgse.builder().build()));
        BY_NAME.put("cbam", () -> Attention.of(Cbam.builder().build()));
        BY_NAME.put("eca", () -> Attention.of(Eca.builder().build()));
        BY_NAME.put("gct", () -> Attention.of(GatedChannel.builder().build()));
        BY_NAME.put("ese", () -> Attention.of(EffectiveSe.builder().build()));
        BY_NAME.put("simam", () -> Attention.of(SimAm.builder().build()));
        BY_NAME.put("gc", () -> Attention.of(GlobalContext.builder().build()));
        BY_NAME.put("scse", () -> Attention.of(ScSe.builder().build()));
        BY_NAME.put("ca", () -> Attention.of(CoordinateAttention.builder().build()));
        BY_NAME.put("ge", () -> Attention.of(GatherExcite.builder().build()));
        BY_NAME.put("bam", () -> Attention.of(Bam.builder().build()));
        BY_NAME.put("sk", () -> Attention.of(SelectiveKernel.builder().build()));
    }

    private NamedAttention() {}

    static Attention get(String name) {
        Supplier<Attention> found = BY_NAME.get(name);
        if (found == null) {
            throw Checks.unknown("attention", name, BY_NAME.keySet(), BY_NAME.size(), "Attention.names()");
        }
        return found.get();
    }

    static List<String> names() {
        return new ArrayList<>(BY_NAME.keySet());
    }
}
