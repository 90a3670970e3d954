package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.hostile.Gadget;
import io.github.squeeze4j.models.Models;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Random changes of a real model file: each ends in one line, or in the same weights, within two seconds of a processor. Blind
 * changes meet the checksums; those of somebody who brings the table up to date meet what is behind them, and what is accepted
 * then predicts.
 */
@Tag("tiny")
class ModelMutationsTest {
    private static final long SEED = 20261127;
    private static final long LONGEST_MILLIS = 2000;
    private static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean();

    @TempDir
    private Path folder;

    private byte[] whole;
    private List<ModelZips.Part> parts;
    private INDArray weights;
    private final TreeMap<String, Integer> outcomes = new TreeMap<>();
    private long slowest;

    private void save(ComputationGraph graph) throws Exception {
        ImageSet images = ImageSet.train(IdxFolder.SAMPLE).limit(30);
        ImageClassifier classifier = ImageClassifier.untrained("mutated", graph, images);
        Path file = folder.resolve("model.zip");
        classifier.save(file);
        whole = Files.readAllBytes(file);
        parts = ModelZips.parts(file);
        weights = graph.params().dup();
    }

    @Test
    void twoThousandOfASmallNetwork() throws Exception {
        save(TinyGraph.create(28, 10, 0.1));
        mutate(1700, 300);
    }

    @Test
    @Tag("heavy")
    void tenThousandOfARealNetwork() throws Exception {
        save(Models.builder("se_resnet20")
                .classes(10)
                .inputChannels(1)
                .inputSize(28, 28)
                .build()
                .init());
        mutate(8000, 2000);
    }

    private void mutate(int blind, int informed) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < blind; i++) {
            judge("blind " + i, blind(random.split()), true);
        }
        for (int i = 0; i < informed; i++) {
            judge("informed " + i, informed(random.split()), false);
        }
        System.out.println("seed " + SEED + ", slowest " + slowest + " ms, " + outcomes);
        assertThat(outcomes.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(blind + informed);
    }

    private void judge(String name, byte[] content, boolean sameWeights) throws Exception {
        Path bad = Files.write(folder.resolve("bad.zip"), content);
        // The processor's time: other programs on the machine are nobody's fault.
        long start = THREAD.getCurrentThreadCpuTime();
        String outcome;
        try {
            ImageClassifier read = ImageClassifier.load(bad);
            if (sameWeights) {
                assertThat(read.graph().params()).as(name).isEqualTo(weights);
            } else {
                read.probabilities(new float[read.preprocessing().length()]);
            }
            outcome = "accepted";
        } catch (BadInputException e) {
            assertThat(e.getMessage().lines()).as(name).hasSize(1);
            assertThat(e.getMessage()).as(name).doesNotContain("(null)");
            outcome =
                    "refused" + (e.getCause() instanceof DamagedFileException ? "" : " by the network's sizes or DL4J");
        }
        long millis = (THREAD.getCurrentThreadCpuTime() - start) / 1_000_000;
        slowest = Math.max(slowest, millis);
        assertThat(Gadget.mark()).as(name).isNull();
        assertThat(millis).as("%s (seed %d): milliseconds", name, SEED).isLessThan(LONGEST_MILLIS);
        outcomes.merge(outcome, 1, Integer::sum);
    }

    /** Bits, bytes, blocks, the length: anywhere, with every second one among the headers at the end. */
    private byte[] blind(SplittableRandom random) {
        byte[] bytes = whole.clone();
        int from = random.nextBoolean() ? 0 : bytes.length - 2500;
        int at = random.nextInt(from, bytes.length);
        switch (random.nextInt(6)) {
            case 0:
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                return bytes;
            case 1:
                bytes[at] = (byte) random.nextInt(256);
                return bytes;
            case 2:
                return Arrays.copyOf(bytes, at);
            case 3:
                int length = Math.min(random.nextInt(1, 1000), bytes.length - at);
                System.arraycopy(bytes, random.nextInt(bytes.length - length), bytes, at, length);
                return bytes;
            case 4:
                byte[] longer = Arrays.copyOf(bytes, bytes.length + random.nextInt(1, 100));
                System.arraycopy(bytes, at, longer, longer.length - (bytes.length - at), bytes.length - at);
                return longer;
            default:
                for (int i = 0; i < 4 && at + i < bytes.length; i++) {
                    bytes[at + i] = (byte) (random.nextBoolean() ? 0xff : 0x7f);
                }
                return bytes;
        }
    }

    private static final Pattern NUMBER = Pattern.compile("(?<=[ \\[])-?\\d+(\\.\\d+)?(E-?\\d+)?(?=[ ,\\n\\]])");
    private static final Pattern TEXT = Pattern.compile("\"[^\"]*\"");
    private static final String[] NUMBERS = {
        "0",
        "-1",
        "1",
        "2",
        "3",
        "7",
        "64",
        "1000",
        "65535",
        "2147483647",
        "-2147483648",
        "9223372036854775807",
        "0.5",
        "1E300",
        "null",
        "\"\"",
        "[]",
        "{}",
        "true"
    };

    /** A number or a text of the configuration, or a byte of the arrays' headers, with a table that says so. */
    private byte[] informed(SplittableRandom random) throws Exception {
        List<ModelZips.Part> changed = new ArrayList<>();
        for (ModelZips.Part part : parts) {
            changed.add(new ModelZips.Part(part.local, part.content.clone()));
        }
        if (random.nextInt(4) == 0) {
            ModelZips.Part array = ModelZips.part(
                    changed, random.nextBoolean() ? ModelSerializer.COEFFICIENTS_BIN : ModelSerializer.UPDATER_BIN);
            array.content[random.nextInt(130)] = (byte) random.nextInt(256);
        } else {
            ModelZips.Part configuration = ModelZips.part(changed, ModelSerializer.CONFIGURATION_JSON);
            String json = new String(configuration.content, StandardCharsets.UTF_8);
            configuration.content = replaceOne(json, random).getBytes(StandardCharsets.UTF_8);
        }
        return ModelZips.bytes(ModelZips.tabled(changed));
    }

    private static String replaceOne(String json, SplittableRandom random) {
        boolean number = random.nextInt(3) > 0;
        Matcher matcher = (number ? NUMBER : TEXT).matcher(json);
        List<int[]> places = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        while (matcher.find()) {
            places.add(new int[] {matcher.start(), matcher.end()});
            texts.add(matcher.group());
        }
        int[] place = places.get(random.nextInt(places.size()));
        String other = number ? NUMBERS[random.nextInt(NUMBERS.length)] : texts.get(random.nextInt(texts.size()));
        return json.substring(0, place[0]) + other + json.substring(place[1]);
    }
}
