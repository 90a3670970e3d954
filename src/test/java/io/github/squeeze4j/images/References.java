package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** What src/test/python/make_image_references.py wrote. */
final class References {
    private static final Map<String, byte[]> ENTRIES = load();

    private References() {}

    private static Map<String, byte[]> load() {
        Map<String, byte[]> entries = new TreeMap<>();
        try (InputStream in = References.class.getResourceAsStream("/images/references.zip");
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return entries;
    }

    /** The names of the tests of a kind, without the kind. */
    static List<String> tests(String kind) {
        return ENTRIES.keySet().stream()
                .filter(name -> name.startsWith("out/" + kind + " "))
                .map(name -> name.substring(5 + kind.length(), name.lastIndexOf('.')))
                .collect(Collectors.toList());
    }

    /** The names of the files to be read. */
    static List<String> files() {
        return ENTRIES.keySet().stream()
                .filter(name -> name.startsWith("in/"))
                .map(name -> name.substring(3))
                .collect(Collectors.toList());
    }

    static byte[] file(String name) {
        return ENTRIES.get("in/" + name).clone();
    }

    static Picture picture(String name) {
        byte[] grey = ENTRIES.get("out/" + name + ".pgm");
        byte[] file = grey != null ? grey : ENTRIES.get("out/" + name + ".ppm");
        int header = 0;
        while (file[header++] != '\n') {}
        String[] parts = new String(file, 0, header, StandardCharsets.US_ASCII).split(" ");
        return Picture.of(
                Integer.parseInt(parts[2]),
                Integer.parseInt(parts[1]),
                grey != null ? 1 : 3,
                Arrays.copyOfRange(file, header, file.length));
    }

    static float[] floats(String name) {
        byte[] file = ENTRIES.get("out/" + name + ".f32");
        float[] values = new float[file.length / 4];
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    /** Largest difference of two pictures of one shape. */
    static int largestDifference(String name, Picture actual, Picture expected) {
        assertThat(List.of(actual.height(), actual.width(), actual.channels()))
                .as(name + ": height, width, channels")
                .isEqualTo(List.of(expected.height(), expected.width(), expected.channels()));
        int largest = 0;
        for (int i = 0; i < actual.raw().length; i++) {
            largest = Math.max(largest, Math.abs((actual.raw()[i] & 0xff) - (expected.raw()[i] & 0xff)));
        }
        return largest;
    }

    static void assertSame(String name, Picture actual, Picture expected) {
        assertThat(largestDifference(name, actual, expected)).as(name).isZero();
    }
}
