package io.github.squeeze4j.training;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.weights.Pretrained;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * EfficientNet-Lite0 with real weights against PyTorch's answers, which {@code make_real_weights.py DIR} wrote: the same five classes
 * in the same order, and how far the probabilities are apart. {@code mvn -q test-compile exec:java
 * -Dexec.mainClass=io.github.squeeze4j.training.RealWeightsCheck -Dexec.classpathScope=test -Dexec.args=DIR}.
 */
public final class RealWeightsCheck {
    private static final double TOLERANCE = 0.005;

    private RealWeightsCheck() {}

    /**
     * Checks every picture.
     *
     * @param args the folder
     * @throws Exception if a file cannot be read or an answer differs
     */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Map<String, Map<String, Double>> answers = new LinkedHashMap<>();
        for (String line : Files.readAllLines(folder.resolve("answers.csv"))) {
            String[] cells = line.split(",");
            answers.computeIfAbsent(cells[0], picture -> new LinkedHashMap<>()).put(cells[1], Double.valueOf(cells[2]));
        }
        PretrainedClassifier read = PretrainedClassifier.read(
                Models.builder("efficientnet_lite0").build(),
                Pretrained.from(folder.resolve("efficientnet_lite0.pth")),
                null);
        System.out.println(read.report());
        System.out.println(read.classifier().preprocessing());
        for (Map.Entry<String, Map<String, Double>> answer : answers.entrySet()) {
            check(read.classifier().predict(folder.resolve(answer.getKey())), answer.getKey(), answer.getValue());
        }
    }

    private static void check(PicturePrediction ours, String picture, Map<String, Double> theirs) {
        List<String> classes = List.copyOf(theirs.keySet());
        for (int i = 0; i < classes.size(); i++) {
            Prediction prediction = ours.classes().get(i);
            double expected = theirs.get(classes.get(i));
            System.out.printf(
                    Locale.ROOT,
                    "%-20s class %3s, PyTorch %3s; probability %.4f, PyTorch %.4f%n",
                    picture,
                    prediction.className(),
                    classes.get(i),
                    prediction.probability(),
                    expected);
            if (!prediction.className().equals(classes.get(i))
                    || Math.abs(prediction.probability() - expected) > TOLERANCE) {
                throw new AssertionError(
                        picture + ": must be class " + classes.get(i) + " with " + expected + " within " + TOLERANCE);
            }
        }
    }
}
