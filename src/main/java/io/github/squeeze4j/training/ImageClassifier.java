package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.Preprocessing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network together with what it needs to judge pictures: its classes, and what happens to a picture before the network sees
 * it.
 *
 * <p>The graph takes [N, C, H, W], C as the preprocessing's colours say, and ends in one {@code OutputLayer} with softmax, [N,
 * classes]. The saved form is DL4J's: every DL4J program with this library on its class path reads the file with {@code
 * ModelSerializer}.
 *
 * <pre>{@code
 * ImageClassifier classifier = ImageClassifier.of(graph, List.of("cat", "dog"), preprocessing);
 * classifier.save(Path.of("model.zip"));
 * PicturePrediction seen = ImageClassifier.load(Path.of("model.zip")).predict(Path.of("pet.jpg"));
 * }</pre>
 */
public final class ImageClassifier {
    static final int EVALUATION_BATCH = 50;
    private static final int PREDICTION_BATCH = 16;

    private final String modelName;
    private final ComputationGraph graph;
    private final List<String> classNames;
    private final Preprocessing preprocessing;

    ImageClassifier(String modelName, ComputationGraph graph, List<String> classNames, Preprocessing preprocessing) {
        Description.requireSane(classNames, preprocessing.height(), preprocessing.width());
        NetworkShape.require(
                graph.getConfiguration(),
                preprocessing.height(),
                preprocessing.width(),
                preprocessing.colours().channels(),
                classNames.size());
        this.modelName = modelName;
        this.graph = graph;
        this.classNames = List.copyOf(classNames);
        this.preprocessing = preprocessing;
    }

    /**
     * A classifier of any graph of DL4J's, this library's or your own.
     *
     * @param graph an initialised graph with one input [N, C, H, W] and one output [N, classes]; this very graph is used
     * @param labels the classes, in the order of the graph's outputs
     * @param preprocessing what makes a picture the graph's input
     * @return the classifier, named "network"; {@link #named} names it otherwise
     * @throws BadInputException if the graph does not take such pictures or has another number of outputs
     */
    public static ImageClassifier of(ComputationGraph graph, List<String> labels, Preprocessing preprocessing) {
        return new ImageClassifier("network", graph, labels, preprocessing);
    }

    /**
     * A classifier for the classes, the size and the standardisation of grey training images.
     *
     * @param modelName the network's name, as messages and tables show it
     * @param graph an initialised graph with one input [N, 1, H, W] and one output [N, classes]
     * @param train the training images
     * @return the classifier, which trains and uses this very graph
     * @throws BadInputException if the graph does not take these images or has another number of outputs
     */
    public static ImageClassifier untrained(String modelName, ComputationGraph graph, ImageSet train) {
        return new ImageClassifier(modelName, graph, train.classNames(), train.preprocessing());
    }

    /**
     * The same classifier under another name.
     *
     * @param name the network's name, as messages and tables show it
     * @return a classifier of the same graph
     */
    public ImageClassifier named(String name) {
        return new ImageClassifier(name, graph, classNames, preprocessing);
    }

    /**
     * Reads a saved classifier.
     *
     * @param file written by {@link #save}
     * @return the classifier with its weights and updater state
     * @throws BadInputException if the file is missing, damaged or of another kind, or holds values that are not finite
     * @see ModelFile
     */
    public static ImageClassifier load(Path file) {
        return ModelFile.standard().load(file);
    }

    /**
     * Saves the classifier. The new file takes the old one's place only when it is complete: a failure leaves the old
     * file as it was.
     *
     * @param file where to, usually {@code model.zip}; missing folders are made
     * @throws BadInputException if the file cannot be written, or a parameter is NaN or infinite
     * @see ModelFile
     */
    public void save(Path file) {
        ModelFile.standard().save(this, file, Map.of());
    }

    /**
     * What the network sees in a picture.
     *
     * @param picture a file that {@link Picture#read} reads, of any size
     * @return its classes, the likeliest first, and what had to be done to the picture
     * @throws BadInputException if the picture cannot be read, or a probability is not a number
     */
    public PicturePrediction predict(Path picture) {
        return predict(List.of(picture)).get(0);
    }

    /**
     * What the network sees in many pictures, sixteen at a time.
     *
     * @param pictures files that {@link Picture#read} reads, of any size
     * @return a prediction for each, in their order
     * @throws BadInputException if a picture cannot be read, or a probability is not a number
     */
    public List<PicturePrediction> predict(List<Path> pictures) {
        List<PicturePrediction> predictions = new ArrayList<>();
        for (int start = 0; start < pictures.size(); start += PREDICTION_BATCH) {
            List<Path> files = pictures.subList(start, Math.min(pictures.size(), start + PREDICTION_BATCH));
            List<Picture> batch = new ArrayList<>();
            files.forEach(file -> batch.add(Picture.read(file)));
            List<List<Prediction>> classes = classify(batch);
            for (int i = 0; i < files.size(); i++) {
                predictions.add(new PicturePrediction(
                        files.get(i).toString(), classes.get(i), preprocessing.changes(batch.get(i))));
            }
        }
        return predictions;
    }

    /**
     * Classes of a picture, the likeliest first.
     *
     * @param picture of any size
     * @return all classes
     * @throws BadInputException if a probability is not a number
     */
    public List<Prediction> predict(Picture picture) {
        return classify(List.of(picture)).get(0);
    }

    private List<List<Prediction>> classify(List<Picture> pictures) {
        int length = preprocessing.length();
        float[] features = new float[pictures.size() * length];
        for (int i = 0; i < pictures.size(); i++) {
            preprocessing.write(preprocessing.prepare(pictures.get(i)), features, i * length);
        }
        INDArray probabilities = probabilities(features);
        List<List<Prediction>> all = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            List<Prediction> predictions = new ArrayList<>();
            for (int label = 0; label < classNames.size(); label++) {
                double probability = probabilities.getDouble(i, label);
                if (!Double.isFinite(probability)) {
                    throw new BadInputException("probability (" + probability + ") of class " + classNames.get(label)
                            + " must be a number; train the network with a smaller learning rate");
                }
                predictions.add(new Prediction(classNames.get(label), probability));
            }
            predictions.sort(Comparator.comparingDouble(Prediction::probability).reversed());
            all.add(predictions);
        }
        return all;
    }

    /** The network's output for what {@link Preprocessing#write} wrote of some pictures, [pictures, classes]. */
    INDArray probabilities(float[] features) {
        int pictures = features.length / preprocessing.length();
        INDArray output = graph.outputSingle(Nd4j.createFromArray(features)
                .reshape(
                        'c',
                        pictures,
                        preprocessing.colours().channels(),
                        preprocessing.height(),
                        preprocessing.width()));
        if (output.rank() != 2 || output.size(0) != pictures || output.size(1) != classNames.size()) {
            throw new BadInputException("network: output for " + pictures + " images ("
                    + output.shapeInfoToString().strip() + ") must be [" + pictures + ", " + classNames.size()
                    + "]; give a graph that classifies these images");
        }
        return output;
    }

    /**
     * Judges the network on held-out pictures.
     *
     * @param pictures with the classes that the network was made for
     * @return accuracies and confusions
     * @throws BadInputException if the classes differ, or a picture cannot be read
     */
    public TestReport evaluate(LabelledPictures pictures) {
        return evaluate(pictures, OnBadPicture.FAIL);
    }

    /**
     * Judges the network on held-out pictures.
     *
     * @param pictures with the classes that the network was made for
     * @param onBadPicture what happens on a picture that cannot be read; those left out are in {@link TestReport#skipped}
     * @return accuracies and confusions
     * @throws BadInputException if the classes differ, a picture cannot be read and that is to be an error, or none can
     */
    public TestReport evaluate(LabelledPictures pictures, OnBadPicture onBadPicture) {
        requireSame(pictures);
        ReadPictures read = new ReadPictures(pictures);
        TestReport.Builder report = new TestReport.Builder(classNames);
        try (PictureBatches batches = PictureBatches.of(read, preprocessing)
                .batchSize(EVALUATION_BATCH)
                .onBadPicture(onBadPicture)
                .build()) {
            while (batches.hasNext()) {
                DataSet batch = batches.next();
                report.add(batch.getLabels(), graph.outputSingle(batch.getFeatures()));
            }
            if (report.images() == 0) {
                throw new BadInputException(
                        "pictures (" + pictures.size() + ", none of which can be read) must hold one;"
                                + " the first complaint: " + batches.skipped().get(0));
            }
            return report.build(read.indices(), batches.skipped());
        }
    }

    /** Complains about pictures that this network was not made for. */
    void requireSame(LabelledPictures pictures) {
        if (!pictures.classNames().equals(classNames)) {
            throw new BadInputException("classes (" + String.join(", ", pictures.classNames())
                    + ") must be the model's (" + String.join(", ", classNames)
                    + "); read the images with the model's class names");
        }
    }

    /**
     * The network's name.
     *
     * @return as given when the classifier was made
     */
    public String modelName() {
        return modelName;
    }

    /**
     * The network.
     *
     * @return the graph itself, not a copy
     */
    public ComputationGraph graph() {
        return graph;
    }

    /**
     * The classes, in the order of the network's outputs.
     *
     * @return unmodifiable names
     */
    public List<String> classNames() {
        return classNames;
    }

    /**
     * What happens to a picture before the network sees it.
     *
     * @return the preprocessing that is saved with the network
     */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    @Override
    public String toString() {
        return modelName + ", " + classNames.size() + " classes, images: " + preprocessing;
    }
}
