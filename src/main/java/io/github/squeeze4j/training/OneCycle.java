package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.Inputs;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A learning rate that rises in a line to its peak during the first fifth of the training, then falls along a half
 * cosine.
 *
 * <pre>
 * w = ceil(0.2 steps)
 * rate(i) = peak (i + 1) / w                                        for i &lt; w
 * rate(i) = peak max(0.001, (1 + cos(pi (i - w) / (steps - w))) / 2)  otherwise
 * </pre>
 *
 * <p>After the last step the rate stays at a thousandth of the peak. Smith and Topin, Super-Convergence, 1708.07120;
 * the cosine is Loshchilov and Hutter's, 1608.03983.
 *
 * <pre>{@code
 * .updater(new Nesterovs(new OneCycle(0.1, epochs * batchesPerEpoch), 0.9))
 * }</pre>
 *
 * @serial exclude
 */
public final class OneCycle implements ISchedule {
    private static final long serialVersionUID = 1L;
    private static final double WARM_UP = 0.2;
    private static final double FLOOR = 1e-3;

    @JsonProperty("peak")
    private final double peak;

    @JsonProperty("steps")
    private final int steps;

    /**
     * A schedule for a training of known length.
     *
     * @param peak largest learning rate, positive
     * @param steps number of updates in the whole training, positive
     */
    public OneCycle(@JsonProperty("peak") double peak, @JsonProperty("steps") int steps) {
        this.peak = Optimizer.positiveRate(peak);
        this.steps = Inputs.positive("steps", steps, "use epochs times batches per epoch");
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        int warmUp = (int) Math.ceil(WARM_UP * steps);
        if (iteration < warmUp) {
            return peak * (iteration + 1) / warmUp;
        }
        double part = Math.min(1, (double) (iteration - warmUp) / Math.max(1, steps - warmUp));
        return peak * Math.max(FLOOR, (1 + Math.cos(Math.PI * part)) / 2);
    }

    @Override
    public ISchedule clone() {
        return new OneCycle(peak, steps);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OneCycle && ((OneCycle) other).peak == peak && ((OneCycle) other).steps == steps;
    }

    @Override
    public int hashCode() {
        return 31 * Double.hashCode(peak) + steps;
    }

    @Override
    public String toString() {
        return "OneCycle(peak=" + peak + ", steps=" + steps + ")";
    }
}
