package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.hostile.Gadget;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.factory.Nd4j;

/** Model files made by people who know the format: nothing of theirs runs, and each is one line. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
@Tag("tiny")
class HostileModelFileTest {
    private static final String CONFIGURATION = ModelSerializer.CONFIGURATION_JSON;
    private static final String COEFFICIENTS = ModelSerializer.COEFFICIENTS_BIN;
    private static final String NORMALIZER = ModelSerializer.NORMALIZER_BIN;

    private Path folder;
    private Path file;
    private ImageClassifier classifier;

    @BeforeAll
    void saveOne(@TempDir Path shared) {
        folder = shared;
        file = folder.resolve("model.zip");
        ImageSet images = ImageSet.train(IdxFolder.SAMPLE).limit(30);
        classifier = ImageClassifier.untrained("tiny", TinyGraph.create(28, 10, 0.1), images);
        classifier.save(file);
    }

    @AfterEach
    void nothingRan() {
        assertThat(Gadget.mark()).as("code of the file's choosing").isNull();
    }

    /** Neither {@code load} nor {@code verify} takes the file. */
    private void refused(byte[] content, String... parts) throws IOException {
        loadRefused(content, parts);
        assertThatThrownBy(() -> ModelFile.verify(folder.resolve("bad.zip")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll(parts);
    }

    private void loadRefused(byte[] content, String... parts) throws IOException {
        Path bad = Files.write(folder.resolve("bad.zip"), content);
        assertThatThrownBy(() -> ImageClassifier.load(bad))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("model file (" + bad + ")")
                .hasMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("null"));
    }

    private byte[] zip(Consumer<List<ModelZips.Part>> change) throws IOException {
        List<ModelZips.Part> parts = new java.util.ArrayList<>(ModelZips.parts(file));
        change.accept(parts);
        return ModelZips.bytes(parts);
    }

    private byte[] changed(String entry, UnaryOperator<byte[]> change) throws IOException {
        return ModelZips.changed(file, entry, change);
    }

    private byte[] configuration(UnaryOperator<String> change) throws IOException {
        return text(CONFIGURATION, change);
    }

    private byte[] text(String entry, UnaryOperator<String> change) throws IOException {
        return changed(entry, bytes -> {
            String before = new String(bytes, StandardCharsets.UTF_8);
            String after = change.apply(before);
            assertThat(after).as("change of " + entry).isNotEqualTo(before);
            return after.getBytes(StandardCharsets.UTF_8);
        });
    }

    /** The crafting itself does no harm: an unchanged file and one with a new table are read. */
    @Test
    void theHelpersWriteGoodFiles() throws Exception {
        Path good = folder.resolve("good.zip");
        Files.write(good, zip(parts -> {}));
        assertThat(ImageClassifier.load(good).modelName()).isEqualTo("tiny");
        Files.write(good, configuration(json -> json.replace("\"seed\" : 5", "\"seed\" : 6")));
        assertThat(ImageClassifier.load(good).modelName()).isEqualTo("tiny");
        Files.write(good, zip(parts -> parts.forEach(part -> part.deflated = true)));
        assertThat(ImageClassifier.load(good).graph().params())
                .isEqualTo(classifier.graph().params());
    }

    private static byte[] serialisedGadget() {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            new ObjectOutputStream(out).writeObject(new Gadget.Deserialised());
            return out.toByteArray();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** DL4J deserialises preprocessor.bin, which it finds by the local headers. */
    @Test
    void serialisedObjects() throws Exception {
        ModelZips.Part part = new ModelZips.Part(ModelSerializer.PREPROCESSOR_BIN, serialisedGadget());
        byte[] plain = zip(parts -> parts.add(part));
        refused(plain, "it holds preprocessor.bin, which no model file does");

        // DL4J's own reader falls for all three: what this test is about is really dangerous.
        Path bad = Files.write(folder.resolve("bad.zip"), plain);
        assertThatThrownBy(() -> ModelSerializer.restoreComputationGraph(bad.toFile()));
        assertThat(Gadget.mark()).isEqualTo("deserialised");

        byte[] localOnly = zip(parts -> {
            parts.add(0, part);
            part.directory = null;
        });
        refused(localOnly, "there are bytes outside its entries, before ");
        Files.write(bad, localOnly);
        assertThatThrownBy(() -> ModelSerializer.restoreComputationGraph(bad.toFile()));
        assertThat(Gadget.mark()).isEqualTo("deserialised");

        byte[] otherName = zip(parts -> {
            parts.removeIf(p -> p.local.equals(ModelSerializer.UPDATER_BIN));
            parts.add(0, part);
            part.directory = ModelSerializer.UPDATER_BIN;
        });
        refused(otherName, "updaterState.bin has another name in its own header");
        Files.write(bad, otherName);
        assertThatThrownBy(() -> ModelSerializer.restoreComputationGraph(bad.toFile()));
        assertThat(Gadget.mark()).isEqualTo("deserialised");
    }

    @Test
    void zipTricks() throws Exception {
        refused(
                zip(parts -> parts.add(new ModelZips.Part(COEFFICIENTS, new byte[1]))),
                "coefficients.bin stands in it twice");
        refused(zip(parts -> parts.get(1).before = new byte[] {1}), "there are bytes outside its entries, before ");
        refused(
                zip(parts -> parts.get(0).before = "PK-stub".getBytes()),
                "there are bytes outside its entries, before ");
        refused(zip(parts -> parts.get(1).directory = null), "there are bytes outside its entries, before ");
        refused(zip(parts -> parts.get(4).directory = null), "bytes outside its entries, before its directory");
        refused(zip(parts -> parts.get(1).crcChange = 1), "has another checksum than its header says");
        refused(zip(parts -> parts.get(1).flags = 1), "is encrypted or packed in another way than deflate");
        refused(zip(parts -> parts.get(1).flags = 8), "is stored as it is, but with two sizes");
        // Unicode path: another name for readers that know it.
        refused(zip(parts -> parts.get(1).extra = new byte[] {0x75, 0x70, 0, 0}), "has fields of unknown meaning");
        refused(zip(parts -> parts.get(1).extra = new byte[] {1, 0, 0, 0}), "has fields of unknown meaning");
        refused(zip(parts -> parts.get(1).extra = new byte[] {0x55, 0x54, 9, 0}), "has fields of unknown meaning");
        refused(zip(parts -> parts.get(1).extra = new byte[] {0x55}), "has a damaged header");
        refused(zip(List::clear), "it holds no squeeze4j.json: it is a zip file without a DL4J network");
        byte[] good = Files.readAllBytes(file);
        refused(Arrays.copyOf(good, good.length + 1), "it does not end as a zip file does");
        byte[] comment = Arrays.copyOf(good, good.length + 22);
        System.arraycopy(good, good.length - 22, comment, good.length, 22);
        refused(comment, "its directory does not end where the file ends");
        for (int field : new int[] {4, 6, 8, 10, 12, 16, 20}) {
            byte[] end = good.clone();
            end[good.length - 22 + field] ^= 1;
            refused(end, "its ");
        }
    }

    @Test
    void missingEntries() throws Exception {
        for (String name : List.of(CONFIGURATION, COEFFICIENTS, Description.PREPROCESSING)) {
            refused(zip(parts -> parts.removeIf(part -> part.local.equals(name))), "it holds no " + name);
        }
        String state = ModelSerializer.UPDATER_BIN;
        byte[] without = zip(parts -> parts.removeIf(part -> part.local.equals(state)));
        refused(
                without,
                "where its table lists coefficients.bin, configuration.json, preprocessing.json, updaterState.bin");
        // And where the table does not miss it.
        loadRefused(
                zip(parts -> {
                    parts.removeIf(part -> part.local.equals(state));
                    tabled(parts);
                }),
                "it holds no updaterState.bin, but its updater has a state");
    }

    private static void tabled(List<ModelZips.Part> parts) {
        try {
            ModelZips.tabled(parts);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aTableThatSaysOtherwise() throws Exception {
        refused(
                zip(parts -> ModelZips.part(parts, CONFIGURATION).content = new byte[5]),
                "configuration.json has 5 bytes where its table says ");
        refused(
                zip(parts -> ModelZips.part(parts, COEFFICIENTS).content[300] ^= 1),
                "coefficients.bin has another SHA-256 than its table says");
        refused(
                text(Description.ENTRY, json -> json.replace("\"sha256\"", "\"md5\"")),
                "squeeze4j.json does not say sha256");
    }

    /** A file of version 2 with a changed normalizer. */
    private byte[] old(java.util.function.UnaryOperator<byte[]> change) throws Exception {
        ByteArrayOutputStream normalizer = new ByteArrayOutputStream();
        new Standardisation(70, 90).write(normalizer);
        return zip(parts -> {
            ModelZips.Part part = ModelZips.part(parts, Description.PREPROCESSING);
            part.local = NORMALIZER;
            part.directory = NORMALIZER;
            part.content = change.apply(normalizer.toByteArray());
            ModelZips.Part description = ModelZips.part(parts, Description.ENTRY);
            description.content = new String(description.content, java.nio.charset.StandardCharsets.UTF_8)
                    .replace("\"version\" : 3", "\"version\" : 2")
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8);
            tabled(parts);
        });
    }

    @Test
    void preprocessingOfOtherKinds() throws Exception {
        assertThat(ImageClassifier.load(Files.write(folder.resolve("old.zip"), old(was -> was)))
                        .preprocessing()
                        .toString())
                .contains("mean [70.0], deviation [90.0]");
        String name = Description.PREPROCESSING;
        refused(changed(name, was -> "{".repeat(10_000).getBytes()), "preprocessing.json: ");
        refused(changed(name, was -> "x".repeat(100_000).getBytes()), "is larger than 16384 bytes");
        refused(
                text(name, json -> json.replace("28", "27")),
                "is for pictures of 27x27 where squeeze4j.json says 28x28");
        refused(
                zip(parts -> {
                    parts.add(new ModelZips.Part(NORMALIZER, new byte[4]));
                    tabled(parts);
                }),
                "it holds normalizer.bin, which no model file of version 3 does");
    }

    @Test
    void normalizersOfAnyClass() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF("NORMALIZER");
        out.writeInt(1);
        out.writeUTF("CUSTOM");
        out.writeUTF(Gadget.Initialised.class.getName());
        refused(old(was -> bytes.toByteArray()), "normalizer.bin is not a standardisation");
        refused(old(was -> serialisedGadget()), "normalizer.bin is not a standardisation");
        refused(old(was -> new byte[0]), "normalizer.bin is cut off");
        refused(old(was -> Arrays.copyOf(was, was.length - 1)), "normalizer.bin is cut off");
        refused(old(was -> Arrays.copyOf(was, was.length + 1)), "normalizer.bin is longer than its content");
        refused(
                old(was -> {
                    ByteBuffer.wrap(was).putFloat(was.length - 4, 0);
                    return was;
                }),
                "standard deviation (0.0) are not those of pixels from 0 to 255");
        refused(
                old(was -> {
                    ByteBuffer.wrap(was).putFloat(was.length - 4, Float.NaN);
                    return was;
                }),
                "standard deviation (NaN) are not those of pixels from 0 to 255");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Instead of an activation, a layer, a vertex and an updater; the arrays are Jackson's other way to
                // name classes.
                "org.deeplearning4j.nn.conf.layers.ConvolutionLayer",
                "org.nd4j.linalg.activations.impl.ActivationReLU",
                "org.deeplearning4j.nn.conf.graph.LayerVertex",
                "org.nd4j.linalg.learning.config.Nesterovs",
                "org.nd4j.linalg.lossfunctions.impl.LossMCXENT",
                "org.deeplearning4j.nn.weights.WeightInitXavier"
            })
    void classesOfAnyPackage(String instead) throws Exception {
        String gadget = Gadget.Initialised.class.getName();
        String complaint = "configuration.json names the class " + gadget
                + ", which is no part of a DL4J, ND4J or Squeeze4j configuration";
        refused(
                configuration(json -> json.replace("\"@class\" : \"" + instead, "\"@class\" : \"" + gadget)),
                complaint);
        String generic = instead + "<" + gadget + ">";
        refused(
                configuration(json -> json.replace("\"@class\" : \"" + instead, "\"@class\" : \"" + generic)),
                "names the class " + generic);
        // [name, value] where an object should be: only the reader itself can tell this from a list of vertices.
        loadRefused(arrayInstead(instead, gadget), "configuration.json is not a ComputationGraph's (");
        loadRefused(arrayInstead(instead, generic), "names the class " + generic);
    }

    private byte[] arrayInstead(String className, String other) throws IOException {
        String object = "\\{\\s*\"@class\" : \"" + Pattern.quote(className) + "\"";
        String array = "[\"" + other + "\", {\"x\" : 1}], \"y\" : {\"z\" : 1";
        return configuration(json -> json.replaceFirst(object, Matcher.quoteReplacement(array)));
    }

    /** What DL4J's own reader does with such a file: this test is about something that happens. */
    @Test
    void aClassIsInitialisedBeforeDl4jRefusesIt() throws Exception {
        Path bad = Files.write(
                folder.resolve("bad.zip"),
                configuration(json -> json.replace(
                        "org.nd4j.linalg.activations.impl.ActivationReLU", Gadget.Victim.class.getName())));
        assertThatThrownBy(() -> ModelSerializer.restoreComputationGraph(bad.toFile()));
        assertThat(Gadget.mark()).isEqualTo("initialised by DL4J");
    }

    @Test
    void classesThatTheCallerAllows() throws Exception {
        byte[] own = configuration(
                json -> json.replace("org.nd4j.linalg.activations.impl.ActivationReLU", OwnActivation.class.getName()));
        refused(own, "names the class " + OwnActivation.class.getName());
        ImageClassifier read =
                ModelFile.standard().allowing(OwnActivation.class).load(folder.resolve("bad.zip"));
        Path saved = folder.resolve("own.zip");
        read.save(saved);
        assertThatThrownBy(() -> ImageClassifier.load(saved)).hasMessageContaining("names the class");
        assertThat(ModelFile.standard()
                        .allowing(OwnActivation.class)
                        .load(saved)
                        .modelName())
                .isEqualTo("tiny");
    }

    /** A class of the user's own. */
    public static final class OwnActivation extends org.nd4j.linalg.activations.impl.ActivationTanH {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void classesOfOldFormats() throws Exception {
        refused(
                configuration(json -> json.replaceFirst("\"nin\"", "\"dist\" : {\"type\" : \"x\"}, \"nin\"")),
                "configuration.json is of a DL4J before 1.0.0-beta4");
        refused(
                configuration(json -> json.replaceFirst("\"nin\"", "\"type\" : \"java.lang.Runtime\", \"nin\"")),
                "names the class java.lang.Runtime");
    }

    /** Brackets, digits and exponents that take minutes, and texts of other kinds. */
    @Test
    void configurationsThatAreNone() throws Exception {
        refused(changed(CONFIGURATION, old -> "[".repeat(5_000_000).getBytes()), "is nested deeper than 64 levels");
        refused(
                changed(CONFIGURATION, old -> "{\"a\":".repeat(5_000_000).getBytes()),
                "is nested deeper than 64 levels");
        refused(
                configuration(json -> json.replace("\"seed\" : 5", "\"seed\" : 1e999999999")),
                "holds the number 1e999999999");
        refused(
                configuration(json -> json.replace("\"seed\" : 5", "\"seed\" : " + "9".repeat(1_000_000))),
                "holds the number 9999");
        refused(
                configuration(json -> json.replace("\"seed\" : 5", "\"seed\" : 5, \"seed\" : 6")),
                "Duplicate field 'seed'");
        refused(configuration(json -> json + "{}"), "configuration.json goes on after its end");
        refused(
                configuration(json -> json.substring(0, json.length() - 3) + "]"),
                "configuration.json is not JSON (Unexpected close marker ']': expected '}' (for Object starting at [Source:"
                        + " UNKNOWN; line: ");
        refused(configuration(json -> json.substring(0, json.length() / 2)), "configuration.json is not JSON");
        refused(changed(CONFIGURATION, old -> new byte[0]), "configuration.json ends too early");
        refused(
                changed(CONFIGURATION, old -> new byte[] {'"', (byte) 0xff, '"'}),
                "configuration.json is not text in UTF-8");
        loadRefused(changed(CONFIGURATION, old -> "{}".getBytes()), "network: number of inputs (0) must be 1");
        loadRefused(changed(CONFIGURATION, old -> "7".getBytes()), "configuration.json is not a ComputationGraph's");
        refused(
                configuration(json -> json.replace(
                        "\"lossFn\" : {",
                        "\"lossFn\" : {\"weights\" : {\"dataType\" : \"FLOAT\","
                                + " \"shape\" : [1, 2000000000], \"data\" : [1.0]}, ")),
                "configuration.json holds an array of shape [1,2000000000] with 1 numbers");
    }

    @Test
    void bombs() throws Exception {
        refused(
                zip(parts -> {
                    ModelZips.Part part = ModelZips.part(parts, CONFIGURATION);
                    part.content = new byte[1 << 26];
                    part.deflated = true;
                    tabled(parts);
                }),
                "configuration.json (67108864 bytes) is larger than 33554432 bytes");
        refused(
                zip(parts -> {
                    ModelZips.Part part = ModelZips.part(parts, Description.ENTRY);
                    part.content = new byte[1 << 26];
                    part.deflated = true;
                }),
                "squeeze4j.json (67108864 bytes) is larger than 8388608 bytes");
        refused(
                zip(parts -> {
                    ModelZips.Part part = ModelZips.part(parts, COEFFICIENTS);
                    part.content = Arrays.copyOf(part.content, 1 << 26);
                    part.deflated = true;
                    tabled(parts);
                }),
                "coefficients.bin unpacks to more than 20 times its size, as no weights do");
    }

    /** Sizes in the header: those of the shape, then those of the data; DL4J's reader allocates what they say. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 89, 91, 1L << 31, 1L << 33, 1L << 40, 1L << 62, -1, Long.MIN_VALUE, Long.MAX_VALUE})
    void sizesInTheHeader(long size) throws Exception {
        int shape = 2 + "MIXED_DATA_TYPES".length() + 8 + 2 + "LONG".length();
        for (String entry : List.of(COEFFICIENTS, ModelSerializer.UPDATER_BIN)) {
            ByteBuffer old = ByteBuffer.wrap(ModelZips.part(ModelZips.parts(file), entry).content);
            int rank = (int) old.getLong(shape);
            int row = shape + 8 * rank;
            int data = shape + 8 * (2 * rank + 4) + 2 + "MIXED_DATA_TYPES".length();
            assertThat(old.getLong(row)).as("last size of the shape").isEqualTo(90);
            assertThat(old.getLong(data)).as("size of the data").isEqualTo(90);
            refused(changed(entry, bytes -> with(bytes, size, data)), entry + " ");
            refused(changed(entry, bytes -> with(bytes, size, row)), entry + " ");
            refused(changed(entry, bytes -> with(bytes, size, row, data)), entry + " ");
            if (size != rank) {
                refused(changed(entry, bytes -> with(bytes, size, shape)), entry + " has a shape of rank ");
            }
            refused(changed(entry, bytes -> with(bytes, size, shape - 14)), entry + " does not begin with the shape");
        }
    }

    private static byte[] with(byte[] bytes, long value, int... positions) {
        for (int position : positions) {
            ByteBuffer.wrap(bytes).putLong(position, value);
        }
        return bytes;
    }

    /** Whole by itself, but not what the configuration needs. */
    @Test
    void anotherNumberOfParameters() throws Exception {
        ByteArrayOutputStream more = new ByteArrayOutputStream();
        StoredArray.write(Nd4j.zeros(1, 91), more);
        loadRefused(
                changed(COEFFICIENTS, old -> more.toByteArray()),
                "coefficients.bin holds 91 numbers of type FLOAT, but the configuration needs 90 of type FLOAT");
        loadRefused(
                changed(ModelSerializer.UPDATER_BIN, old -> more.toByteArray()),
                "updaterState.bin holds 91 numbers of type FLOAT, but the configuration needs 90 of type FLOAT");
        refused(
                changed(COEFFICIENTS, old -> {
                    byte[] type = "FLOAT".getBytes();
                    int at = new String(old, StandardCharsets.ISO_8859_1).indexOf("FLOAT");
                    System.arraycopy("INT16".getBytes(), 0, old, at, type.length);
                    return old;
                }),
                "coefficients.bin holds values of type INT16, where FLOAT, DOUBLE, HALF or BFLOAT16 must stand");
    }

    @Test
    void impossibleNetworks() throws Exception {
        // Far too many weights for the file, and more than any memory: refused before they are allocated.
        loadRefused(configuration(json -> json.replace("\"nout\" : 4", "\"nout\" : 2000000000")), "network: ");
        loadRefused(
                configuration(json -> json.replace("\"nout\" : 4", "\"nout\" : 5")),
                "network: parameters of vertex classifier");
        loadRefused(
                configuration(json -> json.replace("\"nout\" : 10", "\"nout\" : 11")), "as many as the classes, 10");
        for (String size : List.of("0, 0", "-1, -1", "2147483647, 65536")) {
            for (String window :
                    List.of("\"stride\" : [ 1, 1 ]", "\"kernelSize\" : [ 3, 3 ]", "\"dilation\" : [ 1, 1 ]")) {
                String changed = window.replaceFirst("\\d, \\d", size);
                loadRefused(configuration(json -> json.replace(window, changed)), ") must be from 1 to 65535");
            }
        }
        loadRefused(
                configuration(json -> json.replace("\"padding\" : [ 0, 0 ]", "\"padding\" : [ -1, 0 ]")),
                "padding (-1) must be from 0 to 65535");
        loadRefused(
                configuration(json -> json.replace("\"padding\" : [ 0, 0 ]", "\"padding\" : [ 65535, 65535 ]")),
                "network: map of vertex conv (",
                ") must fit into the memory of ");
        loadRefused(
                configuration(json -> json.replace("\"kernelSize\" : [ 3, 3 ]", "\"kernelSize\" : [ 300, 300 ]")),
                "network: sizes must fit images of 28x28, but vertex conv would give ");
        loadRefused(
                configuration(json -> json.replace("\"pool\" : [ \"conv\" ]", "\"pool\" : [ \"classifier\" ]")),
                "network");
        loadRefused(
                configuration(
                        json -> json.replace("\"networkOutputs\" : [ \"classifier\" ]", "\"networkOutputs\" : [ ]")),
                "network: number of outputs (0) must be 1");
        loadRefused(
                configuration(json ->
                        json.replace("\"networkOutputs\" : [ \"classifier\" ]", "\"networkOutputs\" : [ \"x\" ]")),
                "outputs of layer x (none)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"height\" : 28 | \"height\" : 20000 | height (20000) must be a whole number from 1 to 4096",
                "\"height\" : 28 | \"height\" : 0 | height (0) must be a whole number",
                "\"width\" : 28 | \"width\" : -3 | width (-3) must be a whole number",
                "\"width\" : 28 | \"width\" : 28.5 | width (28.5) must be a whole number",
                "\"width\" : 28 | \"width\" : \"28\" | width (\"28\") must be a whole number",
                "\"width\" : 28 | \"width\" : 99999999999999999999 | width (99999999999999999999) must be a whole number",
                "\"width\" : 28 | \"w\" : 28 | squeeze4j.json does not say width",
                "\"version\" : 3 | \"version\" : null | squeeze4j.json does not say version",
                "\"model\" : \"tiny\" | \"model\" : 7 | model (7) must be text",
                "\"Bag\" | \"Coat\" | class name (Coat) must stand for one class; it stands twice",
                "\"Bag\" | null | a class name (null) must be text",
                "\"Bag\" | 8 | a class name (8) must be text",
                "\"Bag\" | \" \" | class name ( ) must be a word",
                "\"Bag\" | \"Bag\", \"Box\" | outputs of layer classifier (10) must be as many as the classes, 11",
                ", \"Bag\" | '' | outputs of layer classifier (10) must be as many as the classes, 9",
                "\"notes\" : { } | \"notes\" : { \"a\" : 1 } | a note (1) must be text",
            })
    void descriptions(String from, String to, String complaint) throws Exception {
        Path bad = Files.write(folder.resolve("bad.zip"), text(Description.ENTRY, json -> json.replace(from, to)));
        assertThatThrownBy(() -> ImageClassifier.load(bad))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("model file (" + bad + ")")
                .hasMessageContaining(complaint);
    }

    @Test
    void descriptionsWithoutClasses() throws Exception {
        refused(
                text(Description.ENTRY, json -> json.replaceAll("\"classes\" : \\[[^]]*]", "\"classes\" : [ ]")),
                "number of class names (0) must be from 2 to 100000");
        refused(changed(Description.ENTRY, old -> "[]".getBytes()), "squeeze4j.json does not say version");
        refused(changed(Description.ENTRY, old -> "{".repeat(1_000_000).getBytes()), "squeeze4j.json is not JSON");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void valuesThatAreNoNumbers(float value) throws Exception {
        for (String entry : List.of(COEFFICIENTS, ModelSerializer.UPDATER_BIN)) {
            byte[] bad = changed(entry, bytes -> {
                ByteBuffer.wrap(bytes).putFloat(bytes.length - 4 * 50, value);
                return bytes;
            });
            refused(
                    bad,
                    entry + " holds 1 values that are NaN or infinite, which only"
                            + " ModelFile.standard().allowingNonFinite() takes");
            ComputationGraph graph = ModelFile.standard()
                    .allowingNonFinite()
                    .load(folder.resolve("bad.zip"))
                    .graph();
            float[] read = (entry.equals(COEFFICIENTS)
                            ? graph.params()
                            : graph.getUpdater().getStateViewArray())
                    .toFloatVector();
            assertThat(IntStream.range(0, read.length).filter(i -> !Float.isFinite(read[i])))
                    .containsExactly(40);
        }
    }

    @Test
    void savingValuesThatAreNoNumbersLeavesTheOldFile() throws Exception {
        Path target = folder.resolve("kept.zip");
        classifier.save(target);
        byte[] before = Files.readAllBytes(target);
        ComputationGraph graph = TinyGraph.create(28, 10, 0.1);
        // A bias of the last layer: a NaN before a ReLU may come out as 0.
        graph.params().putScalar(89, Float.NaN);
        ImageClassifier broken = ImageClassifier.untrained(
                "broken", graph, ImageSet.train(IdxFolder.SAMPLE).limit(30));
        assertThatThrownBy(() -> broken.save(target))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("coefficients.bin holds 1 values that are NaN or infinite")
                .hasMessageContaining("; train it with a smaller learning rate");
        assertThat(Files.readAllBytes(target)).isEqualTo(before);
        ModelFile.standard().allowingNonFinite().save(broken, target, Map.of());
        ImageClassifier read = ModelFile.standard().allowingNonFinite().load(target);
        assertThat(read.graph().params().getDouble(89)).isNaN();
        assertThatThrownBy(() -> read.predict(io.github.squeeze4j.images.Picture.of(28, 28, 1, new byte[784])))
                .isInstanceOf(BadInputException.class)
                .hasMessage("probability (NaN) of class " + read.classNames().get(0)
                        + " must be a number; train the network with a smaller learning rate");
    }

    @Test
    void escapeCodesInNames() throws Exception {
        String evil = "\u001b[2J\u202eB\nag";
        Path named = Files.write(
                folder.resolve("named.zip"),
                text(
                        Description.ENTRY,
                        json -> json.replace("\"Bag\"", "\"\\u001b[2J\\u202eB\\nag\"")
                                .replace("\"tiny\"", "\"\\u001btiny\"")));
        ImageClassifier read = ImageClassifier.load(named);
        assertThat(read.classNames()).contains(evil);
        assertThat(read.predict(io.github.squeeze4j.images.Picture.of(28, 28, 1, new byte[784]))
                        .toString())
                .contains("\\u001b[2J\\u202eB\\u000aag")
                .doesNotContain("\u001b");
        assertThat(ModelFile.verify(named).text()).startsWith("model \\u001btiny, ");
        refused(
                text(
                        Description.ENTRY,
                        json -> json.replace("\"Coat\"", "\"\\u001b[2J\"").replace("\"Bag\"", "\"\\u001b[2J\"")),
                "class name (\\u001b[2J) must stand for one class");
    }
}
