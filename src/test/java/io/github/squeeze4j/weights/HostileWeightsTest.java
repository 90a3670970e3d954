package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files made to harm: each is refused by one line, in memory of a small multiple of the file. A file that hangs fails by its time limit. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileWeightsTest {
    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long ALLOWANCE = 4 << 20;
    private static final long MULTIPLE = 100;

    @TempDir
    private Path folder;

    /** Classes load before anything is measured. */
    @BeforeAll
    static void load() {
        for (String name : new String[] {"checkpoint.pth", "compressed.npz", "v2.caffemodel"}) {
            try (TensorFile opened = TensorFile.open(TensorFileTest.fixture(name))) {
                opened.tensors().values().forEach(StoredTensor::read);
            }
        }
        Path code = TensorFileTest.fixture("runs-code.pth");
        assertThatThrownBy(() -> TensorFile.open(code)).hasMessageContaining("which could run code");
    }

    private void refuse(Path file, String rule) throws IOException {
        long before = THREAD.getCurrentThreadAllocatedBytes();
        assertThatThrownBy(() -> {
                    try (TensorFile opened = TensorFile.open(file)) {
                        opened.tensors().values().forEach(StoredTensor::read);
                    }
                })
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith("weights file (" + file + ")")
                .hasMessageContaining(rule)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
        assertThat(THREAD.getCurrentThreadAllocatedBytes() - before)
                .as("bytes")
                .isLessThan(ALLOWANCE + MULTIPLE * Files.size(file));
    }

    // ---- NumPy -----------------------------------------------------------------------------------------------------

    /** Found by fuzzing: the header's pattern fitted in so many ways that trying them took for ever. */
    @Test
    void aSizeOfManyDigits() throws Exception {
        refuse(
                Path.of(HostileWeightsTest.class
                        .getResource("/weights/hostile/long-shape.npy")
                        .toURI()),
                "must be NumPy's");
    }

    @ParameterizedTest
    @ValueSource(strings = {"()", "(3,)", "(3, 4)", "(1, 2, 3,)", "(0, 7)"})
    void shapesOfNumPy(String shape) throws IOException {
        int elements = Arrays.stream(shape.replaceAll("[() ]", "").split(","))
                .filter(size -> !size.isEmpty())
                .mapToInt(Integer::parseInt)
                .reduce(1, (a, b) -> a * b);
        Path file = Files.write(folder.resolve("a.npy"), npy(shape, 4 * elements));
        try (TensorFile opened = TensorFile.open(file)) {
            assertThat(opened.tensor("a").read().length()).isEqualTo(elements);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "(1000000000000,)|must have F32 elements of shape (1000000000000,) in the 8 bytes",
                "(999999999999999999, 999999999999999999)|must have F32 elements",
                "(3,)|must have F32 elements of shape (3,) in the 8 bytes",
                "(2 3)|must be NumPy's",
                "(-2,)|must be NumPy's",
                "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2)|must be NumPy's"
            })
    void arraysOfSizesThatLie(String shape, String rule) throws IOException {
        refuse(Files.write(folder.resolve("a.npy"), npy(shape, 8)), rule);
    }

    private static byte[] npy(String shape, int bytes) {
        byte[] header = ("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(10 + header.length + bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0x93)
                .put("NUMPY\1\0".getBytes(StandardCharsets.ISO_8859_1))
                .putShort((short) header.length)
                .put(header)
                .array();
    }

    // ---- zip archives ----------------------------------------------------------------------------------------------

    private Path zip(String name, byte[] content, int method) throws IOException {
        Path file = folder.resolve("archive.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            ZipEntry entry = new ZipEntry(name);
            entry.setMethod(method);
            if (method == ZipEntry.STORED) {
                CRC32 crc = new CRC32();
                crc.update(content);
                entry.setCrc(crc.getValue());
                entry.setSize(content.length);
            }
            zip.putNextEntry(entry);
            zip.write(content);
        }
        return file;
    }

    /** A megabyte of zeros in a kilobyte, called a terabyte by the directory. */
    @ParameterizedTest
    @CsvSource({"-1, cannot hold", "2147483000, cannot hold", "900000, must have F32 elements"})
    void anArchiveWhoseDirectoryLies(int size, String rule) throws IOException {
        byte[] bytes = Files.readAllBytes(zip("a.npy", Arrays.copyOf(npy("(262144,)", 0), 1 << 20), ZipEntry.DEFLATED));
        int directory = bytes.length - 22 - (46 + "a.npy".length());
        assertThat(bytes[directory + 2]).isEqualTo((byte) 1);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(directory + 24, size);
        refuse(Files.write(folder.resolve("lies.npz"), bytes), rule);
    }

    /** A header that promises what the archive could hold at most, but does not. */
    @Test
    void anArrayLongerThanItsArchive() throws IOException {
        byte[] bytes = Files.readAllBytes(zip("a.npy", npy("(20000,)", 400), ZipEntry.DEFLATED));
        int directory = bytes.length - 22 - (46 + "a.npy".length());
        int size = npy("(20000,)", 0).length + 80_000;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(directory + 24, size);
        refuse(Files.write(folder.resolve("short.npz"), bytes), "");
    }

    // ---- pickles ---------------------------------------------------------------------------------------------------

    /** Latin-1, one character a byte. */
    private Path pickle(String instructions) throws IOException {
        byte[] bytes = ("\u0080\2" + instructions).getBytes(StandardCharsets.ISO_8859_1);
        return zip("archive/data.pkl", bytes, ZipEntry.STORED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "builtins.eval",
                "os.system",
                "posix.system",
                "subprocess.Popen",
                "torch.load",
                "torch._utils._rebuild_tensor_v3",
                "collections.OrderedDict.__init__",
                "__builtin__.exec"
            })
    void functionsThatCouldRunCode(String name) throws IOException {
        int dot = name.indexOf('.');
        String module = name.substring(0, dot);
        String function = name.substring(dot + 1);
        String refused = "the pickle names " + name + ", which could run code and is not executed";
        refuse(pickle("c" + module + "\n" + function + "\n."), refused);
        String byStack = "X" + (char) module.length() + "\0\0\0" + module + "X" + (char) function.length() + "\0\0\0"
                + function + "\u0093.";
        refuse(pickle(byStack), refused);
    }

    /** OBJ, INST, NEWOBJ, REDUCE of nothing, EXT1, PERSID, BINPERSID of nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"(ios\nsystem\n.", "(cos\nsystem\no.", ")\u0081.", "}R.", "\u0082\1.", "P1\n.", "NQ."})
    void otherWaysToCall(String instructions) throws IOException {
        refuse(pickle(instructions), "pickle");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "]", "}", ")", "N2", "]\u0094", "(]", "K\1"})
    void stacksAndMemosWithoutEnd(String repeated) throws IOException {
        refuse(pickle("N" + repeated.repeat(300_000)), "the pickle must not end before its last instruction");
    }

    @Test
    void moreInstructionsThanAnyStateDict() throws IOException {
        refuse(pickle("N0".repeat(2_100_000)), "the pickle must have at most 4000000 instructions");
    }

    /** A short pickle that would make a dict of a long list again and again. */
    @Test
    void dictsOfOneListAgainAndAgain() throws IOException {
        String pair = "](K\1K\2eq\0" + "0";
        String list = "](" + "h\0".repeat(100_000) + "e\u0085q\1" + "0";
        String call = "ccollections\nOrderedDict\nq\2" + "0" + "h\2h\1R0".repeat(100_000);
        refuse(pickle(pair + list + call + "}."), "the items of dicts must be lists of two, at most 4000000");
    }

    @Test
    void aDictOfALongList() throws IOException {
        String pair = "](" + "K\1".repeat(100_000) + "eq\0" + "0";
        String list = "](" + "h\0".repeat(100_000) + "e\u0085q\1" + "0";
        refuse(
                pickle(pair + list + "ccollections\nOrderedDict\nh\1R."),
                "the items of dicts must be lists of two, at most 4000000");
    }

    /** A state dict that lies within itself. */
    @Test
    void aDictInItself() throws IOException {
        refuse(pickle("}q\0X\12\0\0\0state_dicth\0s."), "entry state_dict of the state dict must be a tensor");
        refuse(pickle("]q\0h\0a."), "must hold a state dict");
    }

    // ---- Caffe -----------------------------------------------------------------------------------------------------

    private static byte[] field(int number, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        varint(out, (long) number << 3 | 2);
        varint(out, content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static void varint(ByteArrayOutputStream out, long number) {
        long left = number;
        for (; left >>> 7 != 0; left >>>= 7) {
            out.write((int) left & 0x7f | 0x80);
        }
        out.write((int) left);
    }

    private Path caffe(byte[] blob) throws IOException {
        ByteArrayOutputStream layer = new ByteArrayOutputStream();
        layer.writeBytes(field(1, new byte[] {'a'}));
        layer.writeBytes(field(7, blob));
        return Files.write(folder.resolve("a.caffemodel"), field(100, layer.toByteArray()));
    }

    private static byte[] shape(long... sizes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (long size : sizes) {
            varint(packed, size);
        }
        return field(7, field(1, packed.toByteArray()));
    }

    @Test
    void blobsOfSizesThatLie() throws IOException {
        refuse(caffe(shape(1L << 40)), "must have as many elements");
        refuse(caffe(shape(1L << 40, 1L << 40)), "must have as many elements");
        refuse(caffe(shape(-1)), "must have as many elements");
        refuse(caffe(shape(new long[33])), "blobs must have at most 32 sizes");
        ByteArrayOutputStream long32 = new ByteArrayOutputStream();
        varint(long32, 5 << 3 | 2);
        varint(long32, 1L << 62);
        refuse(caffe(long32.toByteArray()), "must end within");
    }
}
