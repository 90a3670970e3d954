package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.Inputs;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A learning rate that falls along a half cosine.
 *
 * <pre>
 * rate(i) = floor + (peak - floor) (1 + cos(pi min(1, i / steps))) / 2
 * </pre>
 *
 * <p>Loshchilov and Hutter, SGDR, 1608.03983, equation 5 without restarts; i counts updates from 0.
 *
 * @serial exclude
 */
public final class CosineDecay implements ISchedule {
    private static final long serialVersionUID = 1L;

    @JsonProperty("peak")
    private final double peak;

    @JsonProperty("steps")
    private final int steps;

    @JsonProperty("floor")
    private final double floor;

    /**
     * A schedule for a training of known length.
     *
     * @param peak learning rate at the start, positive
     * @param steps number of updates in the whole training, positive
     * @param floor learning rate at the end, from 0 to {@code peak}
     */
    public CosineDecay(
            @JsonProperty("peak") double peak, @JsonProperty("steps") int steps, @JsonProperty("floor") double floor) {
        this.peak = Optimizer.positiveRate(peak);
        this.steps = Inputs.positive("steps", steps, "use epochs times batches per epoch");
        if (!(floor >= 0 && floor <= peak)) {
            throw new BadInputException("floor (" + floor + ") must be from 0 to the peak (" + peak + "); use 0");
        }
        this.floor = floor;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        double part = Math.min(1, (double) iteration / steps);
        return floor + (peak - floor) * (1 + Math.cos(Math.PI * part)) / 2;
    }

    @Override
    public ISchedule clone() {
        return new CosineDecay(peak, steps, floor);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CosineDecay && other.toString().equals(toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    @Override
    public String toString() {
        return "CosineDecay(peak=" + peak + ", steps=" + steps + ", floor=" + floor + ")";
    }
}
