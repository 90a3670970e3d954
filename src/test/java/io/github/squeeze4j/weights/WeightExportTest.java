package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.families.ResNet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;

/** Files for other libraries: their names and shapes, as make_weight_names.py listed them, and our numbers. */
@Tag("tiny")
class WeightExportTest {
    @TempDir
    private Path folder;

    static Stream<String> small() {
        return PretrainedTest.small();
    }

    static Stream<String> all() {
        return PretrainedTest.all().filter(name -> !name.equals("se_bn_inception"));
    }

    private void writesWhatTheyHave(String name) throws Exception {
        WeightSource source = PretrainedTest.SOURCES.get(name);
        ComputationGraph graph = PretrainedTest.builder(name).build().init();
        Path file = folder.resolve(name + ".safetensors");
        WeightExport.safetensors(graph, source, file);
        Map<String, String> expected = new TreeMap<>();
        PretrainedTest.tensors(name).forEach((tensor, shape) -> {
            if (!source.names(Set.of()).isUnused(tensor)) {
                expected.put(tensor, Arrays.toString(shape));
            }
        });
        try (TensorFile opened = TensorFile.open(file)) {
            assertThat(opened.tensors().entrySet().stream()
                            .collect(Collectors.toMap(
                                    Map.Entry::getKey,
                                    entry -> Arrays.toString(entry.getValue().shape()))))
                    .isEqualTo(expected);
        }
        ComputationGraph back =
                PretrainedTest.builder(name).seed(1).weights(file).build().init();
        assertThat(back.params()).isEqualTo(graph.params());
        assertThat(Files.list(folder)).containsExactly(file);
    }

    @ParameterizedTest
    @MethodSource("small")
    void smallOnesWriteWhatTheyHave(String name) throws Exception {
        writesWhatTheyHave(name);
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("all")
    void allWriteWhatTheyHave(String name) throws Exception {
        writesWhatTheyHave(name);
    }

    @Test
    void doubleStaysDouble() {
        ComputationGraph graph =
                Models.builder("se_resnet20").dataType(DataType.DOUBLE).build().init();
        Path file = folder.resolve("double.safetensors");
        WeightExport.safetensors(graph, WeightSource.MOSKOMULE, file);
        try (TensorFile opened = TensorFile.open(file)) {
            assertThat(opened.tensor("conv1.weight").type()).isEqualTo(TensorType.F64);
            assertThat(opened.tensor("conv1.weight").read())
                    .isEqualTo(graph.getParam("stem.conv_W").dup('c'));
        }
    }

    @Test
    void whatCannotBeWritten() throws Exception {
        ComputationGraph graph = Models.builder("se_resnet20").build().init();
        Path file = Files.writeString(folder.resolve("old.safetensors"), "old");
        assertThatThrownBy(() -> WeightExport.safetensors(graph, WeightSource.TIMM_EFFICIENTNET, file))
                .isInstanceOf(WeightsException.class)
                .hasMessage("parameter (stage1.block1.conv1/W) must have a name in the networks of TIMM_EFFICIENTNET; "
                        + "use the source of this family and this attention");
        assertThatThrownBy(() -> WeightExport.safetensors(graph, WeightSource.CAFFE_BN_INCEPTION, file))
                .isInstanceOf(WeightsException.class)
                .hasMessage(
                        "source (CAFFE_BN_INCEPTION) must be one of PyTorch's to write safetensors for; use another");
        ComputationGraph se50 = ResNet.builder().depth(18).build().init();
        assertThatThrownBy(() -> WeightExport.safetensors(se50, WeightSource.CADENE, file))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("reluBeforeAttention(true)");
        assertThatThrownBy(() ->
                        WeightExport.safetensors(graph, WeightSource.MOSKOMULE, folder.resolve("gone/x.safetensors")))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith(
                        "output file (" + folder.resolve("gone/x.safetensors") + ") must be writable (");
        assertThat(file).hasContent("old");
    }
}
