package io.github.squeeze4j.training;

import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * SGD with heavy-ball momentum, which DL4J lacks: v = momentum * v + gradient, step = rate * v, as in PyTorch's SGD without
 * {@code nesterov}. Sutskever et al., On the importance of initialization and momentum, 2013, equations 1 and 2, with the
 * rate outside the velocity.
 *
 * @serial exclude
 */
public final class ClassicMomentum implements IUpdater {
    private static final long serialVersionUID = 1L;
    private static final String VELOCITY = "V";

    @JsonProperty("learningRate")
    private double learningRate;

    @JsonProperty("schedule")
    private ISchedule schedule;

    @JsonProperty("momentum")
    private final double momentum;

    /**
     * An updater.
     *
     * @param schedule of the learning rate
     * @param momentum from 0 to below 1
     */
    public ClassicMomentum(ISchedule schedule, double momentum) {
        this(Double.NaN, schedule, momentum);
    }

    ClassicMomentum(
            @JsonProperty("learningRate") double learningRate,
            @JsonProperty("schedule") ISchedule schedule,
            @JsonProperty("momentum") double momentum) {
        this.learningRate = learningRate;
        this.schedule = schedule;
        this.momentum = Optimizer.fraction("momentum", momentum, "use 0.9");
    }

    @Override
    public long stateSize(long parameters) {
        return parameters;
    }

    @Override
    public GradientUpdater<ClassicMomentum> instantiate(INDArray view, boolean initialize) {
        Step step = new Step(this);
        INDArray row = view.reshape(view.length());
        step.setStateViewArray(row, row.shape(), row.ordering(), initialize);
        return step;
    }

    @Override
    public GradientUpdater<ClassicMomentum> instantiate(Map<String, INDArray> state, boolean initialize) {
        Step step = new Step(this);
        step.setState(state, initialize);
        return step;
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return schedule == null ? learningRate : schedule.valueAt(iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double rate, ISchedule rates) {
        learningRate = rate;
        schedule = rates;
    }

    @Override
    public IUpdater clone() {
        return new ClassicMomentum(learningRate, schedule == null ? null : schedule.clone(), momentum);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClassicMomentum
                && Double.compare(((ClassicMomentum) other).learningRate, learningRate) == 0
                && ((ClassicMomentum) other).momentum == momentum
                && Objects.equals(((ClassicMomentum) other).schedule, schedule);
    }

    @Override
    public int hashCode() {
        return Objects.hash(learningRate, schedule, momentum);
    }

    @Override
    public String toString() {
        return "ClassicMomentum(" + (schedule == null ? learningRate : schedule) + ", momentum=" + momentum + ")";
    }

    private static final class Step implements GradientUpdater<ClassicMomentum> {
        private final ClassicMomentum config;
        private INDArray velocity;

        Step(ClassicMomentum config) {
            this.config = config;
        }

        @Override
        public ClassicMomentum getConfig() {
            return config;
        }

        @Override
        public void setState(Map<String, INDArray> state, boolean initialize) {
            velocity = state.get(VELOCITY);
        }

        @Override
        public Map<String, INDArray> getState() {
            return Map.of(VELOCITY, velocity);
        }

        @Override
        public void setStateViewArray(INDArray view, long[] shape, char order, boolean initialize) {
            if (initialize) {
                view.assign(0);
            }
            velocity = view.reshape(order, shape);
        }

        @Override
        public void applyUpdater(INDArray gradient, int iteration, int epoch) {
            velocity.muli(config.momentum).addi(gradient.reshape(velocity.shape()));
            gradient.assign(velocity.reshape(gradient.shape())).muli(config.getLearningRate(iteration, epoch));
        }
    }
}
