package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.util.Objects;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Another schedule times a factor: the learning rate of layers that learn more slowly than the rest.
 *
 * @serial exclude
 */
public final class ScaledSchedule implements ISchedule {
    private static final long serialVersionUID = 1L;

    @JsonProperty("schedule")
    private final ISchedule schedule;

    @JsonProperty("factor")
    private final double factor;

    /**
     * A schedule with a factor.
     *
     * @param schedule what is scaled
     * @param factor positive
     */
    public ScaledSchedule(@JsonProperty("schedule") ISchedule schedule, @JsonProperty("factor") double factor) {
        this.schedule = Objects.requireNonNull(schedule, "schedule");
        if (!(factor > 0) || Double.isInfinite(factor)) {
            throw new BadInputException("learning-rate factor (" + factor
                    + ") must be positive and finite; use 0.1, or freeze layers that are not to learn");
        }
        this.factor = factor;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return factor * schedule.valueAt(iteration, epoch);
    }

    @Override
    public ISchedule clone() {
        return new ScaledSchedule(schedule.clone(), factor);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ScaledSchedule
                && ((ScaledSchedule) other).factor == factor
                && ((ScaledSchedule) other).schedule.equals(schedule);
    }

    @Override
    public int hashCode() {
        return 31 * schedule.hashCode() + Double.hashCode(factor);
    }

    @Override
    public String toString() {
        return factor + " * " + schedule;
    }
}
