package io.github.squeeze4j.training;

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
 * A network together with what it needs to judge pictures: its name, its classes, the size of its images and the
 * standardisation of its pixels.
 *
 * <p>The graph takes [N, 1, H, W] and ends in one {@code OutputLayer} with softmax, [N, classes]. The saved form is
 * DL4J's: every DL4J program with this library on its class path reads the file with {@code ModelSerializer}, and
 * finds the standardisation with {@code ModelSerializer.restoreNormalizerFromFile}.
 *
 * <pre>{@code
 * ImageClassifier classifier = ImageClassifier.untrained("se_resnet20", graph, train);
 * classifier.save(Path.of("model.zip"));
 * List<Prediction> best = ImageClassifier.load(Path.of("model.zip")).predict(Path.of("boot.png"));
 * }</pre>
 */
public final class ImageClassifier {
    private static final int EVALUATION_BATCH = 100;

    private final String modelName;
    private final ComputationGraph graph;
    private final List<String> classNames;
    private final int height;
    private final int width;
    private final Standardisation standardisation;

    ImageClassifier(
            String modelName,
            ComputationGraph graph,
            List<String> classNames,
            int height,
            int width,
            Standardisation standardisation) {
        Description.requireSane(classNames, height, width);
        NetworkShape.require(graph.getConfiguration(), height, width, classNames.size());
        this.modelName = modelName;
        this.graph = graph;
        this.classNames = List.copyOf(classNames);
        this.height = height;
        this.width = width;
        this.standardisation = standardisation;
    }

    /**
     * A classifier for the classes and the image size of the training images, which also give the standardisation.
     *
     * @param modelName the network's name, as messages and tables show it
     * @param graph an initialised graph with one input [N, 1, H, W] and one output [N, classes]
     * @param train the training images
     * @return the classifier, which trains and uses this very graph
     * @throws BadInputException if the graph does not take these images or has another number of outputs
     */
    public static ImageClassifier untrained(String modelName, ComputationGraph graph, ImageSet train) {
        return new ImageClassifier(
                modelName, graph, train.classNames(), train.height(), train.width(), Standardisation.of(train));
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
     * Classes of a picture, the likeliest first.
     *
     * @param picture a PNG, JPEG, GIF or BMP file of any size: made grey and scaled to the network's size. As in the
     *     training images of Fashion-MNIST, the thing is expected bright on black
     * @param invert whether to swap bright and dark, for things on a white ground
     * @return all classes
     * @throws BadInputException if the picture cannot be read, or a probability is not a number
     */
    public List<Prediction> predict(Path picture, boolean invert) {
        return predict(PictureReader.read(picture, height, width, invert));
    }

    /**
     * Classes of an image, the likeliest first.
     *
     * @param pixels height times width grey values, row by row, 0 black to 255 white
     * @return all classes
     * @throws BadInputException if there is another number of pixels, or a probability is not a number
     */
    public List<Prediction> predict(byte[] pixels) {
        if (pixels.length != height * width) {
            throw new BadInputException("image (" + pixels.length + " pixels) must have " + height + "x" + width + " = "
                    + height * width + " pixels; scale it first");
        }
        double[] probabilities = probabilities(pixels);
        List<Prediction> predictions = new ArrayList<>();
        for (int label = 0; label < probabilities.length; label++) {
            if (!Double.isFinite(probabilities[label])) {
                throw new BadInputException("probability (" + probabilities[label] + ") of class "
                        + classNames.get(label) + " must be a number; train the network with a smaller learning rate");
            }
            predictions.add(new Prediction(classNames.get(label), probabilities[label]));
        }
        predictions.sort(Comparator.comparingDouble(Prediction::probability).reversed());
        return predictions;
    }

    /** The network's output for one image, by class. */
    double[] probabilities(byte[] pixels) {
        float[] table = standardisation.table();
        float[] features = new float[pixels.length];
        for (int i = 0; i < features.length; i++) {
            features[i] = table[pixels[i] & 0xff];
        }
        INDArray output = graph.outputSingle(Nd4j.createFromArray(features).reshape('c', 1, 1, height, width));
        if (output.rank() != 2 || output.size(1) != classNames.size()) {
            throw new BadInputException("network: output for one image ("
                    + output.shapeInfoToString().strip() + ") must be [1, " + classNames.size()
                    + "]; give a graph that classifies these images");
        }
        return output.toDoubleVector();
    }

    /**
     * Judges the network on held-out images.
     *
     * @param images with the classes and the size that the network was made for
     * @return accuracies and confusions
     * @throws BadInputException if classes or size differ
     */
    public TestReport evaluate(ImageSet images) {
        requireSame(images);
        TestReport.Builder report = new TestReport.Builder(classNames);
        ImageIterator batches = ImageIterator.inOrder(images, this, EVALUATION_BATCH);
        while (batches.hasNext()) {
            DataSet batch = batches.next();
            report.add(batch.getLabels(), graph.outputSingle(batch.getFeatures()));
        }
        return report.build();
    }

    /** Complains about images that this network was not made for. */
    void requireSame(ImageSet images) {
        if (images.height() != height || images.width() != width) {
            throw new BadInputException("image size (" + images.height() + "x" + images.width()
                    + ") must be the model's, " + height + "x" + width + "; give images of that size");
        }
        if (!images.classNames().equals(classNames)) {
            throw new BadInputException("classes (" + String.join(", ", images.classNames()) + ") must be the model's ("
                    + String.join(", ", classNames) + "); read the images with the model's class names");
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
     * Height of the images.
     *
     * @return pixels
     */
    public int height() {
        return height;
    }

    /**
     * Width of the images.
     *
     * @return pixels
     */
    public int width() {
        return width;
    }

    Standardisation standardisation() {
        return standardisation;
    }
}
