package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.onednn.Dense;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The function that turns a score into a weight between 0 and 1. */
public enum Gate {
    /** 1 / (1 + exp(-s)). */
    SIGMOID {
        @Override
        Value define(BlockOps o, Value score) {
            return o.sigmoid(score);
        }

        @Override
        void applyi(INDArray score) {
            if (MapOps.direct(score)) {
                Dense.sigmoid(score, score);
            } else {
                Transforms.sigmoid(score, false);
            }
        }

        @Override
        void backpropi(INDArray gradient, INDArray gate) {
            if (MapOps.direct(gradient)) {
                Dense.sigmoidGradient(gate, gradient, gradient);
            } else {
                gradient.muli(gate).muli(gate.rsub(1));
            }
        }
    },
    /**
     * min(max(s + 3, 0), 6) / 6, the hard sigmoid of MobileNetV3 (1905.02244) and PyTorch; ND4J's own
     * hard sigmoid has another slope.
     */
    HARD_SIGMOID {
        @Override
        Value define(BlockOps o, Value score) {
            return o.unary(Op.HARD_SIGMOID, score);
        }

        @Override
        void applyi(INDArray score) {
            score.addi(3).divi(6);
            Transforms.max(score, 0, false);
            Transforms.min(score, 1, false);
        }

        @Override
        void backpropi(INDArray gradient, INDArray gate) {
            gradient.muli(gate.gt(0).castTo(gradient.dataType()))
                    .muli(gate.lt(1).castTo(gradient.dataType()))
                    .divi(6);
        }
    };

    /** The reference. */
    abstract Value define(BlockOps o, Value score);

    /** The score of a gate, or of the nearest that is reached. */
    double score(double gate) {
        return this == SIGMOID ? Logit.of(gate) : 6 * Math.max(0, Math.min(1, gate)) - 3;
    }

    /** The gate of that score. */
    double reachable(double gate) {
        return this == SIGMOID ? Logit.reachable(gate) : Math.max(0, Math.min(1, gate));
    }

    /** Replaces scores by gates. */
    abstract void applyi(INDArray score);

    /** Replaces gradients of gates by gradients of scores. */
    abstract void backpropi(INDArray gradient, INDArray gate);
}
