package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.training.ImageClassifier;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader$;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/**
 * An {@link ImageClassifier} as a stage of Spark ML: from rows with pictures to rows with what the network sees in them.
 *
 * <p>Pictures are the bytes of files (column {@code content} of Spark's data source {@code binaryFile}) or rows of Spark's image
 * schema (column {@code image} of the source {@code image}). Columns that are added: {@code prediction} (string), the likeliest
 * class; {@code probability} (double); {@code top} (array of class and probability), the likeliest classes in order; with
 * {@link #setFeatureStride} {@code features} (array of float), the last map of that stride, [C, H, W] as the column's metadata
 * say; {@code error} (string), why a picture could not be scored, null for all others. Every row gives one row.
 *
 * <p>The model is broadcast once and compiled once on each executor, an {@link
 * io.github.squeeze4j.engine.InferenceNetwork}, which all its tasks share. Results equal the single machine's to 1e-4.
 *
 * <p>Defaults: {@code inputCol} "content", {@code keepInput} true, {@code topK} 5, {@code batchSize} 16, {@code featureStride} 0.
 *
 * <pre>{@code
 * PictureClassifier seer = new PictureClassifier(ImageClassifier.load(Path.of("model.zip"))).setTopK(3);
 * Dataset<Row> files = session.read().format("binaryFile").option("recursiveFileLookup", true).load("hdfs:///photos");
 * seer.transform(files).drop("content").write().parquet("hdfs:///seen.parquet");
 * }</pre>
 *
 * @serial exclude
 */
public final class PictureClassifier extends Transformer implements MLWritable {
    private static final long serialVersionUID = 1L;
    private static final String MODEL_FILE = "model.zip";

    private final String uid;
    private final ModelBytes model;
    private final Param<String> inputCol;
    private final BooleanParam keepInput;
    private final IntParam topK;
    private final IntParam batchSize;
    private final IntParam featureStride;
    /** Of this session; made when first needed. */
    private transient Broadcast<ModelBytes> broadcast;

    private transient SparkContext context;

    /**
     * A stage of a classifier.
     *
     * @param classifier whose weights are copied
     */
    public PictureClassifier(ImageClassifier classifier) {
        this("pictureClassifier_" + UUID.randomUUID().toString().substring(0, 12), ModelBytes.of(classifier));
    }

    private PictureClassifier(String uid, ModelBytes model) {
        // Parameters ask for it when they are made.
        this.uid = uid;
        this.model = model;
        inputCol = new Param<>(this, "inputCol", "column of pictures: bytes of files, or Spark's image schema");
        keepInput = new BooleanParam(this, "keepInput", "whether that column stays");
        topK = new IntParam(this, "topK", "how many of the likeliest classes", ParamValidators.gt(0));
        batchSize = new IntParam(this, "batchSize", "pictures that the network sees at once", ParamValidators.gt(0));
        featureStride = new IntParam(
                this,
                "featureStride",
                "pixels per position of the map of features; 0 for none",
                ParamValidators.gtEq(0));
        setDefault(inputCol, "content");
        setDefault(keepInput, true);
        setDefault(topK, 5);
        setDefault(batchSize, 16);
        setDefault(featureStride, 0);
    }

    @Override
    public String uid() {
        return uid;
    }

    /**
     * The column of pictures.
     *
     * @return the parameter
     */
    public Param<String> inputCol() {
        return inputCol;
    }

    /**
     * Whether the column of pictures stays.
     *
     * @return the parameter
     */
    public BooleanParam keepInput() {
        return keepInput;
    }

    /**
     * How many of the likeliest classes.
     *
     * @return the parameter
     */
    public IntParam topK() {
        return topK;
    }

    /**
     * Pictures that the network sees at once.
     *
     * @return the parameter
     */
    public IntParam batchSize() {
        return batchSize;
    }

    /**
     * Pixels per position of the map of features.
     *
     * @return the parameter
     */
    public IntParam featureStride() {
        return featureStride;
    }

    /**
     * The column of pictures.
     *
     * @param column default "content"; "image" for Spark's image schema
     * @return this
     */
    public PictureClassifier setInputCol(String column) {
        set(inputCol, column);
        return this;
    }

    /**
     * Whether the column of pictures stays; without it rows are small.
     *
     * @param keep default true
     * @return this
     */
    public PictureClassifier setKeepInput(boolean keep) {
        set(keepInput, keep);
        return this;
    }

    /**
     * How many of the likeliest classes column {@code top} has.
     *
     * @param classes positive; default 5; all where there are fewer
     * @return this
     */
    public PictureClassifier setTopK(int classes) {
        set(topK, classes);
        return this;
    }

    /**
     * Pictures that the network sees at once; a task holds two batches.
     *
     * @param pictures positive; default 16
     * @return this
     */
    public PictureClassifier setBatchSize(int pictures) {
        set(batchSize, pictures);
        return this;
    }

    /**
     * Adds column {@code features}: the last map of a stride.
     *
     * @param stride pixels per position, such as 32; default 0 for none
     * @return this
     */
    public PictureClassifier setFeatureStride(int stride) {
        set(featureStride, stride);
        return this;
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        SparkRuntime.require();
        StructType schema = transformSchema(dataset.schema());
        ScoreRows.Options options = new ScoreRows.Options();
        options.inputCol = getOrDefault(inputCol);
        options.keepInput = (Boolean) getOrDefault(keepInput);
        options.batchSize = (Integer) getOrDefault(batchSize);
        options.topK = (Integer) getOrDefault(topK);
        options.featureStride = (Integer) getOrDefault(featureStride);
        ScoreRows scoring = new ScoreRows(broadcast(dataset), options);
        return dataset.toDF().mapPartitions(scoring, Encoders.row(schema));
    }

    private synchronized Broadcast<ModelBytes> broadcast(Dataset<?> dataset) {
        SparkContext now = dataset.sparkSession().sparkContext();
        // a broadcast of a session that has ended counts as valid, and its number is another's in the next session
        if (broadcast == null || context != now || !broadcast.isValid()) {
            broadcast = JavaSparkContext.fromSparkContext(now).broadcast(model);
            context = now;
        }
        return broadcast;
    }

    @Override
    public StructType transformSchema(StructType schema) {
        String column = getOrDefault(inputCol);
        List<String> names = Arrays.asList(schema.fieldNames());
        if (!names.contains(column)) {
            throw new BadInputException("inputCol (" + column + ") must be one of the columns "
                    + String.join(", ", names) + "; set it with setInputCol");
        }
        DataType type = schema.apply(column).dataType();
        if (!type.equals(DataTypes.BinaryType) && !isImage(type)) {
            throw new BadInputException("inputCol (" + column + ") of type " + type.simpleString()
                    + " must be the bytes of files or of Spark's image schema; read pictures with format binaryFile or"
                    + " image");
        }
        List<StructField> fields = new ArrayList<>();
        for (StructField field : schema.fields()) {
            if ((Boolean) getOrDefault(keepInput) || !field.name().equals(column)) {
                fields.add(field);
            }
        }
        StructType one = new StructType()
                .add("class", DataTypes.StringType, false)
                .add("probability", DataTypes.DoubleType, false);
        fields.add(DataTypes.createStructField("prediction", DataTypes.StringType, true));
        fields.add(DataTypes.createStructField("probability", DataTypes.DoubleType, true));
        fields.add(DataTypes.createStructField("top", DataTypes.createArrayType(one, false), true));
        int stride = (Integer) getOrDefault(featureStride);
        if (stride > 0) {
            fields.add(features(stride));
        }
        fields.add(DataTypes.createStructField("error", DataTypes.StringType, true));
        Set<String> known = new HashSet<>();
        for (StructField field : fields) {
            if (!known.add(field.name())) {
                throw new BadInputException(
                        "column (" + field.name() + ") must not be there before; rename or drop it");
            }
        }
        return DataTypes.createStructType(fields);
    }

    private StructField features(int stride) {
        ScoringModel.Features map = ScoringModel.features(model.classifier(), stride);
        return DataTypes.createStructField(
                "features",
                DataTypes.createArrayType(DataTypes.FloatType, false),
                true,
                new MetadataBuilder()
                        .putString("vertex", map.vertex)
                        .putLong("channels", map.channels)
                        .putLong("height", map.height)
                        .putLong("width", map.width)
                        .build());
    }

    private static boolean isImage(DataType type) {
        return type instanceof StructType
                && Arrays.asList(((StructType) type).fieldNames())
                        .containsAll(List.of("origin", "height", "width", "nChannels", "data"));
    }

    @Override
    public PictureClassifier copy(ParamMap extra) {
        PictureClassifier copy = new PictureClassifier(uid, model);
        copyValues(copy, extra);
        return copy;
    }

    /** Writes the parameters as Spark ML does, and {@code model.zip} beside them. */
    @Override
    public MLWriter write() {
        return new Writer(this);
    }

    /**
     * Reads what {@link #write} or {@code save} wrote.
     *
     * @return a reader
     */
    public static MLReader<PictureClassifier> read() {
        return new Reader();
    }

    /**
     * Reads what {@code save} wrote.
     *
     * @param path a folder of any file system that Spark knows
     * @return the stage with its parameters
     */
    public static PictureClassifier load(String path) {
        return read().load(path);
    }

    private static final class Writer extends MLWriter {
        private final PictureClassifier stage;

        Writer(PictureClassifier stage) {
            this.stage = stage;
        }

        @Override
        public void saveImpl(String path) {
            DefaultParamsWriter.saveMetadata(stage, path, sc(), Option.empty(), Option.empty());
            Path file = new Path(path, MODEL_FILE);
            try (OutputStream out = fileSystem(file, sc().hadoopConfiguration()).create(file)) {
                out.write(stage.model.file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static final class Reader extends MLReader<PictureClassifier> {
        @Override
        public PictureClassifier load(String path) {
            DefaultParamsReader.Metadata metadata =
                    DefaultParamsReader$.MODULE$.loadMetadata(path, sc(), PictureClassifier.class.getName());
            Path file = new Path(path, MODEL_FILE);
            try (InputStream in = fileSystem(file, sc().hadoopConfiguration()).open(file)) {
                ModelBytes model = new ModelBytes(in.readAllBytes(), ModelBytes.versionsHere());
                model.classifier(); // what is damaged shows here, and not on an executor
                PictureClassifier stage = new PictureClassifier(metadata.uid(), model);
                metadata.getAndSetParams(stage, Option.empty());
                return stage;
            } catch (IOException e) {
                throw new BadInputException(
                        "saved stage (" + path + ") must hold " + MODEL_FILE + " (" + e + "); save it again", e);
            }
        }
    }

    private static FileSystem fileSystem(Path path, Configuration configuration) throws IOException {
        return path.getFileSystem(configuration);
    }

    @Override
    public String toString() {
        return uid;
    }
}
