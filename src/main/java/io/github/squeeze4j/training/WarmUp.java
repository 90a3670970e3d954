package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.Inputs;
import java.util.Objects;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Another schedule that is reached in a line: rate(i) = min(1, (i + 1) / steps) * then(i), i counting updates from 0.
 *
 * <p>Goyal et al., 1706.02677, section 2.2. Unlike DL4J's {@code RampSchedule} it survives saving.
 *
 * @serial exclude
 */
public final class WarmUp implements ISchedule {
    private static final long serialVersionUID = 1L;

    @JsonProperty("then")
    private final ISchedule then;

    @JsonProperty("steps")
    private final int steps;

    /**
     * A slow start.
     *
     * @param then what is reached
     * @param steps updates until it is, positive
     */
    public WarmUp(@JsonProperty("then") ISchedule then, @JsonProperty("steps") int steps) {
        this.then = Objects.requireNonNull(then, "then");
        this.steps = Inputs.positive("warm-up steps", steps, "use the batches of one epoch");
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return Math.min(1, (iteration + 1.0) / steps) * then.valueAt(iteration, epoch);
    }

    @Override
    public ISchedule clone() {
        return new WarmUp(then.clone(), steps);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WarmUp && ((WarmUp) other).steps == steps && ((WarmUp) other).then.equals(then);
    }

    @Override
    public int hashCode() {
        return 31 * then.hashCode() + steps;
    }

    @Override
    public String toString() {
        return "WarmUp(" + steps + " steps, " + then + ")";
    }
}
