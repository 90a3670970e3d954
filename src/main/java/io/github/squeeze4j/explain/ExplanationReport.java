package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.AtomicText;
import io.github.squeeze4j.training.ImageClassifier;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Pictures and a page of what classifiers look at in photographs: for each photograph and model a PNG file of the photograph's own
 * size for each map, a strip for the gates per channel, and {@code index.html} with all of them, reduced, and the classes.
 *
 * <pre>{@code
 * new ExplanationReport(ImageClassifier.load(Path.of("model.zip"))).write(List.of(Path.of("cat.jpg")), Path.of("explained"));
 * }</pre>
 */
public final class ExplanationReport {
    private static final int NAMED = 10;
    private static final int LIKELIEST = 3;

    private final Map<ImageClassifier, Explanation> models = new LinkedHashMap<>();
    private String chosen;
    private int[] stages;

    /**
     * A report of one model or of several side by side.
     *
     * @param classifiers the models
     * @throws BadInputException if one has no convolutions
     */
    public ExplanationReport(ImageClassifier... classifiers) {
        for (ImageClassifier classifier : classifiers) {
            models.put(classifier, Explanation.of(classifier.graph()));
        }
    }

    /**
     * Explains one class in place of each photograph's likeliest.
     *
     * @param nameOrIndex the class's name, or its index from 0
     * @return this
     * @throws BadInputException if a model has no such class
     */
    public ExplanationReport forClass(String nameOrIndex) {
        for (ImageClassifier classifier : models.keySet()) {
            index(classifier, nameOrIndex);
        }
        chosen = nameOrIndex;
        return this;
    }

    /**
     * Shows some stages only.
     *
     * @param numbers from 1
     * @return this
     */
    public ExplanationReport atStages(int... numbers) {
        stages = numbers.clone();
        return this;
    }

    private static int index(ImageClassifier classifier, String nameOrIndex) {
        List<String> names = classifier.classNames();
        int index = names.indexOf(nameOrIndex);
        if (index < 0 && nameOrIndex.matches("\\d{1,9}")) {
            index = Integer.parseInt(nameOrIndex);
        }
        if (index < 0 || index >= names.size()) {
            String some = names.stream().limit(NAMED).collect(Collectors.joining(", "));
            throw new BadInputException("class (" + nameOrIndex + ") must be one of the " + names.size() + " of "
                    + classifier.modelName() + "; use 0 to " + (names.size() - 1) + ", or a name: " + some
                    + (names.size() > NAMED ? ", ..." : ""));
        }
        return index;
    }

    /**
     * Explains photographs.
     *
     * @param photographs picture files
     * @param folder where the files are written; made where it is missing, files of the same names are replaced
     * @return the page
     * @throws BadInputException if a photograph cannot be read, a model has no such stage, or a file cannot be written
     */
    public Path write(List<Path> photographs, Path folder) {
        for (Path photograph : photographs) {
            if (Files.isDirectory(photograph)) {
                throw new BadInputException("picture (" + photograph
                        + ") must be a file, but is a folder; name the pictures in it, such as " + photograph
                        + "/*.jpg");
            }
            Picture.read(photograph); // so that a broken one is known before the work begins; too many to keep
        }
        String names = models.keySet().stream().map(ImageClassifier::modelName).collect(Collectors.joining(" and "));
        ExplanationPage page = new ExplanationPage("What " + names + (models.size() == 1 ? " looks at" : " look at"));
        for (int i = 0; i < photographs.size(); i++) {
            Path file = photographs.get(i);
            Picture picture = Picture.read(file);
            BufferedImage photograph = picture.toImage();
            List<ExplanationPage.Part> parts = new ArrayList<>();
            int model = 0;
            for (ImageClassifier classifier : models.keySet()) {
                model++;
                String prefix = (i + 1) + "-" + stem(file) + (models.size() == 1 ? "" : "-model" + model) + "-";
                parts.add(explain(classifier, picture, photograph, folder, prefix));
            }
            page.add(file.getFileName().toString(), photograph, parts);
        }
        Path index = folder.resolve("index.html");
        AtomicText.write(index, page.html());
        return index;
    }

    private ExplanationPage.Part explain(
            ImageClassifier classifier, Picture picture, BufferedImage photograph, Path folder, String prefix) {
        Explanation explanation = models.get(classifier);
        if (chosen != null) {
            explanation = explanation.forClass(index(classifier, chosen));
        }
        if (stages != null) {
            explanation = explanation.atStages(stages);
        }
        Preprocessing preprocessing = classifier.preprocessing();
        INDArray input = Nd4j.createFromArray(preprocessing.toArray(picture))
                .reshape('c', 1, preprocessing.colours().channels(), preprocessing.height(), preprocessing.width());
        Explained seen = explanation.explain(input);
        List<Figure> figures = new ArrayList<>();
        Figure.each(seen, photograph, preprocessing.window(picture), figure -> {
            AtomicText.write(folder.resolve(prefix + figure.file() + ".png"), ExplanationPage.png(figure.image));
            figures.add(ExplanationPage.reduced(figure));
        });
        return new ExplanationPage.Part(classifier.modelName(), summary(classifier, seen), figures);
    }

    private static String summary(ImageClassifier classifier, Explained seen) {
        INDArray output = seen.output();
        String likeliest = IntStream.range(0, classifier.classNames().size())
                .boxed()
                .sorted((a, b) -> Double.compare(output.getDouble(0, b), output.getDouble(0, a)))
                .limit(LIKELIEST)
                .map(label -> String.format(
                        Locale.ROOT,
                        "%s %.1f %%",
                        classifier.classNames().get(label),
                        100 * output.getDouble(0, label)))
                .collect(Collectors.joining(", "));
        return likeliest + ". The maps explain: " + classifier.classNames().get(seen.classes()[0]) + ".";
    }

    private static String stem(Path file) {
        String name = ShownText.of(file.getFileName()).replaceAll("\\.[A-Za-z]+$", "");
        return name.replaceAll("[^A-Za-z0-9._-]+", "-");
    }
}
