package io.github.squeeze4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.PicturePrediction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Scoring on Spark says what the single machine says, of each picture once. */
@Tag("spark")
@DisabledForJreRange(min = JRE.JAVA_23, disabledReason = "Spark 3.5 does not run there")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Hadoop wants its winutils there")
class PictureClassifierTest {
    /** Of InferenceNetwork. */
    private static final double TOLERANCE = 1e-4;

    @TempDir
    private static Path folder;

    private static ImageClassifier classifier;

    @BeforeAll
    static void write() throws Exception {
        LocalSpark.pictures(folder.resolve("pictures"), 7);
        classifier = LocalSpark.classifier();
        LocalSpark.session(); // stages ask for the one that there is
    }

    private static Dataset<Row> files(Path pictures) {
        return LocalSpark.session()
                .read()
                .format("binaryFile")
                .option("recursiveFileLookup", true)
                .load(pictures.toUri().toString());
    }

    private static Path path(Row row) {
        return Path.of(row.<String>getAs("path").replaceFirst("^file:(//)?", ""));
    }

    @Test
    void saysWhatTheSingleMachineSays() {
        PictureClassifier stage =
                new PictureClassifier(classifier).setTopK(2).setBatchSize(4).setKeepInput(false);
        Dataset<Row> seen = stage.transform(files(folder.resolve("pictures")));
        assertThat(seen.schema())
                .isEqualTo(
                        stage.transformSchema(files(folder.resolve("pictures")).schema()));
        assertThat(seen.columns())
                .containsExactly("path", "modificationTime", "length", "prediction", "probability", "top", "error");
        List<Row> rows = seen.collectAsList();
        assertThat(rows.stream().map(PictureClassifierTest::path).distinct()).hasSize(21);
        assertThat(rows).hasSize(21);
        for (Row row : rows) {
            PicturePrediction single = classifier.predict(path(row));
            assertThat(row.<String>getAs("prediction")).isEqualTo(single.best().className());
            assertThat(row.<Double>getAs("probability")).isCloseTo(single.best().probability(), within(TOLERANCE));
            List<Row> top = row.getList(row.fieldIndex("top"));
            assertThat(top).hasSize(2);
            for (int i = 0; i < 2; i++) {
                assertThat(top.get(i).getString(0))
                        .isEqualTo(single.classes().get(i).className());
                assertThat(top.get(i).getDouble(1))
                        .isCloseTo(single.classes().get(i).probability(), within(TOLERANCE));
            }
            assertThat(row.<String>getAs("error")).isNull();
        }
    }

    @Test
    void damagedPicturesGiveRowsWithTheirErrors() throws Exception {
        Path some = LocalSpark.pictures(folder.resolve("damaged"), 3);
        Path cut = some.resolve("green/001.png");
        byte[] whole = Files.readAllBytes(cut);
        Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
        Files.writeString(some.resolve("red/notes.txt"), "no picture");
        List<Row> rows = new PictureClassifier(classifier)
                .setBatchSize(2)
                .transform(files(some))
                .collectAsList();
        assertThat(rows).hasSize(10);
        for (Row row : rows) {
            String name = "" + path(row).getFileName();
            boolean damaged = path(row).endsWith("green/001.png") || name.equals("notes.txt");
            assertThat(row.<String>getAs("prediction") == null).as(name).isEqualTo(damaged);
            if (damaged) {
                assertThat(row.<String>getAs("error")).contains("picture (" + row.getAs("path"));
                assertThat((Object) row.getAs("top")).isNull();
                assertThat((Object) row.getAs("probability")).isNull();
            }
        }
    }

    @Test
    void imageRowsAreTheSamePictures() {
        Dataset<Row> images = LocalSpark.session()
                .read()
                .format("image")
                .option("recursiveFileLookup", true)
                .load(folder.resolve("pictures").toUri().toString());
        List<Row> rows = new PictureClassifier(classifier)
                .setInputCol("image")
                .transform(images)
                .select("image.origin", "prediction", "probability")
                .collectAsList();
        assertThat(rows).hasSize(21);
        for (Row row : rows) {
            PicturePrediction single =
                    classifier.predict(Path.of(row.getString(0).replaceFirst("^file:(//)?", "")));
            assertThat(row.getString(1)).isEqualTo(single.best().className());
            assertThat(row.getDouble(2)).isCloseTo(single.best().probability(), within(TOLERANCE));
        }
    }

    @Test
    void featuresOfAStride() {
        PictureClassifier stage = new PictureClassifier(classifier).setFeatureStride(4);
        Row row =
                stage.transform(files(folder.resolve("pictures"))).sort("path").first();
        org.apache.spark.sql.types.Metadata shape = stage.transformSchema(
                        files(folder.resolve("pictures")).schema())
                .apply("features")
                .metadata();
        assertThat(shape.getString("vertex")).isEqualTo("stage3.block3.relu");
        assertThat(List.of(shape.getLong("channels"), shape.getLong("height"), shape.getLong("width")))
                .containsExactly(64L, 8L, 8L);
        float[] input = classifier.preprocessing().toArray(io.github.squeeze4j.images.Picture.read(path(row)));
        INDArray expected = classifier
                .graph()
                .feedForward(org.nd4j.linalg.factory.Nd4j.createFromArray(input).reshape(1, 3, 32, 32), false)
                .get("stage3.block3.relu");
        float[] wanted = expected.dup('c').data().asFloat();
        List<Float> features = row.getList(row.fieldIndex("features"));
        assertThat(features).hasSize(64 * 8 * 8);
        for (int i = 0; i < wanted.length; i++) {
            assertThat(features.get(i)).isCloseTo(wanted[i], within((float) TOLERANCE * Math.max(1, wanted[i])));
        }
        assertThatThrownBy(() -> stage.setFeatureStride(3).transform(files(folder.resolve("pictures"))))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "featureStride (3) must be one of [1, 2, 4], at which the network has maps; 0 for no features");
    }

    @Test
    void isSavedAndLoadedAloneAndInAPipeline() throws Exception {
        PictureClassifier stage = new PictureClassifier(classifier).setTopK(1).setBatchSize(3);
        String where = folder.resolve("saved").toUri().toString();
        stage.save(where);
        PictureClassifier loaded = PictureClassifier.load(where);
        assertThat(loaded.uid()).isEqualTo(stage.uid());
        assertThat(loaded.explainParams()).isEqualTo(stage.explainParams());
        PipelineModel pipeline =
                new Pipeline().setStages(new PipelineStage[] {loaded}).fit(files(folder.resolve("pictures")));
        String piped = folder.resolve("pipeline").toUri().toString();
        pipeline.save(piped);
        Dataset<Row> files = files(folder.resolve("pictures"));
        assertThat(texts(PipelineModel.load(piped).transform(files))).isEqualTo(texts(stage.transform(files)));
        PictureClassifier copy =
                stage.copy(org.apache.spark.ml.param.ParamMap.empty().put(stage.topK(), 2));
        assertThat(copy.getOrDefault(copy.topK())).isEqualTo(2);
        assertThat(copy.getOrDefault(copy.batchSize())).isEqualTo(3);
    }

    private static List<String> texts(Dataset<Row> rows) {
        return rows.select("path", "prediction", "probability", "top", "error").collectAsList().stream()
                .map(Row::toString)
                .sorted(Comparator.naturalOrder())
                .collect(Collectors.toList());
    }

    @Test
    void wrongColumnsAreNamed() {
        Dataset<Row> rows = LocalSpark.session().sql("select 'a' as name, 'b' as content");
        PictureClassifier stage = new PictureClassifier(classifier);
        assertThatThrownBy(() -> stage.transform(rows))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("inputCol (content) of type string must be the bytes of files");
        assertThatThrownBy(() -> stage.setInputCol("picture").transform(rows))
                .isInstanceOf(BadInputException.class)
                .hasMessage("inputCol (picture) must be one of the columns name, content; set it with setInputCol");
        Dataset<Row> again =
                files(folder.resolve("pictures")).withColumn("error", org.apache.spark.sql.functions.lit(1));
        assertThatThrownBy(() -> new PictureClassifier(classifier).transform(again))
                .isInstanceOf(BadInputException.class)
                .hasMessage("column (error) must not be there before; rename or drop it");
    }
}
