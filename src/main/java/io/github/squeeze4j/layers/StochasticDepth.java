package io.github.squeeze4j.layers;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.MulOp;
import org.nd4j.linalg.api.ops.random.impl.BernoulliDistribution;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonIgnoreProperties;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Stochastic depth: in training drops the whole branch of an example, else scales it so that its mean stays.
 *
 * <pre>
 * y[n] = x[n] * b[n] / (1 - p),   b[n] = 0 with probability p, else 1
 * </pre>
 *
 * <p>Shapes: x and y [N, ...]. Stands in a {@code DropoutLayer} at the end of a residual branch, before the addition; does
 * nothing at inference.
 *
 * <p>Huang et al., Deep Networks with Stochastic Depth, 1603.09382, section 3; scaled in training instead of at inference as
 * in timm's {@code DropPath} and torchvision's {@code StochasticDepth} of mode "row".
 *
 * <pre>{@code
 * .addLayer("drop", new DropoutLayer.Builder(new StochasticDepth(0.1)).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "drop", "shortcut")
 * }</pre>
 */
@JsonIgnoreProperties({"mask"})
public final class StochasticDepth implements IDropout {
    private final double probability;
    private transient INDArray mask;

    /**
     * Sets how often a branch is dropped.
     *
     * @param probability from 0 to below 1
     */
    public StochasticDepth(@JsonProperty("probability") double probability) {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException(
                    "probability (" + probability + ") must be from 0 to below 1; use new StochasticDepth(0.1)");
        }
        this.probability = probability;
    }

    /**
     * How often a branch is dropped.
     *
     * @return the probability
     */
    @JsonProperty("probability")
    public double getProbability() {
        return probability;
    }

    @Override
    public INDArray applyDropout(
            INDArray inputActivations, INDArray resultArray, int iteration, int epoch, LayerWorkspaceMgr workspaces) {
        long[] shape = new long[inputActivations.rank()];
        Arrays.fill(shape, 1);
        shape[0] = inputActivations.size(0);
        mask = workspaces.createUninitialized(ArrayType.INPUT, inputActivations.dataType(), shape, 'c');
        Nd4j.getExecutioner().exec(new BernoulliDistribution(mask, 1 - probability));
        mask.divi(1 - probability);
        Nd4j.exec(new MulOp(inputActivations, mask, resultArray));
        return resultArray;
    }

    @Override
    public INDArray backprop(INDArray gradAtOutput, INDArray gradAtInput, int iteration, int epoch) {
        if (mask == null) {
            throw new IllegalStateException(
                    "StochasticDepth: backprop must follow a forward pass in training; call fit or feedForward(true)");
        }
        Nd4j.exec(new MulOp(gradAtOutput, mask, gradAtInput));
        return gradAtInput;
    }

    @Override
    public void clear() {
        mask = null;
    }

    @Override
    public StochasticDepth clone() {
        return new StochasticDepth(probability);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StochasticDepth && ((StochasticDepth) other).probability == probability;
    }

    @Override
    public int hashCode() {
        return Double.hashCode(probability);
    }

    @Override
    public String toString() {
        return "StochasticDepth(" + probability + ")";
    }
}
