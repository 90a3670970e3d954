package io.github.squeeze4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.training.EvaluationPart;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.TestReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** An evaluation on Spark is the single machine's, to the last digit. */
@Tag("spark")
@DisabledForJreRange(min = JRE.JAVA_23, disabledReason = "Spark 3.5 does not run there")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Hadoop wants its winutils there")
class EvaluationsTest {
    @TempDir
    private Path folder;

    private LabelledPictures pictures(int perClass) throws Exception {
        return new PictureFinder()
                .split(0, 0)
                .open(LocalSpark.pictures(folder, perClass))
                .train();
    }

    private static void assertEqual(TestReport spark, TestReport single, Path folder) throws Exception {
        assertThat(spark.text()).isEqualTo(single.text());
        assertThat(spark.images()).isEqualTo(single.images());
        assertThat(spark.loss()).isEqualTo(single.loss());
        assertThat(spark.top1()).isEqualTo(single.top1());
        assertThat(spark.top5()).isEqualTo(single.top5());
        assertThat(spark.calibrationError()).isEqualTo(single.calibrationError());
        assertThat(spark.mistakes(1000).toString())
                .isEqualTo(single.mistakes(1000).toString());
        assertThat(spark.skipped()).isEqualTo(single.skipped());
        assertThat(spark.evaluation().stats()).isEqualTo(single.evaluation().stats());
        spark.writeConfusions(folder.resolve("spark.csv"));
        single.writeConfusions(folder.resolve("single.csv"));
        assertThat(folder.resolve("spark.csv")).hasSameTextualContentAs(folder.resolve("single.csv"));
    }

    /** Two whole batches, and one of what is left. */
    @Test
    void isTheSingleMachines() throws Exception {
        ImageClassifier classifier = LocalSpark.classifier();
        LabelledPictures pictures = pictures(40);
        assertThat(EvaluationPart.batches(pictures.size())).isEqualTo(3);
        TestReport single = classifier.evaluate(pictures);
        assertThat(single.top1()).isBetween(0.1, 0.9);
        TestReport spark = Evaluations.evaluate(LocalSpark.session(), classifier, pictures, OnBadPicture.FAIL);
        assertEqual(spark, single, folder);
    }

    @Test
    void damagedPicturesAreLeftOutOrNamed() throws Exception {
        ImageClassifier classifier = LocalSpark.classifier();
        LabelledPictures pictures = pictures(20);
        Path cut = folder.resolve("green/007.png");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 100));
        assertEqual(
                Evaluations.evaluate(LocalSpark.session(), classifier, pictures, OnBadPicture.SKIP),
                classifier.evaluate(pictures, OnBadPicture.SKIP),
                folder);
        assertThatThrownBy(() -> Evaluations.evaluate(LocalSpark.session(), classifier, pictures, OnBadPicture.FAIL))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("picture (" + cut + ")");
    }

    @Test
    void anExecutorWithAnotherVersionSaysSo() {
        ImageClassifier classifier = LocalSpark.classifier();
        ModelBytes sent = ModelBytes.of(classifier);
        ModelBytes other = new ModelBytes(sent.file, "Squeeze4j 9.9 with Deeplearning4j 1.0.0-M2.1");
        List<Integer> one = List.of(1);
        assertThatThrownBy(() -> Calls.of(() -> org.apache.spark.api.java.JavaSparkContext.fromSparkContext(
                                LocalSpark.session().sparkContext())
                        .parallelize(one, 1)
                        .map(i -> other.classifier().modelName())
                        .collect()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("library on executor driver on ")
                .hasMessageContaining(
                        ") must be the one that sent the model (Squeeze4j 9.9 with Deeplearning4j 1.0.0-M2.1);"
                                + " give driver and executors the same jars");
    }
}
