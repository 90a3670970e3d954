package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.PretrainedClassifier;
import io.github.squeeze4j.weights.PublishedWeights;
import io.github.squeeze4j.weights.WeightCache;
import io.github.squeeze4j.weights.WeightExport;
import io.github.squeeze4j.weights.WeightSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another library's weights, straight into train, predict and evaluate. */
class WeightsOptionTest {
    private static final String[] CLASSES = {"fern", "moss"};

    @TempDir
    private static Path folder;

    private static Path weights;
    private static Path labels;
    private static Path photographs;
    private static ComputationGraph graph;

    @BeforeAll
    static void make() throws Exception {
        graph = Models.builder("se_resnet20").classes(2).seed(5).build().init();
        weights = folder.resolve("weights.safetensors");
        WeightExport.safetensors(graph, WeightSource.MOSKOMULE, weights);
        labels = Files.writeString(folder.resolve("labels.txt"), String.join("\n", CLASSES));
        photographs = PhotographFolder.of(folder.resolve("photographs"), 6, CLASSES);
    }

    private static Run with(Path file, String command, String... more) {
        return Run.of(Stream.concat(
                        Stream.of(command, "--weights", file.toString(), "--data", photographs.toString()),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    @Test
    void predictsAndJudgesAsTheConvertedModel() throws Exception {
        Path model = folder.resolve("model.zip");
        Run.of("convert", weights.toString(), "--labels", labels.toString(), "--out", model.toString())
                .ok();
        String picture = photographs.resolve("fern/0.png").toString();
        Run saved =
                Run.of("predict", model.toString(), picture, "--format", "csv").ok();
        assertThat(with(weights, "predict", picture, "--labels", labels.toString(), "--format", "csv")
                        .ok()
                        .out)
                .isEqualTo(saved.out)
                .contains(",fern,")
                .contains(",moss,");
        Run judged = Run.of("evaluate", model.toString(), "--data", photographs.toString())
                .ok();
        assertThat(with(weights, "evaluate", "--labels", labels.toString()).ok().out)
                .isEqualTo(judged.out);
    }

    @Test
    void trainsFromThem() throws Exception {
        Path out = folder.resolve("run");
        with(weights, "train", "--freeze", "all", "--epochs", "1", "--batch", "4", "--out", out.toString())
                .ok();
        ImageClassifier trained = ImageClassifier.load(out.resolve(TrainCommand.MODEL_FILE));
        assertThat(trained.classNames()).containsExactly(CLASSES);
        assertThat(trained.graph().getParam("stage3.block3.conv2_W"))
                .isEqualTo(graph.getParam("stage3.block3.conv2_W"));
        assertThat(trained.graph().getParam("classifier_W")).isNotEqualTo(graph.getParam("classifier_W"));
        assertThat(out.resolve(Recipes.RUN_FILE)).content().contains("weights=" + weights);
    }

    /** A file that is in the folder of weights, under the name that the catalogue has for it. */
    @Test
    void publishedOnesBringTheirNetwork() throws Exception {
        PublishedWeights published = PublishedWeights.named("timm/regnety_004.pycls_in1k");
        Path cache = Files.createDirectories(folder.resolve("cache"));
        WeightExport.safetensors(
                Models.builder("regnety_400mf").build().init(),
                WeightSource.TIMM_REGNET,
                WeightCache.in(cache).file(published));
        System.setProperty(WeightCache.PROPERTY, cache.toString());
        try {
            String picture = photographs.resolve("fern/0.png").toString();
            Run run = Run.of("predict", "--weights", published.name(), picture, "--format", "csv");
            assertThat(run.ok().out.lines()).hasSize(4);
            Run.of("predict", "--weights", published.name(), picture, "--model", "resnet50")
                    .complains("--model must not be set with --weights " + published.name()
                            + ", which brings its own network; leave it out");
            assertThat(PretrainedClassifier.read(published, WeightCache.in(cache), null)
                            .classifier()
                            .preprocessing())
                    .hasToString(
                            "shorter side 256 bicubic, centre 224x224, RGB from 0 to 1.0, mean [0.485, 0.456, 0.406],"
                                    + " deviation [0.229, 0.224, 0.225]");
            String out = folder.resolve("published").toString();
            Run.of(
                            "train",
                            "--weights",
                            published.name(),
                            "--data",
                            photographs.toString(),
                            "--freeze",
                            "all",
                            "--epochs",
                            "1",
                            "--batch",
                            "4",
                            "--out",
                            out)
                    .ok();
            assertThat(Path.of(out, Recipes.RUN_FILE))
                    .content()
                    .contains("weights=" + published.name())
                    .doesNotContain("model=");
            Run.of("train", "--resume", out).ok();
        } finally {
            System.clearProperty(WeightCache.PROPERTY);
        }
    }

    @Test
    void complaints() {
        String file = weights.toString();
        Run.of("predict").complains("MODEL (none) must be given; name a model.zip, or add --weights FILE");
        Run.of("predict", "--weights", file).complains("pictures (none) must be one or more");
        Run.of("evaluate", "m.zip", "--weights", file)
                .complains("MODEL (m.zip) must not be given with --weights; leave one of the two out");
        Run.of("evaluate", "m.zip", "--labels", labels.toString())
                .complains("--labels (" + labels + ") must come with --weights; add it or leave both out");
        Run.of("evaluate", "m.zip", "--attention", "se")
                .complains("--attention must not be set with MODEL, which brings its own network; leave it out");
        Run.of("predict", "m.zip", "a.png", "--no-biases")
                .complains("--biases must not be set with MODEL, which brings its own network; leave it out");
        Run.of("predict", "--weights", "timm/seresnet50.a1", "a.png")
                .complains("--weights must be a file that exists or a name that weights list prints: published weights"
                        + " (timm/seresnet50.a1) must be one of the 121 known, such as timm/seresnet50.a1_in1k");
        Run.of("predict", "--weights", "none.pth", "a.png").complains("must be a file that exists");
        Run.of("train", "--from", "m.zip", "--weights", file)
                .complains("--weights must not be set with --from, which brings its own weights");
        with(weights, "train", "--model", "se_resnet50").complains("and be of this network");
    }
}
