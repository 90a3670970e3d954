package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every network of ours that was counted on a public reference implementation, exactly. */
class ReferenceCountsTest {
    /** Counted rows of networks that are not registered yet; a name leaves the list when it is. */
    private static final List<String> PENDING = List.of(
            "bn_inception",
            "cbam_mobilenet_v1",
            "eca_resnet50",
            "efficientnet_b0",
            "efficientnet_b1",
            "efficientnet_b2",
            "efficientnet_b3",
            "ese_resnet50",
            "gc_resnet50",
            "inception_v3",
            "mobilenet_v1",
            "mobilenet_v1_025",
            "mobilenet_v1_050",
            "mobilenet_v1_075",
            "mobilenet_v3_large",
            "mobilenet_v3_small",
            "regnety_400mf",
            "regnety_4gf",
            "rgse_mobilenet_v1",
            "salient_mobilenet_v1",
            "se_bn_inception",
            "se_inception_v3",
            "se_mobilenet_v1",
            "spse_mobilenet_v1");

    /** A model that another source builds in another way, which the registered one does not follow. */
    private static final List<String> OTHER_FORMS = List.of("bn_inception,Cadene");

    static List<String> rows() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                ReferenceCountsTest.class.getResourceAsStream("/reference/counts.csv"), StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.startsWith("#") && !line.startsWith("model,"))
                    .filter(line -> OTHER_FORMS.stream().noneMatch(form -> line.startsWith(form + ",")))
                    .collect(Collectors.toList());
        }
    }

    private static List<String> counted() throws IOException {
        return rows().stream()
                .filter(row -> !PENDING.contains(row.split(",")[0]))
                .collect(Collectors.toList());
    }

    private static Set<String> models() throws IOException {
        return rows().stream().map(row -> row.split(",")[0]).collect(Collectors.toSet());
    }

    @Test
    void everyModelHasARow() throws IOException {
        // Other tests may register models of their own.
        assertThat(models())
                .containsAll(Models.names().stream()
                        .filter(name -> !name.startsWith("my_"))
                        .collect(Collectors.toList()));
    }

    @Test
    void everyRowIsOfAModelOrPending() throws IOException {
        Set<String> known = new HashSet<>(Models.names());
        assertThat(models()).allMatch(name -> known.contains(name) || PENDING.contains(name));
        assertThat(PENDING).as("pending").doesNotContainAnyElementsOf(known);
        assertThat(models()).as("pending").containsAll(PENDING);
    }

    @ParameterizedTest
    @MethodSource("counted")
    void countsEqualTheReference(String row) {
        String[] cells = row.split(",", -1);
        String model = cells[0];
        ModelSummary summary = network(model, cells[1]).summary(model);
        assertThat(summary.input()).isEqualTo(cells[2]);
        assertThat(summary.params()).as("params").isEqualTo(Long.parseLong(cells[3]));
        assertThat(summary.runningStatistics()).as("bn_stats").isEqualTo(Long.parseLong(cells[4]));
        if (!cells[5].isEmpty()) {
            assertThat(summary.macs()).as("macs").isEqualTo(Long.parseLong(cells[5]));
            assertThat(summary.toCsv())
                    .isEqualTo(String.join(",", List.of(cells).subList(0, 1)) + ","
                            + String.join(",", List.of(cells).subList(2, 6)));
        }
    }

    /** The registered network, or the variant of it that the row's source builds. */
    private static Network network(String model, String source) {
        if (!model.matches(".*resnet\\d+")) {
            return Models.builder(model).build();
        }
        int depth = Integer.parseInt(model.replaceAll(".*resnet", ""));
        boolean bottlenecks = depth == 50 || depth == 101 || depth == 152;
        if (source.equals("the reference module (Cadene) at the sites of torchvision")) {
            return ResNet.builder()
                    .depth(depth)
                    .attention(Attention.named("se"))
                    .build();
        }
        if (source.equals("torchvision layers")) {
            return ResNet.builder()
                    .depth(depth)
                    .bottleneckStride(BottleneckStride.FIRST_1X1)
                    .build();
        }
        if (source.equals("moskomule") && bottlenecks) {
            return ResNet.builder()
                    .depth(depth)
                    .bottleneckStride(BottleneckStride.MIDDLE_3X3)
                    .attention(Attention.of(
                            SqueezeExcitation.builder().biases(false).build()))
                    .build();
        }
        return Models.builder(model).build();
    }
}
