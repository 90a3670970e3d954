package io.github.squeeze4j.layers;

import io.github.squeeze4j.onednn.Numbers.Floats;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalizationHelper;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Batch normalization of FLOAT feature maps in two passes forward and two passes backward over the raw memory; one
 * instance per runtime layer.
 *
 * <p>ND4J's reductions and its {@code batchnorm_bp} take four times as long, and sum in single precision. Sums here are
 * double. A map is read as rows: [N][C][H * W] in NCHW, [N * H * W][C][1] in NHWC.
 */
final class RowBatchNormalizationHelper implements BatchNormalizationHelper {
    private INDArray mean;
    private INDArray variance;
    private double[] sums;
    private double[] products;
    private float[] center;
    private float[] scale;
    private float[] slope;
    private float[] shift;

    @Override
    public boolean checkSupported() {
        return true;
    }

    @Override
    public boolean checkSupported(double eps, boolean fixedGammaBeta) {
        return !fixedGammaBeta;
    }

    /** With running statistics in evaluation mode; what a backward pass would then see are those. */
    @Override
    public INDArray preOutput(
            INDArray x,
            boolean training,
            long[] shape,
            INDArray gamma,
            INDArray beta,
            INDArray runningMean,
            INDArray runningVariance,
            double decay,
            double eps,
            CNN2DFormat format,
            LayerWorkspaceMgr workspaces) {
        Rows rows = new Rows(x, format);
        prepare(rows.channels);
        Floats from = values(x);
        if (training) {
            statistics(rows, from);
        } else {
            mean.assign(runningMean.reshape(mean.shape()));
            variance.assign(runningVariance.reshape(variance.shape()));
        }
        INDArray y = workspaces.createUninitialized(ArrayType.ACTIVATIONS, x.dataType(), x.shape(), 'c');
        for (int c = 0; c < rows.channels; c++) {
            center[c] = mean.getFloat(c);
            scale[c] = (float) (gamma.getDouble(c) / Math.sqrt(variance.getDouble(c) + eps));
            shift[c] = beta.getFloat(c);
        }
        normalise(rows, from, values(y));
        return y;
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(
            INDArray x,
            INDArray gradOutput,
            long[] shape,
            INDArray gamma,
            INDArray beta,
            INDArray gradGamma,
            INDArray gradBeta,
            double eps,
            CNN2DFormat format,
            LayerWorkspaceMgr workspaces) {
        Rows rows = new Rows(x, format);
        Floats from = values(x);
        Floats incoming = values(gradOutput);
        correlations(rows, from, incoming);
        double count = (double) rows.outer * rows.inner;
        for (int c = 0; c < rows.channels; c++) {
            double inverse = 1 / Math.sqrt(variance.getDouble(c) + eps);
            double gradient = gamma.getDouble(c) * inverse;
            gradGamma.putScalar(c, products[c] * inverse);
            gradBeta.putScalar(c, sums[c]);
            scale[c] = (float) gradient;
            slope[c] = (float) (-gradient * inverse * inverse * products[c] / count);
            shift[c] = (float) (-gradient * sums[c] / count);
        }
        INDArray gradInput = workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, x.dataType(), x.shape(), 'c');
        propagate(rows, from, incoming, values(gradInput));
        Gradient gradient = new DefaultGradient();
        gradient.setGradientFor(BatchNormalizationParamInitializer.GAMMA, gradGamma);
        gradient.setGradientFor(BatchNormalizationParamInitializer.BETA, gradBeta);
        return new Pair<>(gradient, gradInput);
    }

    /** mean and (biased) variance per channel. */
    private void statistics(Rows rows, Floats x) {
        Arrays.fill(sums, 0);
        Arrays.fill(products, 0);
        long at = 0;
        for (long o = 0; o < rows.outer; o++) {
            for (int c = 0; c < rows.channels; c++) {
                double sum0 = 0;
                double sum1 = 0;
                double square0 = 0;
                double square1 = 0;
                long end = at + rows.inner;
                for (; at + 1 < end; at += 2) {
                    double value0 = x.get(at);
                    double value1 = x.get(at + 1);
                    sum0 += value0;
                    sum1 += value1;
                    square0 += value0 * value0;
                    square1 += value1 * value1;
                }
                for (; at < end; at++) {
                    double value = x.get(at);
                    sum0 += value;
                    square0 += value * value;
                }
                sums[c] += sum0 + sum1;
                products[c] += square0 + square1;
            }
        }
        double count = (double) rows.outer * rows.inner;
        for (int c = 0; c < rows.channels; c++) {
            double average = sums[c] / count;
            mean.putScalar(c, average);
            variance.putScalar(c, Math.max(0, products[c] / count - average * average));
        }
    }

    /** y = (x - center) * scale + shift. */
    private void normalise(Rows rows, Floats x, Floats y) {
        long at = 0;
        for (long o = 0; o < rows.outer; o++) {
            for (int c = 0; c < rows.channels; c++) {
                float middle = center[c];
                float factor = scale[c];
                float offset = shift[c];
                for (long end = at + rows.inner; at < end; at++) {
                    y.put(at, (x.get(at) - middle) * factor + offset);
                }
            }
        }
    }

    /** Per channel, the sum of g and the sum of g * (x - center). */
    private void correlations(Rows rows, Floats x, Floats g) {
        Arrays.fill(sums, 0);
        Arrays.fill(products, 0);
        long at = 0;
        for (long o = 0; o < rows.outer; o++) {
            for (int c = 0; c < rows.channels; c++) {
                float middle = center[c];
                double sum0 = 0;
                double sum1 = 0;
                double product0 = 0;
                double product1 = 0;
                long end = at + rows.inner;
                for (; at + 1 < end; at += 2) {
                    double gradient0 = g.get(at);
                    double gradient1 = g.get(at + 1);
                    sum0 += gradient0;
                    sum1 += gradient1;
                    product0 += gradient0 * (x.get(at) - middle);
                    product1 += gradient1 * (x.get(at + 1) - middle);
                }
                for (; at < end; at++) {
                    double gradient = g.get(at);
                    sum0 += gradient;
                    product0 += gradient * (x.get(at) - middle);
                }
                sums[c] += sum0 + sum1;
                products[c] += product0 + product1;
            }
        }
    }

    /** gradient of x = g * scale + (x - center) * slope + shift. */
    private void propagate(Rows rows, Floats x, Floats g, Floats target) {
        long at = 0;
        for (long o = 0; o < rows.outer; o++) {
            for (int c = 0; c < rows.channels; c++) {
                float middle = center[c];
                float factor = scale[c];
                float tilt = slope[c];
                float offset = shift[c];
                for (long end = at + rows.inner; at < end; at++) {
                    target.put(at, g.get(at) * factor + (x.get(at) - middle) * tilt + offset);
                }
            }
        }
    }

    private void prepare(int channels) {
        if (sums == null) {
            sums = new double[channels];
            products = new double[channels];
            center = new float[channels];
            scale = new float[channels];
            slope = new float[channels];
            shift = new float[channels];
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                mean = Nd4j.create(DataType.FLOAT, channels);
                variance = Nd4j.create(DataType.FLOAT, channels);
            }
        }
    }

    private static Floats values(INDArray dense) {
        return new Floats(dense);
    }

    @Override
    public INDArray getMeanCache(DataType dataType) {
        return mean;
    }

    @Override
    public INDArray getVarCache(DataType dataType) {
        return variance;
    }

    @Override
    public Map<String, Long> helperMemoryUse() {
        return Collections.emptyMap();
    }

    /** A dense map as rows of {@code inner} numbers, whose channel goes round. */
    private static final class Rows {
        final long outer;
        final int channels;
        final long inner;

        Rows(INDArray map, CNN2DFormat format) {
            boolean channelsFirst = format == CNN2DFormat.NCHW;
            channels = (int) map.size(channelsFirst ? 1 : 3);
            inner = channelsFirst ? map.size(2) * map.size(3) : 1;
            outer = map.length() / (channels * inner);
        }
    }
}
