package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.ops.transforms.Transforms;

/** How a map becomes one number per channel in {@link Cbam}'s channel gate. */
public enum Pool {
    /** The mean over the map. */
    AVG {
        @Override
        Value define(BlockOps o, Value x) {
            return o.mean(x, 2, 3);
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
        Value define(BlockOps o, Value x) {
            return o.max(x, 2, 3);
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
        Value define(BlockOps o, Value x) {
            Value squares = o.sum(o.multiply(x, x), 2, 3);
            Value zero = o.unary(Op.IS_ZERO, squares);
            return o.subtract(o.sqrt(o.add(squares, zero)), zero);
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
        Value define(BlockOps o, Value x) {
            Value largest = o.max(x, 2, 3);
            Value sum = o.sum(o.unary(Op.EXP, o.subtract(x, largest)), 2, 3);
            return o.add(o.unary(Op.LOG, sum), largest);
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

    /** The reference: [N, C, 1, 1] from x [N, C, H, W]. */
    abstract Value define(BlockOps o, Value x);

    /** Writes [N, C]. */
    abstract void forward(INDArray x, INDArray out, Memory memory);

    /** Adds the gradient of x to {@code gradInput}; pooled and gradient are [N, C]. */
    abstract void backward(INDArray x, INDArray pooled, INDArray gradient, INDArray gradInput, Memory memory);
}
