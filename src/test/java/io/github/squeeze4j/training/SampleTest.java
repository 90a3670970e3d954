package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The bundled sample is what its recipe says. */
class SampleTest {
    @Test
    void everyFileHasTheChecksumThatTheRecipeWrote() throws Exception {
        List<String> sums = Files.readAllLines(IdxFolder.SAMPLE.resolve("SHA256SUMS"));
        assertThat(sums).hasSize(5);
        for (String line : sums) {
            String[] sumAndName = line.split(" {2}");
            Path file = IdxFolder.SAMPLE.resolve(sumAndName[1]);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            assertThat(HexFormat.of().formatHex(digest)).as(file.toString()).isEqualTo(sumAndName[0]);
        }
    }

    @Test
    void holdsTheDeclaredNumberOfImagesOfEachClass() {
        ImageSet train = ImageSet.train(IdxFolder.SAMPLE);
        ImageSet test = ImageSet.test(IdxFolder.SAMPLE, train.classNames());
        assertThat(train.classNames()).hasSize(10).startsWith("T-shirt/top").endsWith("Ankle boot");
        assertThat(perClass(train)).isEqualTo(Collections.nCopies(10, 500L));
        assertThat(perClass(test)).isEqualTo(Collections.nCopies(10, 100L));
        assertThat(new int[] {train.height(), train.width()}).containsExactly(28, 28);
    }

    private static List<Long> perClass(ImageSet images) {
        return IntStream.range(0, 10)
                .mapToObj(label -> IntStream.range(0, images.size())
                        .filter(i -> images.label(i) == label)
                        .count())
                .collect(Collectors.toList());
    }
}
