package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Sampling;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;

/** Which numbers of its input, times which weights, are added to each number of a linear operation's result. */
final class Taps {
    /** What is done with each of them. */
    @FunctionalInterface
    interface Tap {
        /** @param w 0 for operations without weights */
        void at(int x, int w, int y, double factor);
    }

    private final Value value;
    private final int batch;
    private final int channels;
    private final int height;
    private final int width;
    private final int toChannels;
    private final int toHeight;
    private final int toWidth;

    private Taps(Value value, long batch) {
        this.value = value;
        this.batch = Math.toIntExact(batch);
        TensorType in = value.input(0).type();
        TensorType out = value.type();
        channels = Math.toIntExact(in.size(1));
        height = Math.toIntExact(in.size(2));
        width = Math.toIntExact(in.size(3));
        toChannels = Math.toIntExact(out.size(1));
        toHeight = Math.toIntExact(out.size(2));
        toWidth = Math.toIntExact(out.size(3));
    }

    /** All of them, for a value of DENSE, CONVOLUTION, a pooling by means or RESIZE. */
    static void of(Value value, long batch, Tap tap) {
        Taps taps = new Taps(value, batch);
        if (value.is(Op.DENSE)) {
            taps.dense(tap);
        } else if (value.is(Op.CONVOLUTION)) {
            taps.convolution(tap);
        } else if (value.is(Op.ADAPTIVE_POOLS)) {
            int from = 0;
            for (int bins : value.integers("bins")) {
                taps.sampling(new Ops().adaptivePool(value.input(0), bins), from, taps.toHeight, tap);
                from += bins * bins;
            }
        } else {
            taps.sampling(value, 0, taps.toHeight * taps.toWidth, tap);
        }
    }

    private void dense(Tap tap) {
        int positions = height * width;
        for (int n = 0; n < batch; n++) {
            for (int o = 0; o < toChannels; o++) {
                for (int c = 0; c < channels; c++) {
                    for (int p = 0; p < positions; p++) {
                        int y = (n * toChannels + o) * positions + p;
                        tap.at((n * channels + c) * positions + p, c * toChannels + o, y, 1);
                    }
                }
            }
        }
    }

    private void convolution(Tap tap) {
        int[] stride = value.integers("stride");
        int[] dilation = value.integers("dilation");
        int[] padding = value.integers("padding");
        int ofGroup = Math.toIntExact(value.input(1).type().size(1));
        int kernelHeight = Math.toIntExact(value.input(1).type().size(2));
        int kernelWidth = Math.toIntExact(value.input(1).type().size(3));
        int perGroup = toChannels / value.integer("groups", 1);
        for (int map = 0; map < batch * toChannels; map++) {
            int o = map % toChannels;
            int first = map / toChannels * channels + o / perGroup * ofGroup;
            for (int y = 0; y < toHeight * toWidth; y++) {
                for (int w = 0; w < ofGroup * kernelHeight * kernelWidth; w++) {
                    int i = w / kernelWidth % kernelHeight;
                    int row = y / toWidth * stride[0] - padding[0] + i * dilation[0];
                    int column = y % toWidth * stride[1] - padding[1] + w % kernelWidth * dilation[1];
                    if (row >= 0 && row < height && column >= 0 && column < width) {
                        int x = ((first + w / (kernelWidth * kernelHeight)) * height + row) * width + column;
                        tap.at(x, o * ofGroup * kernelHeight * kernelWidth + w, map * toHeight * toWidth + y, 1);
                    }
                }
            }
        }
    }

    /** @param of whose result begins there in rows of that many numbers */
    private void sampling(Value of, int from, int row, Tap tap) {
        double[][] down = Sampling.matrix(of, 2);
        double[][] across = Sampling.matrix(of, 3);
        for (int map = 0; map < batch * channels; map++) {
            for (int i = 0; i < down.length; i++) {
                for (int j = 0; j < across.length; j++) {
                    int y = map * row + from + i * across.length + j;
                    for (int h = 0; h < height; h++) {
                        for (int w = 0; w < width && down[i][h] != 0; w++) {
                            if (across[j][w] != 0) {
                                tap.at((map * height + h) * width + w, 0, y, down[i][h] * across[j][w]);
                            }
                        }
                    }
                }
            }
        }
    }
}
