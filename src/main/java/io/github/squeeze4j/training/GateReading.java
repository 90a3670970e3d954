package io.github.squeeze4j.training;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The gates of one attention block at one iteration of a training. */
public final class GateReading {
    private final int iteration;
    private final String layer;
    private final String gate;
    private final double shut;
    private final double open;
    private final double still;

    /**
     * What was read.
     *
     * @param iteration the network's count of iterations
     * @param layer the block's vertex
     * @param gate which gates of the block, such as {@code channel}
     * @param shut share of the gates near their lower bound for every picture, from 0 to 1
     * @param open share of those near their upper bound for every picture
     * @param still share of those that are nearly the same for every picture
     */
    public GateReading(int iteration, String layer, String gate, double shut, double open, double still) {
        this.iteration = iteration;
        this.layer = layer;
        this.gate = gate;
        this.shut = shut;
        this.open = open;
        this.still = still;
    }

    /**
     * When.
     *
     * @return the network's count of iterations
     */
    public int iteration() {
        return iteration;
    }

    /**
     * Where.
     *
     * @return the block's vertex
     */
    public String layer() {
        return layer;
    }

    /**
     * Which gates of the block.
     *
     * @return such as {@code channel}
     */
    public String gate() {
        return gate;
    }

    /**
     * Gates near their lower bound for every picture.
     *
     * @return their share, from 0 to 1
     */
    public double shut() {
        return shut;
    }

    /**
     * Gates near their upper bound for every picture.
     *
     * @return their share, from 0 to 1
     */
    public double open() {
        return open;
    }

    /**
     * Gates that are nearly the same for every picture.
     *
     * @return their share, from 0 to 1; 1 where the batch has one picture
     */
    public double still() {
        return still;
    }

    /**
     * Writes a line per reading: iteration, layer, gate, shut, open, still.
     *
     * @param readings in their order
     * @param file a CSV file, which is replaced
     */
    public static void writeCsv(List<GateReading> readings, Path file) {
        StringBuilder csv = new StringBuilder("iteration,layer,gate,shut,open,still\n");
        for (GateReading reading : readings) {
            csv.append(String.format(
                    Locale.ROOT,
                    "%d,%s,%s,%.4f,%.4f,%.4f\n",
                    reading.iteration,
                    CsvText.of(reading.layer),
                    CsvText.of(reading.gate),
                    reading.shut,
                    reading.open,
                    reading.still));
        }
        AtomicText.write(file, csv.toString());
    }
}
