package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.internal.Inputs;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.dataset.DataSet;

/**
 * What an evaluation brings of some of its pictures, on one of several machines. Put together in their order, parts give the very
 * report of {@link ImageClassifier#evaluate(LabelledPictures)}: the batches are the same, and what is added is added in one order.
 *
 * <pre>{@code
 * List<EvaluationPart> parts = new ArrayList<>();
 * for (int batch = 0; batch < EvaluationPart.batches(pictures.size()); batch++) {
 *     parts.add(EvaluationPart.of(classifier, pictures, batch, OnBadPicture.FAIL)); // here or elsewhere
 * }
 * TestReport report = EvaluationPart.merge(classifier.classNames(), parts);
 * }</pre>
 *
 * @serial exclude
 */
public final class EvaluationPart implements Serializable {
    private static final long serialVersionUID = 1L;

    private final TestReport.Builder report;
    private final int pictures;
    private final int[] indices;
    private final List<String> skipped;

    private EvaluationPart(TestReport.Builder report, int pictures, int[] indices, List<String> skipped) {
        this.report = report;
        this.pictures = pictures;
        this.indices = indices;
        this.skipped = skipped;
    }

    /**
     * The number of parts that cannot be divided further.
     *
     * @param pictures how many pictures there are
     * @return batches of 50, the last of what is left
     */
    public static int batches(int pictures) {
        return (pictures + ImageClassifier.EVALUATION_BATCH - 1) / ImageClassifier.EVALUATION_BATCH;
    }

    /**
     * Judges one batch.
     *
     * @param classifier whose graph one thread uses at a time
     * @param pictures all of them
     * @param batch which one, from 0
     * @param onBadPicture what happens on a picture that cannot be read
     * @return its part
     * @throws BadInputException if a picture cannot be read and that is to be an error
     */
    public static EvaluationPart of(
            ImageClassifier classifier, LabelledPictures pictures, int batch, OnBadPicture onBadPicture) {
        classifier.requireSame(pictures);
        int first = batch * ImageClassifier.EVALUATION_BATCH;
        int last = Math.min(pictures.size(), first + ImageClassifier.EVALUATION_BATCH);
        ReadPictures read =
                new ReadPictures(pictures.select(IntStream.range(first, last).toArray()));
        TestReport.Builder report = new TestReport.Builder(classifier.classNames());
        try (PictureBatches batches = PictureBatches.of(read, classifier.preprocessing())
                .batchSize(ImageClassifier.EVALUATION_BATCH)
                .onBadPicture(onBadPicture)
                .build()) {
            while (batches.hasNext()) {
                DataSet data = batches.next();
                synchronized (classifier) {
                    report.add(data.getLabels(), classifier.graph().outputSingle(data.getFeatures()));
                }
            }
            int[] indices = Arrays.stream(read.indices()).map(i -> first + i).toArray();
            return new EvaluationPart(report, last - first, indices, new ArrayList<>(batches.skipped()));
        }
    }

    /**
     * The report of all parts.
     *
     * @param classNames the classes, in the order of the network's outputs
     * @param parts all of them, in the order of the pictures
     * @return the report
     * @throws BadInputException if no picture could be read
     */
    public static TestReport merge(List<String> classNames, List<EvaluationPart> parts) {
        Inputs.positive("parts of the evaluation", parts.size(), "give pictures to judge");
        TestReport.Builder report = new TestReport.Builder(classNames);
        List<String> skipped = new ArrayList<>();
        int pictures = 0;
        for (EvaluationPart part : parts) {
            report.merge(part.report);
            skipped.addAll(part.skipped);
            pictures += part.pictures;
        }
        if (report.images() == 0) {
            throw new BadInputException("pictures (" + pictures + ", none of which can be read) must hold one;"
                    + " the first complaint: " + skipped.get(0));
        }
        int[] indices =
                parts.stream().flatMapToInt(part -> Arrays.stream(part.indices)).toArray();
        return report.build(indices, skipped);
    }
}
