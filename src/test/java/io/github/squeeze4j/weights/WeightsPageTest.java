package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Listing;
import io.github.squeeze4j.models.Models;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/weights.md: its lines run as they stand there, and its table names what there is. */
@Tag("tiny")
class WeightsPageTest {
    private static final Path PAGE = Path.of("docs", "weights.md");
    private static final Pattern WORD = Pattern.compile("`([A-Za-z0-9_]+)`");

    @TempDir
    private Path folder;

    @Test
    void fromACheckpointToPredictions() throws Exception {
        ComputationGraph graph = Models.builder("se_resnet50").seed(8).build().init();
        WeightExport.safetensors(graph, WeightSource.CADENE, folder.resolve("se50.safetensors"));
        Files.write(
                folder.resolve("imagenet.txt"),
                IntStream.range(0, 1000).mapToObj(i -> "class" + i).collect(Collectors.toList()));
        BufferedImage picture = new BufferedImage(300, 260, BufferedImage.TYPE_INT_RGB);
        SplittableRandom random = new SplittableRandom(9);
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                picture.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        ImageIO.write(picture, "png", folder.resolve("cat.png").toFile());
        String printed = Listing.run(
                Listing.of(Files.readString(PAGE), "WeightsPageTest"),
                folder,
                "io.github.squeeze4j.images.*",
                "io.github.squeeze4j.models.*",
                "io.github.squeeze4j.training.*",
                "io.github.squeeze4j.weights.*",
                "java.nio.file.*",
                "java.util.List");
        assertThat(printed).matches("class\\d+ [\\d.]+ %");
    }

    /** Rows of the table of sources, by cells. */
    private static List<String[]> table() throws Exception {
        String page = Files.readString(PAGE);
        String part = page.substring(page.indexOf("## What loads from where"), page.indexOf("Not expressible here"));
        return part.lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split(" *\\| *"))
                .toList();
    }

    private static List<String> words(String cell) {
        List<String> words = new ArrayList<>();
        for (Matcher matcher = WORD.matcher(cell); matcher.find(); ) {
            words.add(matcher.group(1));
        }
        return words;
    }

    @Test
    void everySourceHasItsRow() throws Exception {
        assertThat(table().stream().map(row -> words(row[1]).get(0)).distinct())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(WeightSource.values())
                        .map(WeightSource::name)
                        .toList());
    }

    /** What stands there is registered, and takes the tensors that the row's source names. */
    @Test
    void everyNetworkLoadsFromItsSource() throws Exception {
        List<String> loads = new ArrayList<>();
        for (String[] row : table()) {
            WeightSource source = WeightSource.valueOf(words(row[1]).get(0));
            for (String network : words(row[4])) {
                loads.add(network);
                assertThat(Models.names()).contains(network);
                Set<String> parameters = PretrainedTest.parameterNames(Models.builder(network));
                TensorNames names = source.names(parameters);
                assertThat(parameters)
                        .as(network + " from " + row[1])
                        .allMatch(parameter -> names.find(parameter) != null);
            }
        }
        assertThat(loads)
                .containsAll(PretrainedTest.SOURCES.keySet().stream()
                        .filter(Models.names()::contains)
                        .toList());
    }
}
