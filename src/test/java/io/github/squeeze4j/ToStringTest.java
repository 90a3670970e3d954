package io.github.squeeze4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.GatherExcite;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Retrofit;
import io.github.squeeze4j.models.RetrofitResult;
import io.github.squeeze4j.models.families.ResNet;
import io.github.squeeze4j.training.EpochResults;
import io.github.squeeze4j.training.IdxFolder;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.OneCycle;
import io.github.squeeze4j.training.Optimizer;
import io.github.squeeze4j.training.Trainer;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a user prints says what it is, and not where it lies in memory. */
@Tag("tiny")
class ToStringTest {
    private static final String SE_RESNET20 =
            "ResNet: 274,490 parameters, 10 classes, images of 3 channels and 32 x 32, 9 x SqueezeExcitation";

    @Test
    void networksAndTheirBuilders() {
        assertThat(Models.builder("se_resnet20")).hasToString("Builder of " + SE_RESNET20);
        assertThat(Models.builder("se_resnet20").build()).hasToString(SE_RESNET20);
        assertThat(Models.builder("mobilenet_v2").classes(5).build())
                .hasToString("MobileNetV2: 2,230,277 parameters, 5 classes, images of 3 channels and 224 x 224");
        assertThat(ResNet.builder())
                .asString()
                .startsWith("Builder of ResNet, not complete: depth (not set) must be one of ");
        assertThat(ResNet.builder().depth(20).attention(site -> {
                    throw new UnsupportedOperationException();
                }))
                .hasToString("Builder of ResNet, not complete: java.lang.UnsupportedOperationException");
    }

    @Test
    void attention() {
        assertThat(Attention.names())
                .allSatisfy(name -> assertThat(Attention.named(name)).hasToString(name));
        assertThat(Attention.none()).hasToString("none");
        Cbam block = Cbam.builder().reduction(4).build();
        assertThat(Attention.of(block)).hasToString(block.toString());
    }

    @Test
    void blocksAndTheirBuilders() {
        String text = Cbam.builder().reduction(4).build().toString();
        assertThat(text).startsWith("Cbam(layerName=").contains("reduction=4");
        assertThat(Cbam.builder().reduction(4)).hasToString("Builder of " + text);
        assertThat(SqueezeExcitation.builder()).asString().startsWith("Builder of SqueezeExcitation(");
        assertThat(GatherExcite.builder().extent(6))
                .asString()
                .startsWith("Builder of GatherExcite, not complete: extent (6) must be a power of two ");
    }

    @Test
    void whatMakesNetworksFaster() {
        ComputationGraph graph = Models.builder("resnet20").inputSize(8).build().init();
        Acceleration acceleration = Acceleration.apply(graph);
        assertThat(acceleration).hasToString(acceleration.report());
        try (InferenceNetwork fast = InferenceNetwork.optimize(graph)) {
            String reason = fast.refusal();
            assertThat(fast)
                    .hasToString(
                            reason != null
                                    ? "DL4J computes: " + reason
                                    : "a oneDNN program of "
                                            + graph.getConfiguration()
                                                    .getVertices()
                                                    .size()
                                            + " layers and vertices");
            fast.close();
            assertThat(fast).hasToString("DL4J computes: " + (reason != null ? reason : "it is closed"));
        }
    }

    @Test
    void retrofit() {
        ComputationGraph graph = Models.builder("resnet20").inputSize(8).build().init();
        Retrofit retrofit = Retrofit.of(graph).inputTypes(InputType.convolutional(8, 8, 3));
        assertThat(retrofit).asString().matches("Retrofit of \\d+ vertices: no place chosen yet");
        retrofit.after("stage1\\..*\\.bn2");
        assertThat(retrofit).asString().endsWith(" vertices: nothing yet after stage1\\..*\\.bn2");
        retrofit.insert(Attention.named("se"));
        assertThat(retrofit).asString().endsWith(" vertices: a layer after stage1\\..*\\.bn2");
        RetrofitResult result = retrofit.build();
        assertThat(result).hasToString(result.report());
        assertThat(result.inserted().get(0).vertex())
                .asString()
                .matches("stage1\\.block1\\.bn2 \\(\\w+\\): InputTypeConvolutional\\(h=8,w=8,c=16,NCHW\\)");
    }

    @Test
    void trainings() {
        assertThat(EpochResults.history()).hasToString("no pass yet");
        assertThat(EpochResults.history(
                        EpochResults.of(1, 0.1, 1.25, 0.5, 1, 0.6, 0.9, 12, 400),
                        EpochResults.of(2, 0.1, 1.125, 0.55, 0.9, 0.625, 0.95, 11, 410)))
                .hasToString(String.join(
                        System.lineSeparator(),
                        "epoch 1: loss 1.250, top-1 50.0 %; held out: loss 1.000, top-1 60.0 %; 12 s, 400 images/s",
                        "epoch 2: loss 1.125, top-1 55.0 %; held out: loss 0.900, top-1 62.5 %; 11 s, 410 images/s"));

        Optimizer.Builder optimizer = Optimizer.builder(Optimizer.Kind.SGD, new OneCycle(0.1, 100));
        assertThat(optimizer).hasToString("Builder of " + optimizer.build());
        assertThat(Trainer.builder().epochs(1).build())
                .hasToString("1 pass, batches of 32, the graph's own updater, seed " + Trainer.DEFAULT_SEED);
        assertThat(Trainer.builder()).asString().startsWith("Builder of a trainer: 3 passes, batches of 32");
    }

    @Test
    void imagesAndClassifiers() {
        ImageSet images = ImageSet.train(IdxFolder.SAMPLE).limit(20);
        assertThat(images).hasToString("20 images of 28x28, 10 classes");
        Preprocessing.Builder builder = Preprocessing.builder().size(8, 8);
        assertThat(builder).hasToString("Builder of " + builder.build());
        assertThat(builder.mean(1, 2)).asString().startsWith("Builder of Preprocessing, not complete: mean (");
        assertThat(Preset.named("senet", 8, 8, ColourOrder.RGB)).hasToString("senet");
        ComputationGraph graph = Models.builder("resnet20")
                .inputChannels(1)
                .inputSize(28)
                .build()
                .init();
        assertThat(ImageClassifier.untrained("resnet20", graph, images))
                .hasToString("resnet20, 10 classes, images: " + images.preprocessing());
    }
}
