package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random changes of files in each format: each gives tensors, or a {@link WeightsException} of one line, and asks for no more
 * memory than a small multiple of the file.
 */
@Tag("tiny")
class TensorFileMutationsTest {
    private static final long SEED = 20261127;
    private static final int FILES = 10_000;
    /** Buffers, exceptions and whatever the file system takes. */
    private static final long ALLOWANCE = 2 << 20;

    private static final long MULTIPLE = 64;
    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "types.safetensors",
                "model.safetensors.index.json",
                "views.pth,checkpoint.pth",
                "views-legacy.pth,types-legacy.pth",
                "types.npz,compressed.npz,single.npy",
                "v1.caffemodel,v2.caffemodel",
                "../caffe/Forms.prototxt,../caffe/old.prototxt"
            })
    void tenThousand(String names) throws Exception {
        List<byte[]> seeds = new ArrayList<>();
        for (String name : names.split(",")) {
            seeds.add(Files.readAllBytes(TensorFileTest.fixture(name)));
        }
        boolean isNetwork = names.contains("prototxt");
        // Classes load before anything is measured.
        assertThat(names.split(",")).allSatisfy(name -> readAll(TensorFileTest.fixture(name), isNetwork));
        for (int i = 1; i <= 2; i++) {
            String shard = "model-0000" + i + "-of-00002.safetensors";
            Files.copy(TensorFileTest.fixture(shard), folder.resolve(shard));
        }
        SplittableRandom random = new SplittableRandom(SEED);
        TreeMap<String, Integer> outcomes = new TreeMap<>();
        for (int i = 0; i < FILES; i++) {
            byte[] bytes = mutated(seeds.get(i % seeds.size()), random.split());
            Path file = Files.write(folder.resolve("mutated"), bytes);
            outcomes.merge(outcome(file, isNetwork, bytes.length, names + " " + i), 1, Integer::sum);
        }
        System.out.println(names + ": seed " + SEED + ", " + outcomes);
        assertThat(outcomes).containsOnlyKeys("accepted", "refused");
    }

    private static void readAll(Path file, boolean isNetwork) {
        if (isNetwork) {
            CaffeNet.read(file);
            return;
        }
        try (TensorFile opened = TensorFile.open(file)) {
            opened.tensors().values().forEach(StoredTensor::read);
        }
    }

    private static String outcome(Path file, boolean isNetwork, long size, String name) {
        long before = THREAD.getCurrentThreadAllocatedBytes();
        String outcome;
        try {
            readAll(file, isNetwork);
            outcome = "accepted";
        } catch (WeightsException e) {
            assertThat(e.getMessage().lines()).as(name).hasSize(1);
            outcome = "refused";
        }
        long allocated = THREAD.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated).as("%s (seed %d): bytes", name, SEED).isLessThan(ALLOWANCE + MULTIPLE * size);
        return outcome;
    }

    /** One to three changes of bits, bytes, blocks or the length. */
    private static byte[] mutated(byte[] whole, SplittableRandom random) {
        byte[] bytes = whole.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - at, random.nextInt(1, 9));
            switch (random.nextInt(6)) {
                case 0:
                    bytes[at] ^= (byte) (1 << random.nextInt(8));
                    break;
                case 1:
                    bytes[at] = (byte) random.nextInt();
                    break;
                case 2:
                    java.util.Arrays.fill(bytes, at, at + length, (byte) (random.nextBoolean() ? 0xff : 0));
                    break;
                case 3:
                    System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
                    break;
                case 4:
                    bytes = at == 0 ? bytes : java.util.Arrays.copyOf(bytes, at);
                    break;
                default:
                    byte[] longer = new byte[bytes.length + length];
                    System.arraycopy(bytes, 0, longer, 0, at);
                    System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
                    bytes = longer;
            }
        }
        return bytes;
    }
}
