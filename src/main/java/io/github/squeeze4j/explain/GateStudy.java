package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.BlockGate;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.training.AtomicText;
import io.github.squeeze4j.training.CsvText;
import io.github.squeeze4j.training.ImageClassifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.linalg.dataset.DataSet;

/**
 * The gates of a classifier over labelled pictures, by class: Hu et al., Squeeze-and-Excitation Networks, 1709.01507, section 6.
 *
 * <p>A gate is near a bound within 5 % of its range, and does not move if all its values lie within 1 % of it. Of gates per position
 * each channel counts as one gate, its value the mean over the positions.
 *
 * <pre>{@code
 * GateStudy.of(classifier, pictures, OnBadPicture.FAIL).write(Path.of("gates"));
 * }</pre>
 */
public final class GateStudy {
    private static final int BATCH = 16;
    private static final int SHOWN = 3;

    private final List<String> classNames;
    private final List<GateStatistics> blocks;

    private GateStudy(List<String> classNames, List<GateStatistics> blocks) {
        this.classNames = classNames;
        this.blocks = blocks;
    }

    /**
     * Reads the gates of every block for every picture.
     *
     * @param classifier with attention blocks that have gates
     * @param pictures of the classifier's classes
     * @param onBadPicture what happens on a picture that cannot be read
     * @return what the gates did
     * @throws BadInputException if the network has no gates, the classes differ, or no picture can be read
     */
    public static GateStudy of(ImageClassifier classifier, LabelledPictures pictures, OnBadPicture onBadPicture) {
        if (!pictures.classNames().equals(classifier.classNames())) {
            throw new BadInputException("classes (" + String.join(", ", pictures.classNames())
                    + ") must be the model's (" + String.join(", ", classifier.classNames())
                    + "); read the images with the model's class names");
        }
        Explanation explanation = Explanation.of(classifier.graph());
        Map<String, GateStatistics> blocks = new LinkedHashMap<>();
        try (PictureBatches batches = PictureBatches.of(pictures, classifier.preprocessing())
                .batchSize(BATCH)
                .onBadPicture(onBadPicture)
                .build()) {
            while (batches.hasNext()) {
                DataSet batch = batches.next();
                int[] labels = batch.getLabels().argMax(1).toIntVector();
                for (BlockMaps block : explanation.gates(batch.getFeatures())) {
                    for (BlockGate gate : block.gates()) {
                        if (gate.isGate()) {
                            blocks.computeIfAbsent(
                                            block.layer() + " " + gate.name(),
                                            key -> new GateStatistics(block, gate, labels(classifier)))
                                    .add(gate.values(), labels);
                        }
                    }
                }
            }
        }
        if (blocks.isEmpty()) {
            throw new BadInputException("network (" + classifier.modelName() + ", " + pictures.size()
                    + " pictures) must have attention blocks with gates and a picture that can be read;"
                    + " name another model or folder");
        }
        return new GateStudy(classifier.classNames(), new ArrayList<>(blocks.values()));
    }

    private static int labels(ImageClassifier classifier) {
        return classifier.classNames().size();
    }

    /**
     * Writes {@code blocks.csv} (a line per block and gate: shares of gates always open, always shut and never moving, and the
     * classes that differ most), {@code classes.csv} (a line per block, gate and class: mean, spread, distance from the mean of the
     * classes), {@code channels.csv} (a line per gate of each channel: mean, least, largest) and a chart of each block's means,
     * {@code LAYER-GATE.png}, a dash for what is no letter, digit, dot or underscore. Charts need XChart on the class path.
     *
     * @param folder where to; made where it is missing, files of these names are replaced
     * @throws BadInputException if a file cannot be written
     */
    public void write(Path folder) {
        StringBuilder perBlock = new StringBuilder(
                "layer,block,gate,stride,gates,always_open,always_shut,never_moving,classes_that_differ_most\n");
        StringBuilder perClass = new StringBuilder("layer,gate,class,mean,deviation,distance\n");
        StringBuilder perChannel = new StringBuilder("layer,gate,channel,mean,least,largest\n");
        List<List<Integer>> differing = new ArrayList<>();
        for (GateStatistics block : blocks) {
            String name = CsvText.of(block.layer) + "," + CsvText.of(block.gate);
            double[] distances = block.distances();
            List<Integer> different = mostDifferent(distances);
            differing.add(different);
            perBlock.append(String.format(
                    Locale.ROOT,
                    "%s,%s,%s,%d,%d,%.4f,%.4f,%.4f,%s\n",
                    CsvText.of(block.layer),
                    block.block,
                    block.gate,
                    block.stride,
                    block.gates(),
                    block.alwaysOpen(),
                    block.alwaysShut(),
                    block.neverMoving(),
                    CsvText.of(different.stream().map(classNames::get).collect(Collectors.joining(" ")))));
            for (int label = 0; label < classNames.size(); label++) {
                if (block.hasClass(label)) {
                    int chosen = label;
                    perClass.append(String.format(
                            Locale.ROOT,
                            "%s,%s,%.6f,%.6f,%.6f\n",
                            name,
                            CsvText.of(classNames.get(label)),
                            average(block, gate -> block.mean(chosen, gate)),
                            average(block, gate -> block.deviation(chosen, gate)),
                            distances[label]));
                }
            }
            for (int gate = 0; gate < block.gates(); gate++) {
                perChannel.append(String.format(
                        Locale.ROOT,
                        "%s,%d,%.6f,%.6f,%.6f\n",
                        name,
                        gate,
                        block.mean(gate),
                        block.least(gate),
                        block.largest(gate)));
            }
        }
        AtomicText.write(folder.resolve("blocks.csv"), perBlock.toString());
        AtomicText.write(folder.resolve("classes.csv"), perClass.toString());
        AtomicText.write(folder.resolve("channels.csv"), perChannel.toString());
        Set<String> taken = new HashSet<>();
        for (int i = 0; i < blocks.size(); i++) {
            GateStatistics block = blocks.get(i);
            GateChart.write(block, differing.get(i), classNames, folder.resolve(chart(block, taken)));
        }
    }

    /** A file's name within a folder, of names that others chose; its own also where files' names have no case. */
    private static String chart(GateStatistics block, Set<String> taken) {
        String name = (block.layer + "-" + block.gate).replaceAll("[^A-Za-z0-9._-]+", "-");
        String free = name;
        for (int number = 2; !taken.add(free.toLowerCase(Locale.ROOT)); number++) {
            free = name + "-" + number;
        }
        return free + ".png";
    }

    /**
     * The shares of each block, for people.
     *
     * @return a line per block and gate
     */
    public List<String> lines() {
        return blocks.stream()
                .map(block -> String.format(
                        Locale.ROOT,
                        "%s %s, %d gates: always open %.1f %%, always shut %.1f %%, never moving %.1f %%",
                        block.layer,
                        block.gate,
                        block.gates(),
                        100 * block.alwaysOpen(),
                        100 * block.alwaysShut(),
                        100 * block.neverMoving()))
                .collect(Collectors.toList());
    }

    private static double average(GateStatistics block, IntToDoubleFunction value) {
        return IntStream.range(0, block.gates()).mapToDouble(value).average().getAsDouble();
    }

    private static List<Integer> mostDifferent(double[] distances) {
        return IntStream.range(0, distances.length)
                .boxed()
                .filter(label -> !Double.isNaN(distances[label]))
                .sorted(Comparator.comparingDouble(label -> -distances[label]))
                .limit(SHOWN)
                .collect(Collectors.toList());
    }

    /** The {@link #lines()}. */
    @Override
    public String toString() {
        return String.join(System.lineSeparator(), lines());
    }
}
