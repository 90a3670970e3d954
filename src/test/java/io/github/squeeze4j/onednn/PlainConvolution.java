package io.github.squeeze4j.onednn;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A convolution as its definition reads: loops in double precision. */
final class PlainConvolution {
    final int groups;
    private final int stride;
    private final int padding;
    private final int dilation;

    PlainConvolution(int groups, int stride, int padding, int dilation) {
        this.groups = groups;
        this.stride = stride;
        this.padding = padding;
        this.dilation = dilation;
    }

    /** What is tested. */
    Convolution underTest() {
        int[] both = {padding, padding};
        return new Convolution(groups, new int[] {stride, stride}, new int[] {dilation, dilation}, both, both);
    }

    INDArray forward(INDArray x, INDArray weights, INDArray bias) {
        INDArray y = Nd4j.create(DataType.DOUBLE, x.size(0), weights.size(0), out(x, weights, 2), out(x, weights, 3));
        if (bias != null) {
            y.addi(bias.castTo(DataType.DOUBLE).reshape(1, bias.length(), 1, 1));
        }
        visit(
                x,
                weights,
                y,
                (atX, atW, atY) -> y.putScalar(atY, y.getDouble(atY) + x.getDouble(atX) * weights.getDouble(atW)));
        return y;
    }

    /** Gradients of input, weights and bias. */
    INDArray[] backward(INDArray x, INDArray weights, INDArray gradient) {
        INDArray dx = Nd4j.create(DataType.DOUBLE, x.shape());
        INDArray dw = Nd4j.create(DataType.DOUBLE, weights.shape());
        visit(x, weights, gradient, (atX, atW, atY) -> {
            double g = gradient.getDouble(atY);
            dx.putScalar(atX, dx.getDouble(atX) + g * weights.getDouble(atW));
            dw.putScalar(atW, dw.getDouble(atW) + g * x.getDouble(atX));
        });
        INDArray db = gradient.castTo(DataType.DOUBLE).sum(0, 2, 3).reshape(1, gradient.size(1));
        return new INDArray[] {dx, dw, db};
    }

    private long out(INDArray x, INDArray weights, int axis) {
        return (x.size(axis) + 2L * padding - (weights.size(axis) - 1) * dilation - 1) / stride + 1;
    }

    private interface Product {
        void of(long[] atX, long[] atWeights, long[] atY);
    }

    /** Every product of which the convolution is a sum. */
    private void visit(INDArray x, INDArray weights, INDArray y, Product product) {
        long each = weights.size(0) / groups;
        for (long i = 0; i < y.length(); i++) {
            long column = i % y.size(3);
            long row = i / y.size(3) % y.size(2);
            long out = i / (y.size(3) * y.size(2)) % y.size(1);
            long image = i / (y.size(3) * y.size(2) * y.size(1));
            for (long k = 0; k < weights.length() / weights.size(0); k++) {
                long kx = k % weights.size(3);
                long ky = k / weights.size(3) % weights.size(2);
                long in = k / (weights.size(3) * weights.size(2));
                long h = row * stride + ky * dilation - padding;
                long w = column * stride + kx * dilation - padding;
                if (h >= 0 && h < x.size(2) && w >= 0 && w < x.size(3)) {
                    product.of(
                            new long[] {image, out / each * weights.size(1) + in, h, w},
                            new long[] {out, in, ky, kx},
                            new long[] {image, out, row, column});
                }
            }
        }
    }
}
