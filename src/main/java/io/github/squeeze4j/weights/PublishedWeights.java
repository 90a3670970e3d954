package io.github.squeeze4j.weights;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A checkpoint that somebody published and that loads here: where it is, what it is of, how its images are prepared, how good its
 * source says it is. Immutable.
 *
 * <p>The catalogue is a file of this library, made from the sources' own tables; what these do not say is left out. It names files
 * and holds none: {@link WeightCache} downloads.
 *
 * <pre>{@code
 * PublishedWeights published = PublishedWeights.named("timm/tf_efficientnet_lite0.in1k");
 * ImageClassifier classifier = PretrainedClassifier.read(published, WeightCache.standard(), null).classifier();
 * }</pre>
 */
public final class PublishedWeights {
    private static final String TABLE = "published.csv";
    private static final int COLUMNS = 17;
    private static final List<PublishedWeights> ALL = read();

    private final String[] cells;

    private PublishedWeights(String[] cells) {
        this.cells = cells;
    }

    private static List<PublishedWeights> read() {
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(PublishedWeights.class.getResourceAsStream(TABLE), StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.startsWith("#") && !line.startsWith("name,"))
                    .map(line -> new PublishedWeights(line.split(",", COLUMNS)))
                    .collect(Collectors.toUnmodifiableList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The catalogue.
     *
     * @return all checkpoints, by name
     */
    public static List<PublishedWeights> all() {
        return ALL;
    }

    /**
     * Those whose name or network matches.
     *
     * @param pattern part of a name, in which * stands for anything
     * @return checkpoints by name; none if nothing matches
     */
    public static List<PublishedWeights> matching(String pattern) {
        String expression =
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        Pattern part = Pattern.compile(expression, Pattern.CASE_INSENSITIVE);
        return ALL.stream()
                .filter(each -> part.matcher(each.name()).find()
                        || part.matcher(each.network()).find())
                .collect(Collectors.toUnmodifiableList());
    }

    /**
     * One checkpoint.
     *
     * @param name as {@link #name()} gives it
     * @return the checkpoint
     * @throws WeightsException if there is none of that name; the message lists some that hold it
     */
    public static PublishedWeights named(String name) {
        return ALL.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow(() -> {
            List<String> near = matching(name.replaceFirst(".*/", "")).stream()
                    .map(PublishedWeights::name)
                    .limit(5)
                    .collect(Collectors.toList());
            return new WeightsException("published weights (" + WeightsException.name(name) + ") must be one of the "
                    + ALL.size() + " known"
                    + (near.isEmpty() ? "; see PublishedWeights.all()" : ", such as " + String.join(", ", near)));
        });
    }

    /**
     * What the checkpoint is called here.
     *
     * @return source, slash, and the source's own name: {@code timm/resnet50.a1_in1k}
     */
    public String name() {
        return cells[0];
    }

    /**
     * The network that it fills.
     *
     * @return a name of {@code Models}
     */
    public String network() {
        return cells[1];
    }

    /**
     * The attention that the network has to be given.
     *
     * @return a name of {@code Attention}; empty for the network's own
     */
    public Optional<String> attention() {
        return text(2);
    }

    /**
     * Who published it.
     *
     * @return a library or repository
     */
    public String source() {
        return cells[3];
    }

    /**
     * Where to read about it.
     *
     * @return an address
     */
    public URI page() {
        return URI.create(cells[4]);
    }

    /**
     * Where the file is.
     *
     * @return its address; empty where it is behind a page that only people can use, {@link #page()}
     */
    public Optional<URI> url() {
        return text(5).map(URI::create);
    }

    /**
     * The sum that is published for the file.
     *
     * @return SHA-256 in hexadecimal digits, often the first eight alone, which show damage and not
     *     forgery; empty where none is published
     */
    public Optional<String> sha256() {
        return text(6);
    }

    /**
     * What the source says of its use.
     *
     * @return a short name such as {@code apache-2.0}; empty where it says nothing
     */
    public Optional<String> licence() {
        return text(7);
    }

    /**
     * The paper of the network.
     *
     * @return a number of arXiv
     */
    public String paper() {
        return cells[8];
    }

    /**
     * How its images are prepared; the loaded network takes red first, whatever {@link #colourOrder()} is.
     *
     * @return the settings
     */
    public InputSettings input() {
        int size = Integer.parseInt(cells[9]);
        return new InputSettings(
                size,
                size / Double.parseDouble(cells[10]),
                text(11).orElse("bilinear"),
                numbers(cells[12]),
                numbers(cells[13]));
    }

    /**
     * The order of colours that the file's first convolution takes.
     *
     * @return {@code RGB} or {@code BGR}
     */
    public String colourOrder() {
        return cells[14];
    }

    /**
     * Its accuracy on ImageNet's validation images, one crop, as the source says.
     *
     * @return percent; empty where it says nothing for this size
     */
    public OptionalDouble top1() {
        return number(15);
    }

    /**
     * How often the right class is among the first five.
     *
     * @return percent; empty where the source says nothing
     */
    public OptionalDouble top5() {
        return number(16);
    }

    /**
     * What the file is called in a cache: its name tells of what it is, as that at its address may not.
     *
     * @return the part of {@link #name()} behind the slash, with the ending of the file at its address
     */
    public String fileName() {
        String ending = url().map(URI::getPath).orElse("").replaceFirst(".*(\\.\\w+)$", "$1");
        String plain = name().replaceFirst(".*/", "");
        return plain + (ending.isEmpty() ? source().startsWith("SENet") ? ".caffemodel" : ".pth" : ending);
    }

    private Optional<String> text(int column) {
        return Optional.of(cells[column]).filter(cell -> !cell.isEmpty());
    }

    private OptionalDouble number(int column) {
        return cells[column].isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(cells[column]));
    }

    private static double[] numbers(String cell) {
        return Arrays.stream(cell.split(" ")).mapToDouble(Double::parseDouble).toArray();
    }

    @Override
    public String toString() {
        return name();
    }
}
