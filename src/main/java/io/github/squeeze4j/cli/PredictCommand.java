package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.engine.Precision;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.CsvText;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.PicturePrediction;
import io.github.squeeze4j.training.Prediction;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a saved network sees in pictures. */
@Command(
        name = "predict",
        description = {
            "Say what a saved network sees in pictures, prepared as the network was trained.",
            "A picture that has to be made grey, stretched or enlarged is said to be."
        },
        sortOptions = false)
final class PredictCommand implements Runnable {
    private static final int TOGETHER = 16;
    static final List<String> ENDINGS = List.of(".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** How to print. */
    enum Format {
        /** A line for people. */
        TABLE,
        /** picture, class, probability for each of the likeliest classes. */
        CSV,
        /** A JSON object a line. */
        JSONL
    }

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "MODEL",
            description = "A model.zip that the train command wrote; none with --weights.")
    private String file;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private ModelOptions model;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "PICTURE",
            description = "Files, folders with all below them, and patterns such as 'photos/*.jpg'.")
    private List<String> pictures = List.of();

    @Option(
            names = "--test-index",
            paramLabel = "N",
            split = ",",
            description = "Held-out images by their index, from 0; several with commas.")
    private List<Integer> indexes = List.of();

    @Option(names = "--invert", description = "Swap bright and dark in the pictures: for things on a white ground.")
    private boolean invert;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "3",
            description = "How many classes of each picture. Default: ${DEFAULT-VALUE}.")
    private int top;

    @Option(
            names = "--format",
            paramLabel = "table|csv|jsonl",
            defaultValue = "table",
            description = "How to print. Default: ${DEFAULT-VALUE}.")
    private Format format;

    @Mixin
    private PrecisionOption precision;

    @Mixin
    private DataOptions data;

    @Mixin
    private SparkOptions spark;

    @Option(
            names = "--out",
            paramLabel = "URI.parquet",
            description = "With --spark, where the results go, a row for each picture below --data: path, prediction,"
                    + " probability, top, error.")
    private String output;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Precision wanted = precision.wanted();
        boolean pretrained = weights.areGiven();
        if (pretrained && file != null) {
            // there is no model file: the first argument is a picture
            pictures = Stream.concat(Stream.of(file), pictures.stream()).collect(Collectors.toList());
        } else if (!pretrained && file == null) {
            throw new BadInputException("MODEL (none) must be given; name a model.zip, or add --weights FILE");
        } else if (!pretrained) {
            ModelOptions.requireNone(spec, "MODEL, which brings its own network; leave it out");
        }
        if (spark.areGiven()) {
            predictOnSpark(pretrained);
            return;
        }
        if (output != null) {
            throw new BadInputException(
                    "--out (" + output + ") must come with --spark; add it, or send what is printed to a file");
        }
        if (pictures.isEmpty() && indexes.isEmpty()) {
            throw new BadInputException(
                    "pictures (none) must be one or more; name a PNG or JPEG file, or use --test-index 7");
        }
        Positive.of("--top", top);
        ImageClassifier classifier = pretrained ? weights.read(model) : ImageClassifier.load(Path.of(file));
        PrecisionOption.apply(wanted, classifier.graph());
        PrintWriter out = spec.commandLine().getOut();
        List<Path> files = files();
        if (format == Format.CSV) {
            out.println("picture,class,probability");
        }
        int skipped = 0;
        for (int start = 0; start < files.size(); start += TOGETHER) {
            skipped += predict(classifier, files.subList(start, Math.min(files.size(), start + TOGETHER)), out);
        }
        if (!indexes.isEmpty()) {
            LabelledPictures test = data.heldOut(classifier.classNames());
            for (int index : indexes) {
                Picture image = read(test, index);
                String name =
                        "held-out image " + index + " (" + test.classNames().get(test.label(index)) + ")";
                print(
                        name,
                        classifier.predict(image),
                        classifier.preprocessing().changes(image),
                        out);
            }
        }
        if (skipped > 0) {
            throw new BadInputException("pictures (" + skipped + " of " + files.size()
                    + ") must be readable, but were left out; see the lines above");
        }
    }

    private void predictOnSpark(boolean pretrained) {
        if (!pictures.isEmpty() || !indexes.isEmpty()) {
            throw new BadInputException("pictures ("
                    + (pictures.isEmpty() ? "--test-index" : pictures.get(0))
                    + ") must not be named with --spark; give their folder with --data");
        }
        if (data.name() == null || output == null) {
            throw new BadInputException((data.name() == null ? "--data" : "--out")
                    + " (none) must be given with --spark; add --data hdfs:///photos --out hdfs:///seen.parquet");
        }
        ModelOptions.requireNone(spec, List.of("--invert", "--format"), "--spark, which writes Parquet; leave it out");
        Positive.of("--top", top);
        OnSpark.require();
        ImageClassifier classifier = pretrained ? weights.read(model) : ImageClassifier.load(Path.of(file));
        OnSpark.predict(
                spark, classifier, data.name(), output, top, spec.commandLine().getOut());
    }

    private static Picture read(LabelledPictures test, int index) {
        if (index < 0 || index >= test.size()) {
            throw new BadInputException("image index (" + index + ") must be from 0 to " + (test.size() - 1)
                    + "; choose one of the " + test.size() + " images");
        }
        return test.read(index);
    }

    /** Many at a time, or one by one where some may be bad; returns how many were. */
    private int predict(ImageClassifier classifier, List<Path> files, PrintWriter out) {
        if (!invert && data.onBadImage() == OnBadPicture.FAIL) {
            for (PicturePrediction prediction : classifier.predict(files)) {
                print(prediction.picture(), prediction.classes(), prediction.changes(), out);
            }
            return 0;
        }
        int skipped = 0;
        for (Path file : files) {
            Picture picture;
            try {
                picture = Picture.read(file);
            } catch (BadInputException e) {
                if (data.onBadImage() == OnBadPicture.FAIL) {
                    throw e;
                }
                spec.commandLine().getErr().println("left out: " + e.getMessage());
                skipped++;
                continue;
            }
            Picture shown = invert ? picture.inverted() : picture;
            List<String> changes = new ArrayList<>(classifier.preprocessing().changes(picture));
            if (invert) {
                changes.add("inverted");
            }
            print(file.toString(), classifier.predict(shown), changes, out);
        }
        return skipped;
    }

    private void print(String name, List<Prediction> predictions, List<String> changes, PrintWriter out) {
        List<Prediction> best = predictions.subList(0, Math.min(top, predictions.size()));
        switch (format) {
            case CSV:
                for (Prediction prediction : best) {
                    out.println(CsvText.of(name) + ","
                            + CsvText.of(prediction.className())
                            + String.format(Locale.ROOT, ",%.6f", prediction.probability()));
                }
                break;
            case JSONL:
                ObjectNode node = JSON.createObjectNode();
                node.put("picture", name);
                ObjectNode classes = node.putObject("classes");
                best.forEach(prediction -> classes.put(prediction.className(), prediction.probability()));
                changes.forEach(node.putArray("changes")::add);
                out.println(node);
                break;
            default:
                out.println(ShownText.of(name) + ": "
                        + best.stream().map(Prediction::toString).collect(Collectors.joining(", "))
                        + (changes.isEmpty() ? "" : " [" + String.join(", ", changes) + "]"));
        }
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (String name : pictures) {
            Path path = Path.of(name);
            if (Files.isDirectory(path)) {
                files.addAll(below(
                        path,
                        PredictCommand::isPicture,
                        "folder of pictures (" + path + ") must hold pictures, but holds none"));
            } else if (!Files.exists(path) && name.matches(".*[*?\\[{].*")) {
                files.addAll(matching(name));
            } else {
                files.add(path);
            }
        }
        return files;
    }

    private List<Path> matching(String pattern) {
        try {
            PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
            int first = pattern.split("[*?\\[{]", 2)[0].lastIndexOf('/');
            Path start = Path.of(first < 0 ? "" : pattern.substring(0, first + 1));
            return below(start, matcher::matches, "pictures (" + pattern + ") must match files, but match none");
        } catch (PatternSyntaxException e) {
            throw new BadInputException(
                    "pictures (" + pattern + ") must be a file, a folder or a pattern (" + e.getDescription()
                            + "); use photos/*.jpg",
                    e);
        }
    }

    private static boolean isPicture(Path file) {
        String name = ("" + file.getFileName()).toLowerCase(Locale.ROOT);
        return ENDINGS.stream().anyMatch(name::endsWith);
    }

    private static List<Path> below(Path folder, Predicate<Path> wanted, String complaint) {
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> files = all.filter(file -> Files.isRegularFile(file) && wanted.test(file))
                    .sorted()
                    .collect(Collectors.toList());
            if (files.isEmpty()) {
                throw new BadInputException(complaint + "; check the name");
            }
            return files;
        } catch (IOException | UncheckedIOException e) {
            throw new BadInputException(
                    "folder of pictures (" + folder + ") must be readable (" + e + "); check its name and rights", e);
        }
    }
}
