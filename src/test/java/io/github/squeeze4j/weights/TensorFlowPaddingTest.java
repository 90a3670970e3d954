package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Weights of networks that pad as TensorFlow does go into such networks alone: timm's have the names of others that do not. */
class TensorFlowPaddingTest {
    private static final String LITE = "efficientnet_lite0";

    @TempDir
    private Path folder;

    private Network network;
    private ComputationGraph graph;

    @BeforeEach
    void build() {
        network = Models.builder(LITE).inputSize(32).classes(3).build();
        graph = network.init();
    }

    private Path written(String name, WeightSource source) {
        Path file = folder.resolve(name);
        WeightExport.safetensors(graph, source, file);
        return file;
    }

    private ComputationGraph other() {
        return Models.builder(LITE).inputSize(32).classes(3).seed(7).build().init();
    }

    @Test
    void everyConvolutionAndNormalizationIsTensorFlows() {
        network.conf().getVertices().forEach((name, vertex) -> {
            if (vertex instanceof LayerVertex) {
                Object layer = ((LayerVertex) vertex).getLayerConf().getLayer();
                if (layer instanceof BatchNormalization) {
                    assertThat(((BatchNormalization) layer).getEps()).as(name).isEqualTo(1e-3);
                } else if (name.endsWith("conv") && !name.contains("project")) {
                    ConvolutionMode mode = layer instanceof GroupedConvolution
                            ? ((GroupedConvolution) layer).getConvolutionMode()
                            : ((NativeConvolution) layer).getConvolutionMode();
                    assertThat(mode).as(name).isEqualTo(ConvolutionMode.Same);
                }
            }
        });
    }

    @Test
    void timmsFilesByTheirName() throws Exception {
        Path file = written("tf_efficientnet_lite0.safetensors", WeightSource.TIMM_TF_EFFICIENTNET_LITE);
        ComputationGraph filled = other();
        LoadReport report = Pretrained.from(file).into(filled);
        assertThat(report.source()).isEqualTo(WeightSource.TIMM_TF_EFFICIENTNET_LITE);
        Arrays4j.assertClose("parameters", filled.params(), graph.params(), 0);
        try (TensorFile opened = TensorFile.open(file)) {
            assertThat(opened.names())
                    .containsAll(PretrainedTest.tensors(LITE).keySet().stream()
                            .filter(name -> !name.endsWith("num_batches_tracked"))
                            .collect(java.util.stream.Collectors.toList()));
        }
        for (String name : new String[] {"efficientnet_lite0.safetensors", "model.safetensors"}) {
            Path renamed = Files.copy(file, folder.resolve(name));
            assertThatThrownBy(() -> Pretrained.from(renamed).into(filled))
                    .isInstanceOf(WeightsException.class)
                    .hasMessage("weights file (" + renamed
                            + ", with timm's names) must be of timm's tf_efficientnet_lite0 to 4 to"
                            + " fill this network, as those without tf_ pad otherwise and have the same names; if it is, rename"
                            + " it to begin with tf_efficientnet_lite");
        }
    }

    @Test
    void theOtherLibrarysFilesByTheirTensors() {
        Path file = written("any.safetensors", WeightSource.EFFICIENTNET_LITE_PYTORCH);
        ComputationGraph filled = other();
        assertThat(Pretrained.from(file).into(filled).source()).isEqualTo(WeightSource.EFFICIENTNET_LITE_PYTORCH);
        Arrays4j.assertClose(
                "answers",
                filled.outputSingle(Nd4j.ones(DataType.FLOAT, 1, 3, 32, 32)),
                graph.outputSingle(Nd4j.ones(DataType.FLOAT, 1, 3, 32, 32)),
                0);
    }

    @Test
    void otherFormsAreRefused() {
        assertThatThrownBy(() -> written("even.safetensors", WeightSource.TIMM_EFFICIENTNET))
                .isInstanceOf(WeightsException.class)
                .hasMessage("the network's convolutions (padded as by TensorFlow) must be padded evenly as those of"
                        + " TIMM_EFFICIENTNET; build the network that the weights are of");
        graph = Models.builder("mobilenet_v2").inputSize(32).build().init();
        assertThatThrownBy(() -> written("same.safetensors", WeightSource.TIMM_TF_EFFICIENTNET_LITE))
                .isInstanceOf(WeightsException.class)
                .hasMessage("the network's convolutions (padded evenly) must be padded as by TensorFlow as those of"
                        + " TIMM_TF_EFFICIENTNET_LITE; build an EfficientNetLite");
        graph = Models.builder(LITE).inputSize(32).build().init();
        ((BatchNormalization) graph.getLayer("stem.bn").conf().getLayer()).setEps(1e-5);
        assertThatThrownBy(() -> written("epsilon.safetensors", WeightSource.TIMM_TF_EFFICIENTNET_LITE))
                .isInstanceOf(WeightsException.class)
                .hasMessage(
                        "epsilon (1.0E-5) of layer stem.bn must be 0.001 as in the networks of TIMM_TF_EFFICIENTNET_LITE, whose"
                                + " weights answer otherwise with another; build an EfficientNetLite");
    }

    @Test
    void imagesAreTheAuthors() {
        assertThat(WeightSource.EFFICIENTNET_LITE_PYTORCH.input())
                .hasToString("224 pixels, crop 0.875, bicubic, RGB, mean [0.4980392156862745, 0.4980392156862745,"
                        + " 0.4980392156862745], std [0.5019607843137255, 0.5019607843137255, 0.5019607843137255]");
        assertThat(WeightSource.TIMM_TF_EFFICIENTNET_LITE.input().at(280).cropRatio())
                .isEqualTo(280 / 312.0);
        assertThat(WeightSource.TIMM_EFFICIENTNET.input().at(260))
                .hasToString(
                        "260 pixels, crop 0.875, bicubic, RGB, mean [0.485, 0.456, 0.406], std [0.229, 0.224, 0.225]");
    }
}
