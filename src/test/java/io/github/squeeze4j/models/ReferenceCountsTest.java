package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.families.BottleneckStride;
import io.github.squeeze4j.models.families.ResNet;
import io.github.squeeze4j.models.families.StemPooling;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every network of ours that was counted on a public reference implementation, exactly. */
@Tag("tiny")
class ReferenceCountsTest {
    private static final int ROWS = 176;

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
    void everyRowIsOfAModel() throws IOException {
        assertThat(rows()).hasSize(ROWS);
        assertThat(new HashSet<>(Models.names())).containsAll(models());
    }

    @ParameterizedTest
    @MethodSource("rows")
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
        if (model.startsWith("eca_") && source.equals("timm")) {
            return ResNet.builder()
                    .depth(depth)
                    .attention(Attention.named("eca"))
                    .build();
        }
        if (model.equals("ge_resnet50") && source.equals("Caffe prototxt")) {
            return ResNet.builder()
                    .depth(depth)
                    .bottleneckStride(BottleneckStride.FIRST_1X1)
                    .stemPooling(StemPooling.CEIL_MODE)
                    .attention(Attention.named("ge"))
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
