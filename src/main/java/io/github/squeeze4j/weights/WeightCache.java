package io.github.squeeze4j.weights;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of published weights. What is in it is looked at before it is used: a file whose SHA-256 is not the published one, or not
 * that with which it was downloaded, is refused. Immutable.
 *
 * <pre>{@code
 * Path file = WeightCache.standard().get(PublishedWeights.named("timm/resnet50.a1_in1k"));
 * }</pre>
 */
public final class WeightCache {
    /** The system property that names the standard folder. */
    public static final String PROPERTY = "squeeze4j.weights";

    /** The environment variable that names it where the property does not. */
    public static final String VARIABLE = "SQUEEZE4J_WEIGHTS";

    private final Path folder;
    private final boolean plainHttp;

    private WeightCache(Path folder, boolean plainHttp) {
        this.folder = folder;
        this.plainHttp = plainHttp;
    }

    /**
     * The user's folder: that of {@link #PROPERTY} or {@link #VARIABLE} if it is not empty, else {@code .cache/squeeze4j/weights} in his home.
     *
     * @return the cache
     */
    public static WeightCache standard() {
        return Stream.of(System.getProperty(PROPERTY, ""), Objects.toString(System.getenv(VARIABLE), ""))
                .filter(named -> !named.isBlank())
                .findFirst()
                .map(named -> in(Path.of(named)))
                .orElseGet(() -> in(Path.of(System.getProperty("user.home"), ".cache", "squeeze4j", "weights")));
    }

    /**
     * A folder of your own.
     *
     * @param folder made when something is downloaded
     * @return the cache
     */
    public static WeightCache in(Path folder) {
        return new WeightCache(folder, false);
    }

    /**
     * Downloads without encryption, too, where an address has none: the published sum then is all that protects. Eight
     * digits of one show damage, not forgery, for which all are needed.
     *
     * @return the cache, to download so
     */
    public WeightCache plainHttp() {
        return new WeightCache(folder, true);
    }

    /**
     * Where a file of these weights belongs; one that was got otherwise may be put there.
     *
     * @param weights from the catalogue
     * @return the file, there or not
     */
    public Path file(PublishedWeights weights) {
        return folder.resolve(weights.fileName());
    }

    /**
     * The file, if it is there.
     *
     * @param weights from the catalogue
     * @return the file, whose sum is right; empty if there is none
     * @throws WeightsException if its sum is wrong, or it cannot be read
     */
    public Optional<Path> find(PublishedWeights weights) {
        Path file = file(weights);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        // that of the download has all digits, where often eight are published
        Optional<String> sum = Checksum.recorded(file)
                .filter(recorded -> recorded.startsWith(weights.sha256().orElse("")))
                .or(weights::sha256);
        sum.ifPresent(published -> Checksum.require(file, published, "delete it, and get it again"));
        return Optional.of(file);
    }

    /**
     * The file, downloaded if it is not there: beside its place, and there when it is whole and its sum is right. A download that was
     * cut goes on where it was.
     *
     * @param weights from the catalogue
     * @return the file
     * @throws WeightsException if it has no address, cannot be downloaded or has a wrong sum
     */
    public Path get(PublishedWeights weights) {
        Optional<Path> there = find(weights);
        if (there.isPresent()) {
            return there.get();
        }
        Path file = file(weights);
        URI url = weights.url()
                .orElseThrow(() -> new WeightsException("published weights (" + weights
                        + ") must be got by hand, as no program can download them; see " + weights.page()
                        + " and put the file at "
                        + file));
        try {
            Files.createDirectories(folder.toAbsolutePath());
        } catch (IOException e) {
            throw new WeightsException(
                    "folder of weights (" + folder + ") must be one that can be made (" + e + "); name another with -D"
                            + PROPERTY + "=DIR",
                    e);
        }
        String sum = new Download(url, file, weights.sha256().orElse(""), plainHttp).run();
        Checksum.record(file, sum);
        return file;
    }
}
