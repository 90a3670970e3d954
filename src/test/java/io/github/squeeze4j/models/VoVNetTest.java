package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.models.families.VoVNet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the counts and answers of VoVNet's references do not show. */
@Tag("tiny")
class VoVNetTest {
    @Test
    void namesArePinned() {
        Set<String> names = VoVNet.builder()
                .depth(39)
                .stochasticDepth(0.1)
                .build()
                .conf()
                .getVertices()
                .keySet();
        assertThat(names).contains("stem.conv1", "stem.bn3", "stem.relu3", "stage2.pool", "stage4.pool", "pool");
        assertThat(names).doesNotContain("stage1.pool", "stage3.block1.attention", "stage3.block1.add");
        List<String> last = names.stream()
                .filter(name -> name.startsWith("stage3.block2."))
                .map(name -> name.substring("stage3.block2.".length()))
                .collect(Collectors.toList());
        assertThat(last)
                .startsWith("conv1", "bn1", "relu1", "conv2")
                .endsWith(
                        "relu5",
                        "concat",
                        "aggregate.conv",
                        "aggregate.bn",
                        "aggregate.relu",
                        "attention",
                        "drop",
                        "add");
    }

    @Test
    void badInput() {
        refused(() -> VoVNet.builder().depth(19), "depth (19) must be one of [39, 57, 99]");
        refused(() -> VoVNet.builder().build(), "depth (not set) must be one of [39, 57, 99]; use depth(39)");
        refused(
                () -> VoVNet.builder().depth(57).zeroInitLastGamma(true).build(),
                "zeroInitLastGamma (true) must not be set for a network without residual branches that end in a BatchNorm;"
                        + " leave it out");
        refused(
                () -> Models.builder("vovnet39").stochasticDepth(0.1).build(),
                "stochasticDepth (0.1) must not be set for a network without residual branches; leave it out");
    }

    private static void refused(ThrowingCallable action, String message) {
        assertThatThrownBy(action).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
