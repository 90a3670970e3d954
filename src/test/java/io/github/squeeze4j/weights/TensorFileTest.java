package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every format as its own library writes it, and what is refused. {@code src/test/python/make_weight_fixtures.py} made the files. */
class TensorFileTest {
    @TempDir
    private Path folder;

    static Path fixture(String name) {
        try {
            return Path.of(
                    TensorFileTest.class.getResource("/weights/formats/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** All tensors, each of which must have the elements that the script gave it. */
    private static List<String> checked(String name) {
        List<String> shown = new ArrayList<>();
        try (TensorFile file = TensorFile.open(fixture(name))) {
            assertThat(file.names()).containsExactlyElementsOf(file.tensors().keySet());
            for (StoredTensor tensor : file.tensors().values()) {
                check(tensor);
                shown.add(tensor.toString());
            }
        }
        return shown;
    }

    private static void check(StoredTensor tensor) {
        INDArray array = tensor.read();
        assertThat(array.shape()).as(tensor.name()).containsExactly(tensor.shape());
        assertThat(array.dataType())
                .as(tensor.name())
                .isEqualTo(
                        tensor.type() == TensorType.F64
                                ? DataType.DOUBLE
                                : tensor.type().isReal() ? DataType.FLOAT : DataType.INT64);
        assertThat(array.length()).isEqualTo(tensor.length());
        for (long i = 0; i < tensor.length(); i++) {
            assertThat(element(array, i)).as(tensor.name() + " " + i).isEqualTo(expected(tensor.type(), i));
        }
    }

    private static double element(INDArray array, long index) {
        return array.dup('c').reshape(array.length()).getDouble(index);
    }

    private static double expected(TensorType type, long i) {
        long value = 7 * i % 23;
        if (type == TensorType.BOOL) {
            return i % 3 == 0 ? 1 : 0;
        }
        return type.name().startsWith("U") ? value : type.isReal() ? (value - 11) / 4.0 : value - 11;
    }

    private static final String[] TYPES = {
        "f16 F16[3, 4]",
        "bf16 BF16[3, 4]",
        "f32 F32[2, 3, 2, 2]",
        "f64 F64[5]",
        "i8 I8[6]",
        "i16 I16[6]",
        "i32 I32[2, 3]",
        "i64 I64[6]",
        "u8 U8[6]",
        "bool BOOL[7]",
        "scalar I64[]",
        "empty F32[0, 3]"
    };

    @ParameterizedTest
    @ValueSource(strings = {"types.safetensors", "types.pth", "types-legacy.pth", "types-protocol4.pth"})
    void everyTypeOfPyTorch(String name) {
        assertThat(checked(name)).containsExactlyInAnyOrder(TYPES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"types.npz", "compressed.npz"})
    void everyTypeOfNumPy(String name) {
        List<String> expected = new ArrayList<>(List.of(TYPES));
        expected.remove("bf16 BF16[3, 4]");
        expected.addAll(List.of("u16 U16[6]", "u32 U32[6]", "u64 U64[6]", "fortran F32[3, 4]", "big F32[3, 4]"));
        assertThat(checked(name)).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(checked("single.npy")).containsExactly("single F32[3, 4]");
    }

    @Test
    void unsignedAndShardedSafetensors() {
        assertThat(checked("unsigned.safetensors")).containsExactlyInAnyOrder("u16 U16[6]", "u32 U32[6]", "u64 U64[6]");
        assertThat(checked("model.safetensors.index.json"))
                .containsExactly("a.weight F32[2, 3]", "a.bias F32[2]", "b.weight F32[4, 2]");
    }

    @Test
    void bothFormsOfCaffe() {
        assertThat(checked("v2.caffemodel"))
                .containsExactly(
                        "conv1/7x7#0 F32[4, 3, 2, 2]",
                        "conv1/7x7#1 F32[4]",
                        "conv1/bn#0 F32[4]",
                        "conv1/bn#1 F32[4]",
                        "conv1/bn#2 F32[1]",
                        "classifier#0 F64[5, 4]",
                        "classifier#1 F32[5]");
        assertThat(checked("v1.caffemodel"))
                .containsExactly(
                        "conv1#0 F32[4, 3, 2, 2]",
                        "conv1#1 F32[1, 1, 1, 4]",
                        "fc#0 F32[1, 1, 5, 4]",
                        "fc#1 F32[1, 1, 1, 5]");
    }

    @Test
    void stateDictsWithinCheckpoints() {
        String[] names = {
            "0.weight F32[3, 2, 3, 3]",
            "0.bias F32[3]",
            "1.weight F32[3]",
            "1.bias F32[3]",
            "1.running_mean F32[3]",
            "1.running_var F32[3]",
            "1.num_batches_tracked I64[]"
        };
        assertThat(checked("model.bin")).containsExactly(names);
        assertThat(checked("checkpoint.pth"))
                .containsExactly(
                        Arrays.stream(names).map(name -> "module." + name).toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"views.pth", "views-legacy.pth"})
    void viewsOfOneStorage(String name) {
        try (TensorFile file = TensorFile.open(fixture(name))) {
            check(file.tensor("whole"));
            check(file.tensor("parameter"));
            INDArray whole = file.tensor("whole").read();
            assertThat(file.tensor("row").read()).isEqualTo(whole.getRow(1));
            assertThat(file.tensor("column").read())
                    .isEqualTo(whole.getColumn(2).dup('c'));
            assertThat(file.tensor("transposed").read())
                    .isEqualTo(whole.transpose().dup('c'));
        }
    }

    @Test
    void halfPrecisionIsExact() throws Exception {
        // Powers of two, the largest, the smallest and subnormal ones, infinities; from the IEEE definition.
        short[] bits = {0x3c00, (short) 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x7c00, (short) 0xfc00, 0x0000, 0x3555};
        float[] values = {
            1,
            -2,
            65504,
            0x1p-14f,
            0x1p-24f,
            1023 * 0x1p-24f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            0,
            0.333251953125f
        };
        ByteBuffer data = ByteBuffer.allocate(2 * bits.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asShortBuffer().put(bits);
        Path file = safetensors("{\"h\":{\"dtype\":\"F16\",\"shape\":[10],\"data_offsets\":[0,20]}}", data.array());
        try (TensorFile opened = TensorFile.open(file)) {
            assertThat(opened.tensor("h").read().toFloatVector()).containsExactly(values);
        }
    }

    // ---- what is refused -------------------------------------------------------------------------------------------

    /** What stands behind the state dict of an old file: a number, and a list that holds itself. */
    @ParameterizedTest
    @ValueSource(strings = {"K\u0005.", "]q\u0000h\u0000a.", "N."})
    void keysThatAreNoKeys(String keys, @TempDir Path folder) throws IOException {
        String magic = "\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.";
        String machine = "\u0080\u0002}X\r\u0000\u0000\u0000little_endian\u0088s.";
        String file = magic + "\u0080\u0002M\u00e9\u0003." + machine + "\u0080\u0002}." + "\u0080\u0002" + keys;
        Path path = Files.write(folder.resolve("old.pth"), file.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> TensorFile.open(path))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("the keys behind the pickle must be those of the 0 storages");
    }

    @ParameterizedTest
    @CsvSource({
        "runs-code.pth, posix.system",
        "runs-code-legacy.pth, posix.system",
        "whole-module.pth, torch.nn.modules.linear.Linear"
    })
    void picklesThatCouldRunCodeAreNamed(String name, String function) {
        assertThatThrownBy(() -> TensorFile.open(fixture(name)))
                .isInstanceOf(WeightsException.class)
                .hasMessage(
                        "weights file (" + fixture(name) + "): the pickle names " + function
                                + ", which could run code and is not executed; save model.state_dict() alone, best as safetensors");
    }

    @Test
    void pythonObjectsOfNumPy() {
        assertThatThrownBy(() -> TensorFile.open(fixture("objects.npy")))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(
                        "array objects: type (|O) must be one of numbers or booleans, and Python objects are not "
                                + "read as they could run code; save the array as float32");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '!',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} ~ must have its F32 elements between",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} ~ elements (4 bytes) must fill the 8 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} ~ a must start at byte 0",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} "
                        + "~ b must start at byte 8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} "
                        + "~ key \"a\" must be there once",
                "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}} ~ dtype (F8_E4M3) must be one of [F16,",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} ~ must be integers of 0 or more",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[999999999999999999,999999999999999999],\"data_offsets\":[0,8]}} "
                        + "~ must have its F32 elements between",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}} ~ key (x) must be dtype, shape or",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}} ~ must have dtype, shape and two data_offsets",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}x ~ nothing may follow"
            })
    void safetensorsThatBreakARule(String header, String rule) throws Exception {
        Path file = safetensors(header, new byte[8]);
        assertThatThrownBy(() -> TensorFile.open(file))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith("weights file (" + file + "): ")
                .hasMessageContaining(rule);
    }

    @Test
    void aHeaderLongerThanTheFile() throws Exception {
        byte[] bytes = Files.readAllBytes(fixture("types.safetensors"));
        bytes[3] = 5;
        Path file = Files.write(folder.resolve("long"), bytes);
        assertThatThrownBy(() -> TensorFile.open(file))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("the header (83886")
                .hasMessageEndingWith("starts at byte 8; fetch the file again");
    }

    /** Header lengths whose bytes are the first of a pickle, a zip archive and a caffemodel. */
    @ParameterizedTest
    @ValueSource(ints = {0x280, 0x4b50, 0x10a, 0x6a2})
    void safetensorsThatStartAsOtherFormats(int length) throws Exception {
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        Path file = safetensors(header + " ".repeat(length - header.length()), new byte[8]);
        try (TensorFile opened = TensorFile.open(file)) {
            assertThat(opened.names()).containsExactly("a");
        }
    }

    @Test
    void namesOfFilesInAnIndexStayInItsFolder() throws Exception {
        Path index = Files.writeString(
                folder.resolve("index.json"), "{\"weight_map\": {\"a\": \"../formats/types.safetensors\"}}");
        assertThatThrownBy(() -> TensorFile.open(index))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("file (../formats/types.safetensors) must be the name of one of at most 1000");
        Files.writeString(index, "{\"weight_map\": {\"a\": \"gone.safetensors\"}}");
        assertThatThrownBy(() -> TensorFile.open(index))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("gone.safetensors) must stand beside its index index.json; fetch it, too");
    }

    @Test
    void whatIsNoFileOrOfNoFormat() throws Exception {
        Path gone = folder.resolve("gone.pth");
        assertThatThrownBy(() -> TensorFile.open(gone))
                .isInstanceOf(WeightsException.class)
                .hasMessage("weights file (" + gone
                        + ") must be a file that exists; name a .safetensors, .pth, .npz or .caffemodel file");
        Path text = Files.writeString(folder.resolve("text"), "hello\u001b[31m, world");
        assertThatThrownBy(() -> TensorFile.open(text))
                .isInstanceOf(WeightsException.class)
                .hasMessage("weights file (" + text + ", which starts with \"hello\\u001b[31\") must be a safetensors, "
                        + "PyTorch, NumPy or Caffe file; convert it to safetensors");
        Path empty = Files.write(folder.resolve("empty"), new byte[0]);
        assertThatThrownBy(() -> TensorFile.open(empty)).isInstanceOf(WeightsException.class);
    }

    @Test
    void unknownNamesAndClosedFiles() {
        TensorFile file = TensorFile.open(fixture("types.safetensors"));
        assertThatThrownBy(() -> file.tensor("f33"))
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith("tensor (f33) must be in ");
        StoredTensor tensor = file.tensor("f32");
        file.close();
        assertThatThrownBy(tensor::read)
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("types.safetensors) must be readable");
    }

    private Path safetensors(String header, byte[] data) throws Exception {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text).put(data);
        return Files.write(folder.resolve("bad.safetensors"), bytes.array());
    }
}
