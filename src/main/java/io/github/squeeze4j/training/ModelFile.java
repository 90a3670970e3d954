package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.images.Preprocessing;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * The file of a classifier, written and read: DL4J's zip (configuration, parameters, updater state), which every DL4J
 * program reads with {@code ModelSerializer}, and two entries more: {@code preprocessing.json}, what happens to pictures, and
 * {@code squeeze4j.json}.
 *
 * <p>A file is written as a whole or not at all: to a new file beside, flushed, read back, then moved into the old one's place.
 * A file is read once, and believed nothing: the zip must be the same by its directory and by its headers; sizes are compared
 * with the file's before memory is asked for; checksums must hold; only configuration classes of DL4J, ND4J and this library
 * are loaded, and no Java serialisation is read. What is wrong is one {@link BadInputException}.
 *
 * <pre>{@code
 * Path saved = ModelFile.standard().save(classifier, Path.of("model.zip"), Map.of("epoch", "3"));
 * System.out.print(ModelFile.verify(saved).text());
 * ImageClassifier same = ModelFile.standard().load(saved);
 * }</pre>
 *
 * <p>The format stands in {@code docs/model-file.md}. Instances are immutable.
 */
public final class ModelFile {
    private static final List<String> NAMES = List.of(
            ModelSerializer.CONFIGURATION_JSON,
            ModelSerializer.COEFFICIENTS_BIN,
            ModelSerializer.UPDATER_BIN,
            Description.PREPROCESSING,
            ModelSerializer.NORMALIZER_BIN,
            WeightAverage.ENTRY,
            TrainingState.ENTRY,
            Description.ENTRY);
    /** What only some files hold. */
    private static final Set<String> OPTIONAL = Set.of(
            ModelSerializer.UPDATER_BIN,
            Description.PREPROCESSING,
            ModelSerializer.NORMALIZER_BIN,
            WeightAverage.ENTRY,
            TrainingState.ENTRY);

    private static final int LARGEST_PREPROCESSING = 1 << 14;

    private static final int LARGEST_CONFIGURATION = 1 << 25;
    private static final int LARGEST_DESCRIPTION = 1 << 23;
    /** Weights hardly shrink when packed: what grows more than this was made to fill the memory. */
    private static final int LARGEST_RATIO = 20;

    private static final String REMEDY = "; give a model.zip that the train command or ImageClassifier.save wrote";
    private static final ModelFile STANDARD = new ModelFile(Set.of(), false);

    private final Set<String> alsoAllowed;
    /** Kept, because it takes much longer to make than to use. */
    private final ObjectMapper reader;

    private final boolean nonFinite;

    private ModelFile(Set<String> alsoAllowed, boolean nonFinite) {
        this.alsoAllowed = alsoAllowed;
        reader = NetworkText.reader(alsoAllowed::contains);
        this.nonFinite = nonFinite;
    }

    /**
     * The rules of {@link ImageClassifier#save} and {@link ImageClassifier#load}.
     *
     * @return rules that allow configuration classes of DL4J, ND4J and this library, and finite numbers
     */
    public static ModelFile standard() {
        return STANDARD;
    }

    /**
     * Allows a file to name more classes: layers, vertices and the like of your own.
     *
     * @param classes the classes, which you trust
     * @return rules with these classes as well
     */
    public ModelFile allowing(Class<?>... classes) {
        Set<String> all = new HashSet<>(alsoAllowed);
        for (Class<?> allowed : classes) {
            all.add(allowed.getName());
        }
        return new ModelFile(Set.copyOf(all), nonFinite);
    }

    /**
     * Allows NaN and infinite values in parameters and updater state, to look into a training that went wrong.
     *
     * @return rules that save and load such values
     */
    public ModelFile allowingNonFinite() {
        return new ModelFile(alsoAllowed, true);
    }

    /**
     * Saves a classifier with its updater's state. A file of that name is replaced only by a whole one.
     *
     * @param classifier the classifier
     * @param file where to, usually {@code model.zip}; missing folders are made
     * @param notes what to say of it, such as the pass or the accuracy: short texts by name, as {@link #verify} shows them
     * @return the file
     * @throws BadInputException if the file cannot be written or a value is not finite; the old file is then as it was
     */
    public Path save(ImageClassifier classifier, Path file, Map<String, String> notes) {
        return save(classifier, file, notes, Storage.DISK);
    }

    Path save(ImageClassifier classifier, Path file, Map<String, String> notes, Storage storage) {
        return save(classifier, file, notes, storage, Map.of());
    }

    /** Saves where a training stands with the classifier; {@code average} is null where there is none. */
    void saveCheckpoint(ImageClassifier classifier, Path file, TrainingState state, INDArray average) {
        Map<String, Content> contents = new LinkedHashMap<>();
        if (average != null) {
            contents.put(WeightAverage.ENTRY, entry -> StoredArray.write(average, entry));
        }
        byte[] json;
        try {
            json = state.toJson();
        } catch (IOException e) {
            throw new IllegalStateException("numbers and texts are always JSON", e);
        }
        contents.put(TrainingState.ENTRY, entry -> entry.write(json));
        save(classifier, file, Map.of("updates", "" + classifier.graph().getIterationCount()), Storage.DISK, contents);
    }

    private Path save(
            ImageClassifier classifier,
            Path file,
            Map<String, String> notes,
            Storage storage,
            Map<String, Content> more) {
        Description.requireModest(notes);
        AtomicFile.write(file, out -> write(classifier, notes, more, out), this::inspect, storage);
        return file;
    }

    /** Writes one entry: called twice, for size and checksums and for the file. */
    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    private static void write(
            ImageClassifier classifier, Map<String, String> notes, Map<String, Content> more, OutputStream out)
            throws IOException {
        ComputationGraph graph = classifier.graph();
        byte[] json = graph.getConfiguration().toJson().getBytes(StandardCharsets.UTF_8);
        INDArray state = graph.getUpdater().getStateViewArray();
        Map<String, Content> contents = new LinkedHashMap<>();
        contents.put(ModelSerializer.CONFIGURATION_JSON, entry -> entry.write(json));
        contents.put(ModelSerializer.COEFFICIENTS_BIN, entry -> StoredArray.write(graph.params(), entry));
        if (state != null && state.length() > 0) {
            contents.put(ModelSerializer.UPDATER_BIN, entry -> StoredArray.write(state, entry));
        }
        contents.put(
                Description.PREPROCESSING,
                entry -> entry.write(classifier.preprocessing().toJson()));
        contents.putAll(more);
        Map<String, Description.Line> table = new LinkedHashMap<>();
        ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.US_ASCII);
        zip.setMethod(ZipOutputStream.STORED);
        for (Map.Entry<String, Content> content : contents.entrySet()) {
            table.put(content.getKey(), put(zip, content.getKey(), content.getValue()));
        }
        byte[] description = Description.of(classifier, notes, table).toJson();
        put(zip, Description.ENTRY, entry -> entry.write(description));
        zip.finish();
    }

    private static Description.Line put(ZipOutputStream zip, String name, Content content) throws IOException {
        CRC32 crc = new CRC32();
        MessageDigest sha256 = sha256();
        long[] size = new long[1];
        OutputStream counter = new OutputStream() {
            @Override
            public void write(int b) {
                size[0]++;
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                size[0] += length;
            }
        };
        OutputStream checked =
                new BufferedOutputStream(new CheckedOutputStream(new DigestOutputStream(counter, sha256), crc));
        content.write(checked);
        checked.flush();
        if (size[0] > Integer.MAX_VALUE - 8) {
            throw new BadInputException(name + " (" + size[0]
                    + " bytes) must be less than 2 GiB, the most that DL4J reads; use a smaller network");
        }
        ZipEntry entry = new ZipEntry(name);
        // One time for all files, so that the same model is the same file.
        entry.setTimeLocal(LocalDateTime.of(2000, 1, 1, 0, 0));
        entry.setSize(size[0]);
        entry.setCompressedSize(size[0]);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        OutputStream buffered = new BufferedOutputStream(zip);
        content.write(buffered);
        buffered.flush();
        zip.closeEntry();
        return new Description.Line(size[0], hex(sha256));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String hex(MessageDigest digest) {
        return String.format("%064x", new java.math.BigInteger(1, digest.digest()));
    }

    /**
     * Reads a saved classifier.
     *
     * @param file written by {@link #save} or {@link ImageClassifier#save}
     * @return the classifier with its weights and updater state
     * @throws BadInputException if the file is missing, damaged, of another kind, or against these rules
     */
    public ImageClassifier load(Path file) {
        return reading(file, this::classifier);
    }

    /** Reads what {@link #saveCheckpoint} wrote. */
    Checkpoint loadCheckpoint(Path file) {
        return reading(file, parts -> {
            require(
                    parts.zip.entries().containsKey(TrainingState.ENTRY),
                    () -> "it holds no " + TrainingState.ENTRY + ": it is a model and no checkpoint");
            TrainingState state = parts.state();
            ImageClassifier classifier = classifier(parts);
            INDArray average = parts.zip.entries().containsKey(WeightAverage.ENTRY)
                    ? parts.values(
                            WeightAverage.ENTRY,
                            classifier.graph().params().dataType(),
                            classifier.graph().params().length())
                    : null;
            return new Checkpoint(file, classifier, state, average);
        });
    }

    private ImageClassifier classifier(Parts parts) throws IOException {
        ComputationGraph graph = parts.graph(reader);
        Acceleration.apply(graph);
        ImageClassifier classifier = new ImageClassifier(
                parts.description.modelName, graph, parts.description.classNames, parts.preprocessing());
        // Options that no network has may pass as sizes and fail in use: better now, where the file is named.
        classifier.probabilities(new float[classifier.preprocessing().length()]);
        return classifier;
    }

    /**
     * Says what a file holds and whether it is whole, without making a network of it: no class that it names is loaded, and
     * none of its numbers kept.
     *
     * @param file a model file
     * @return what it holds
     * @throws BadInputException if {@link #load} would not take the file; what only shows when the network is made (sizes that
     *     do not fit each other) does not count
     */
    public static ModelReport verify(Path file) {
        return STANDARD.reading(file, Parts::report);
    }

    /** What {@link #load} will ask of a file that is not in its place yet, but for the classes: they are the caller's own. */
    private void inspect(FileChannel channel) throws IOException {
        try {
            new Parts(channel, className -> true, nonFinite).report();
        } catch (DamagedFileException e) {
            throw new BadInputException(
                    "model to save must be one that can be loaded again, but " + e.getMessage()
                            + "; train it with a smaller learning rate, and do not train it while it is saved",
                    e);
        }
    }

    private interface Reading<T> {
        T of(Parts parts) throws IOException;
    }

    private <T> T reading(Path file, Reading<T> reading) {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException("model file (" + file + ") must be a file that exists" + REMEDY);
        }
        String name = "model file (" + file + ")";
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return reading.of(new Parts(channel, alsoAllowed::contains, nonFinite));
        } catch (DamagedFileException e) {
            throw new BadInputException(name + " must be whole and of Squeeze4j, but " + e.getMessage() + REMEDY, e);
        } catch (BadInputException e) {
            throw new BadInputException(name + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new BadInputException(name + " must be readable (" + e + ")" + REMEDY, e);
        } catch (OutOfMemoryError e) {
            throw new BadInputException(
                    name + " must fit into memory, but does not (" + cause(e) + "); give Java more memory with -Xmx",
                    e);
        } catch (RuntimeException | StackOverflowError e) {
            // A configuration with impossible values makes DL4J throw whatever comes first.
            throw new BadInputException(
                    name + " must hold a network that DL4J can build, but it cannot (" + cause(e) + ")" + REMEDY, e);
        }
    }

    private static String cause(Throwable e) {
        String message = e.getMessage() == null ? "" : e.getMessage();
        return message.lines().findFirst().orElse(e.getClass().getSimpleName());
    }

    /** The entries of one open file, each read once. */
    private static final class Parts {
        private final ModelZip zip;
        private final boolean nonFinite;
        private final NetworkText text;
        private final Map<String, String> checksums = new LinkedHashMap<>();
        private final Description description;

        Parts(FileChannel channel, Predicate<String> alsoAllowed, boolean nonFinite) throws IOException {
            this.nonFinite = nonFinite;
            zip = ModelZip.read(channel, NAMES);
            require(
                    zip.entries().containsKey(Description.ENTRY),
                    () -> "it holds no " + Description.ENTRY + ": " + kind());
            description = Description.parse(bytes(Description.ENTRY, LARGEST_DESCRIPTION));
            for (String name : NAMES) {
                require(OPTIONAL.contains(name) || zip.entries().containsKey(name), () -> "it holds no " + name);
            }
            boolean old = description.version < 3;
            require(
                    zip.entries().containsKey(old ? ModelSerializer.NORMALIZER_BIN : Description.PREPROCESSING),
                    () -> "it holds no " + (old ? ModelSerializer.NORMALIZER_BIN : Description.PREPROCESSING));
            require(
                    !zip.entries().containsKey(old ? Description.PREPROCESSING : ModelSerializer.NORMALIZER_BIN),
                    () -> "it holds " + (old ? Description.PREPROCESSING : ModelSerializer.NORMALIZER_BIN)
                            + ", which no model file of version " + description.version + " does");
            if (description.version > 1) {
                requireTable();
            }
            for (ModelZip.Entry entry : zip.entries().values()) {
                require(
                        !entry.name.equals(ModelSerializer.COEFFICIENTS_BIN) || entry.ratio() <= LARGEST_RATIO,
                        () -> entry.name + " unpacks to more than " + LARGEST_RATIO
                                + " times its size, as no weights do");
            }
            text = NetworkText.check(
                    bytes(ModelSerializer.CONFIGURATION_JSON, LARGEST_CONFIGURATION),
                    ModelSerializer.CONFIGURATION_JSON,
                    alsoAllowed);
        }

        private String kind() throws IOException {
            if (!zip.entries().containsKey(ModelSerializer.CONFIGURATION_JSON)) {
                return "it is a zip file without a DL4J network";
            }
            String json = NetworkText.decoded(
                    bytes(ModelSerializer.CONFIGURATION_JSON, LARGEST_CONFIGURATION),
                    ModelSerializer.CONFIGURATION_JSON);
            return json.contains("\"vertices\"") ? "it is another ComputationGraph" : "it is a MultiLayerNetwork";
        }

        private void requireTable() throws IOException {
            Set<String> others = new TreeSet<>(zip.entries().keySet());
            others.remove(Description.ENTRY);
            Set<String> listed = new TreeSet<>(description.table.keySet());
            require(
                    others.equals(listed),
                    () -> "it holds " + String.join(", ", others) + " where its table lists "
                            + String.join(", ", listed));
            for (String name : listed) {
                long size = zip.entries().get(name).size;
                long line = description.table.get(name).size;
                require(size == line, () -> name + " has " + size + " bytes where its table says " + line);
            }
        }

        /** Reads one entry to its end and compares its checksums. */
        private <T> T entry(String name, EntryReader<T> reader) throws IOException {
            ModelZip.Entry entry = zip.entries().get(name);
            MessageDigest sha256 = sha256();
            try (InputStream in = new DigestInputStream(zip.stream(name), sha256)) {
                T result = reader.read(in, entry.size);
                require(in.read() < 0, () -> name + " is longer than its content");
                String sum = hex(sha256);
                Description.Line line = description == null ? null : description.table.get(name);
                require(
                        line == null || line.sha256.equals(sum),
                        () -> name + " has another SHA-256 than its table says");
                checksums.put(name, sum);
                return result;
            }
        }

        private byte[] bytes(String name, int most) throws IOException {
            return entry(name, (in, size) -> {
                require(size <= most, () -> name + " (" + size + " bytes) is larger than " + most + " bytes");
                return in.readNBytes((int) size);
            });
        }

        ModelReport report() throws IOException {
            Preprocessing preprocessing = preprocessing();
            StoredArray parameters = array(ModelSerializer.COEFFICIENTS_BIN, StoredArray::skip);
            StoredArray state = zip.entries().containsKey(ModelSerializer.UPDATER_BIN)
                    ? array(ModelSerializer.UPDATER_BIN, StoredArray::skip)
                    : null;
            if (zip.entries().containsKey(WeightAverage.ENTRY)) {
                array(WeightAverage.ENTRY, StoredArray::skip);
            }
            if (zip.entries().containsKey(TrainingState.ENTRY)) {
                state();
            }
            return new ModelReport(description, preprocessing, zip, checksums, text.classes(), parameters, state);
        }

        TrainingState state() throws IOException {
            return TrainingState.parse(bytes(TrainingState.ENTRY, TrainingState.LARGEST));
        }

        Preprocessing preprocessing() throws IOException {
            if (description.version < 3) {
                Standardisation standardisation =
                        entry(ModelSerializer.NORMALIZER_BIN, (in, size) -> Standardisation.read(in));
                return ImageSet.grey(description.height, description.width, standardisation);
            }
            Preprocessing preprocessing;
            try {
                preprocessing = Preprocessing.ofJson(
                        bytes(Description.PREPROCESSING, LARGEST_PREPROCESSING), Description.PREPROCESSING);
            } catch (BadInputException e) {
                throw new DamagedFileException(e.getMessage());
            }
            require(
                    preprocessing.height() == description.height && preprocessing.width() == description.width,
                    () -> Description.PREPROCESSING + " is for pictures of " + preprocessing.height() + "x"
                            + preprocessing.width() + " where " + Description.ENTRY + " says " + description.height
                            + "x" + description.width);
            return preprocessing;
        }

        private StoredArray array(String name, ArrayReader reader) throws IOException {
            return entry(name, (in, size) -> {
                StoredArray array = StoredArray.open(name, in, size);
                reader.read(array);
                require(
                        nonFinite || array.nonFinite() == 0,
                        () -> name + " holds " + array.nonFinite() + " values that are NaN or infinite, which only"
                                + " ModelFile.standard().allowingNonFinite() takes");
                return array;
            });
        }

        ComputationGraph graph(ObjectMapper reader) throws IOException {
            ComputationGraphConfiguration configuration = text.parse(ModelSerializer.CONFIGURATION_JSON, reader);
            NetworkShape.require(
                    configuration,
                    description.height,
                    description.width,
                    preprocessing().colours().channels(),
                    description.classNames.size());
            INDArray parameters = values(
                    ModelSerializer.COEFFICIENTS_BIN,
                    configuration.getDataType(),
                    NetworkShape.parameters(configuration));
            ComputationGraph graph = new ComputationGraph(configuration);
            graph.init(parameters, false);
            INDArray state = graph.getUpdater().getStateViewArray();
            boolean held = zip.entries().containsKey(ModelSerializer.UPDATER_BIN);
            boolean needed = state != null && state.length() > 0;
            require(
                    held == needed,
                    () -> (held ? "it holds " : "it holds no ") + ModelSerializer.UPDATER_BIN + ", but its updater has "
                            + (needed ? "a state" : "none"));
            if (needed) {
                graph.getUpdater()
                        .setStateViewArray(values(ModelSerializer.UPDATER_BIN, state.dataType(), state.length()));
            }
            return graph;
        }

        private INDArray values(String name, DataType type, long count) throws IOException {
            INDArray[] values = new INDArray[1];
            array(name, array -> {
                require(
                        array.count() == count && array.type() == type,
                        () -> name + " holds " + array.count() + " numbers of type " + array.type()
                                + ", but the configuration needs " + count + " of type " + type);
                values[0] = array.read();
            });
            return values[0];
        }
    }

    private interface EntryReader<T> {
        T read(InputStream in, long size) throws IOException;
    }

    private interface ArrayReader {
        void read(StoredArray array) throws IOException;
    }

    private interface Complaint {
        String text() throws IOException;
    }

    private static void require(boolean rule, Complaint complaint) throws IOException {
        if (!rule) {
            throw new DamagedFileException(complaint.text());
        }
    }
}
