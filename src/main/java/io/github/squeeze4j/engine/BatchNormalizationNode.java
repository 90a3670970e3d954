package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.Steps;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Batch normalization of maps, with the ReLU behind it in the same pass. */
final class BatchNormalizationNode extends Node {
    private static final String GAMMA = BatchNormalizationParamInitializer.GAMMA;
    private static final String BETA = BatchNormalizationParamInitializer.BETA;
    private static final String MEAN = BatchNormalizationParamInitializer.GLOBAL_MEAN;
    private static final String VARIANCE = BatchNormalizationParamInitializer.GLOBAL_VAR;
    private static final String LOG_STD = BatchNormalizationParamInitializer.GLOBAL_LOG_STD;

    private final Layer layer;
    private final GradientViews views;
    private final double epsilon;
    private final double decay;
    private final boolean logStd;
    private final CNN2DFormat format;
    private final boolean frozen;

    /** @param logStd whether the running statistic is log10 of the standard deviation */
    BatchNormalizationNode(
            String name,
            int vertex,
            int input,
            Layer layer,
            double epsilon,
            double decay,
            boolean logStd,
            CNN2DFormat format,
            boolean frozen) {
        super(name, vertex, input);
        this.layer = layer;
        this.epsilon = epsilon;
        this.decay = decay;
        this.logStd = logStd;
        this.format = format;
        this.frozen = frozen;
        views = new GradientViews(layer);
    }

    @Override
    boolean learns() {
        return !frozen;
    }

    private long channels() {
        return layer.getParam(GAMMA).length();
    }

    private double variance(long channel) {
        return logStd
                ? Math.pow(10, 2 * layer.getParam(LOG_STD).getDouble(channel))
                : layer.getParam(VARIANCE).getDouble(channel);
    }

    @Override
    void forward(Emission emission) {
        boolean channelsLast = format == CNN2DFormat.NHWC;
        if (emission.isMap(vertex) && channelsLast != emission.channelsLast()) {
            throw new Unsupported("layer " + name + " is of format " + format + ", the network's maps are not");
        }
        Pending before = emission.absorbable(inputs[0]);
        if (emission.mode == Mode.FROZEN
                && before instanceof ConvolutionNode.Folded
                && ((ConvolutionNode.Folded) before).takesAffine()) {
            ((ConvolutionNode.Folded) before).affine(scale(), shift(scale()));
            emission.defer(vertex, before);
        } else {
            Pass pass = new Pass();
            emission.defer(vertex, pass);
            emission.remember(this, pass);
        }
    }

    private double[] scale() {
        double[] scale = new double[(int) channels()];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = layer.getParam(GAMMA).getDouble(c) / Math.sqrt(variance(c) + epsilon);
        }
        return scale;
    }

    private double[] shift(double[] scale) {
        double[] shift = new double[scale.length];
        for (int c = 0; c < scale.length; c++) {
            shift[c] = layer.getParam(BETA).getDouble(c) - layer.getParam(MEAN).getDouble(c) * scale[c];
        }
        return shift;
    }

    /** The normalization, until what follows is known. */
    private final class Pass extends Pending {
        private Steps.Normalized normalized;
        private int mean;
        private int variance;

        @Override
        boolean takesAddend() {
            return false;
        }

        @Override
        boolean takesFunction(Function next) {
            return super.takesFunction(next) && next != Function.IDENTITY;
        }

        @Override
        boolean ownsFunctionGradient() {
            return normalized != null && normalized.relu;
        }

        @Override
        int emit(Emission emission) {
            dnnl_memory_desc_t numbers = Layout.dense(channels());
            boolean batch = emission.training() && !frozen;
            if (batch) {
                mean = emission.program.temporary(numbers);
                variance = emission.program.temporary(numbers);
            } else {
                mean = emission.parameter(BatchNormalizationNode.this, layer, MEAN, numbers);
                variance = logStd
                        ? runningVariance(emission, numbers)
                        : emission.parameter(BatchNormalizationNode.this, layer, VARIANCE, numbers);
            }
            normalized = emission.steps.batchNormalization(
                    emission.place(inputs[0]),
                    emission.parameter(BatchNormalizationNode.this, layer, GAMMA, numbers),
                    emission.parameter(BatchNormalizationNode.this, layer, BETA, numbers),
                    mean,
                    variance,
                    epsilon,
                    batch && function == Function.RELU,
                    batch);
            if (batch) {
                emission.program.call(
                        program -> {
                            Ordinary.require(program.floats(mean), 0, channels(), 1);
                            Ordinary.require(program.floats(variance), 0, channels(), 1);
                        },
                        mean,
                        variance);
            }
            if (function != Function.IDENTITY && !normalized.relu) {
                // the batch's statistics show what is not a number
                emission.steps.apply(batch ? function : emission.kept(function), normalized.output, normalized.output);
            }
            return normalized.output;
        }

        private int runningVariance(Emission emission, dnnl_memory_desc_t numbers) {
            int place = emission.program.temporary(numbers);
            emission.program.call(
                    program -> {
                        Floats to = program.floats(place);
                        Floats from = new Floats(layer.getParam(LOG_STD));
                        for (long c = 0; c < channels(); c++) {
                            to.put(c, (float) Math.pow(10, 2.0 * from.get(c)));
                        }
                    },
                    place);
            return place;
        }
    }

    @Override
    void backward(Emission emission) {
        Pass pass = emission.recall(this);
        dnnl_memory_desc_t numbers = Layout.dense(channels());
        int gradGamma = frozen ? emission.program.temporary(numbers) : emission.gradientOf(views, GAMMA, numbers);
        int gradBeta = frozen ? emission.program.temporary(numbers) : emission.gradientOf(views, BETA, numbers);
        int gradient = emission.steps.batchNormalizationSource(
                pass.normalized, emission.gradient(vertex), gradGamma, gradBeta);
        emission.contribute(inputs[0], gradient);
        if (!frozen) {
            emission.program.call(
                    program -> moveStatistics(program.floats(pass.mean), program.floats(pass.variance)),
                    pass.mean,
                    pass.variance);
        }
    }

    /** As in DL4J, the "gradient" of a running statistic is what training subtracts. */
    private void moveStatistics(Floats mean, Floats variance) {
        Floats runningMean = new Floats(layer.getParam(MEAN));
        Floats gradMean = new Floats(views.get(MEAN));
        String key = logStd ? LOG_STD : VARIANCE;
        Floats running = new Floats(layer.getParam(key));
        Floats gradient = new Floats(views.get(key));
        double rate = 1 - decay;
        for (long c = 0; c < channels(); c++) {
            gradMean.put(c, (float) (rate * (runningMean.get(c) - mean.get(c))));
            double batch = variance.get(c);
            if (logStd) {
                double old = Math.pow(10, 2.0 * running.get(c));
                gradient.put(c, (float) (0.5 * Math.log10(old / (decay * old + rate * batch))));
            } else {
                gradient.put(c, (float) (rate * (running.get(c) - batch)));
            }
        }
    }

    @Override
    Gradient gradient() {
        Gradient gradient = new DefaultGradient();
        Map<String, INDArray> all = views.all();
        for (String key : new String[] {GAMMA, BETA, MEAN, logStd ? LOG_STD : VARIANCE}) {
            gradient.setGradientFor(key, all.get(key));
        }
        return gradient;
    }
}
