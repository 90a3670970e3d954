package io.github.squeeze4j.blocks;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.ops.transforms.Transforms;

/** How a map becomes one number per channel in {@link Cbam}'s channel gate. */
public enum Pool {
    /** The mean over the map. */
    AVG {
        @Override
        SDVariable define(SDVariable x) {
            return x.mean(2, 3);
        }

        @Override
        void forward(INDArray x, INDArray out, Memory memory) {
            MapOps.mean(x, out);
        }

        @Override
        void backward(INDArray x, INDArray pooled, INDArray gradient, INDArray gradInput, Memory memory) {
            MapOps.addToChannels(gradInput, gradient.div(x.size(2) * x.size(3)));
        }
    },
    /** The maximum over the map; its gradient goes to the first position that has it. */
    MAX {
        @Override
        SDVariable define(SDVariable x) {
            return x.max(2, 3);
        }

        @Override
        void forward(INDArray x, INDArray out, Memory memory) {
            MapOps.maximum(x, out);
        }

        @Override
        void backward(INDArray x, INDArray pooled, INDArray gradient, INDArray gradInput, Memory memory) {
            MapOps.addAtChosen(gradInput, MapOps.whereMaximum(x, memory), gradient, 1, x.size(2) * x.size(3));
        }
    },
    /** The Euclidean norm of the map; a map of zeros has the gradient 0 (PyTorch's is not a number). */
    LP {
        @Override
        SDVariable define(SDVariable x) {
            SDVariable squares = x.mul(x).sum(2, 3);
            SDVariable zero = squares.eq(0).castTo(x.dataType());
            return x.getSameDiff().math().sqrt(squares.add(zero)).sub(zero);
        }

        @Override
        void forward(INDArray x, INDArray out, Memory memory) {
            INDArray scratch = memory.temporary(x.shape());
            MapOps.dotChannels(x, x, scratch, out);
            Transforms.sqrt(out, false);
        }

        @Override
        void backward(INDArray x, INDArray pooled, INDArray gradient, INDArray gradInput, Memory memory) {
            INDArray scratch = memory.temporary(x.shape());
            INDArray norm = pooled.add(pooled.eq(0).castTo(pooled.dataType()));
            MapOps.multiply(x, MapOps.perChannel(gradient.div(norm)), scratch);
            gradInput.addi(scratch);
        }
    },
    /** The logarithm of the sum of exponentials over the map. */
    LSE {
        @Override
        SDVariable define(SDVariable x) {
            SDVariable largest = x.getSameDiff().max(x, true, 2, 3);
            SDVariable sum = x.getSameDiff().math().exp(x.sub(largest)).sum(true, 2, 3);
            return x.getSameDiff()
                    .squeeze(
                            x.getSameDiff()
                                    .squeeze(x.getSameDiff().math().log(sum).add(largest), 3),
                            2);
        }

        @Override
        void forward(INDArray x, INDArray out, Memory memory) {
            INDArray rows = MapOps.rows(x);
            INDArray largest = rows.max(1);
            INDArray exponentials = MapOps.rows(memory.temporary(x.shape()));
            Broadcast.sub(rows, largest, exponentials, 0);
            Transforms.exp(exponentials, false);
            out.assign(Transforms.log(exponentials.sum(1), false).addi(largest).reshape('c', out.shape()));
        }

        @Override
        void backward(INDArray x, INDArray pooled, INDArray gradient, INDArray gradInput, Memory memory) {
            INDArray rows = MapOps.rows(x);
            INDArray softmax = MapOps.rows(memory.temporary(x.shape()));
            Broadcast.sub(rows, pooled.reshape('c', new long[] {pooled.length()}), softmax, 0);
            Transforms.exp(softmax, false);
            softmax.muliColumnVector(gradient.reshape('c', new long[] {gradient.length(), 1}));
            MapOps.rows(gradInput).addi(softmax);
        }
    };

    /** The reference: [N, C] from x [N, C, H, W]. */
    abstract SDVariable define(SDVariable x);

    /** Writes [N, C]. */
    abstract void forward(INDArray x, INDArray out, Memory memory);

    /** Adds the gradient of x to {@code gradInput}; pooled and gradient are [N, C]. */
    abstract void backward(INDArray x, INDArray pooled, INDArray gradient, INDArray gradInput, Memory memory);
}
