package io.github.squeeze4j.blocks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/** What a block's SameDiff definition is written with: its parameters, its map's size, and the pieces that blocks share. */
final class BlockGraph {
    static final String BATCH_MEAN = "batchMean";
    static final String BATCH_VARIANCE = "batchVariance";

    final SameDiff sd;
    final MapSize size;
    private final Map<String, SDVariable> parameters;
    private final boolean training;
    private final List<Shown> shown = new ArrayList<>();

    BlockGraph(SameDiff sd, Map<String, SDVariable> parameters, MapSize size, boolean training) {
        this.sd = sd;
        this.parameters = parameters;
        this.size = size;
        this.training = training;
    }

    SDVariable parameter(String name) {
        return parameters.get(name);
    }

    /** The parameter in double precision. */
    SDVariable exact(String name) {
        return parameters.get(name).castTo(DataType.DOUBLE);
    }

    /** The name of the batch's mean, or of its variance, that belongs to a BatchNorm. */
    static String batchName(String norm, String statistic) {
        return norm + statistic;
    }

    /** Names a gate between 0 and 1, of one of {@link BlockGate}'s shapes or with its positions flat, for {@link BlockGates}. */
    SDVariable gate(String name, BlockGate.Kind kind, SDVariable values) {
        return show(name, kind, 0, 1, values);
    }

    /** Names the gate of each channel. */
    SDVariable channelGate(SDVariable values) {
        return gate("channel", BlockGate.Kind.CHANNELS, values);
    }

    /** As {@link #gate}, of other bounds; NaN for none. */
    SDVariable show(String name, BlockGate.Kind kind, double lowest, double highest, SDVariable values) {
        shown.add(new Shown(name, kind, lowest, highest, values));
        return values;
    }

    /** Names what is no factor of the map. */
    SDVariable show(String name, BlockGate.Kind kind, SDVariable values) {
        return show(name, kind, Double.NaN, Double.NaN, values);
    }

    List<Shown> shown() {
        return shown;
    }

    /** x * gate[n, c]. */
    SDVariable scaleChannels(SDVariable x, SDVariable gate) {
        return scaleChannels(x, gate, size.channels);
    }

    /** The same for a map of other channels. */
    SDVariable scaleChannels(SDVariable x, SDVariable gate, long channels) {
        return x.mul(sd.reshape(gate, -1, channels, 1, 1));
    }

    /**
     * BatchNorm of z [N, C, L] of DOUBLE per C (see {@link BatchNorm} for why); in training the batch's mean and biased
     * variance are named for the caller.
     */
    SDVariable batchNorm(SDVariable z, long channels) {
        return batchNorm(BatchNorm.ONLY, z, channels);
    }

    /** As {@link #batchNorm(SDVariable, long)}, with the parameters of the named BatchNorm. */
    SDVariable batchNorm(String norm, SDVariable z, long channels) {
        SDVariable mean;
        SDVariable variance;
        if (training) {
            mean = sd.mean(batchName(norm, BATCH_MEAN), z, 0, 2);
            SDVariable centered = z.sub(sd.reshape(mean, 1, channels, 1));
            variance = sd.mean(batchName(norm, BATCH_VARIANCE), centered.mul(centered), 0, 2);
        } else {
            mean = exact(BatchNorm.name(norm, BatchNorm.MEAN));
            variance = exact(BatchNorm.name(norm, BatchNorm.VARIANCE));
        }
        SDVariable deviation = sd.math().sqrt(variance.add(BatchNorm.EPSILON));
        SDVariable normalized = z.sub(sd.reshape(mean, 1, channels, 1)).div(sd.reshape(deviation, 1, channels, 1));
        return normalized
                .mul(sd.reshape(exact(BatchNorm.name(norm, BatchNorm.GAMMA)), 1, channels, 1))
                .add(sd.reshape(exact(BatchNorm.name(norm, BatchNorm.BETA)), 1, channels, 1));
    }

    /**
     * A convolution of maps, zero padded by dilation * (k - 1) / 2, with weights [out, in / groups, k, k].
     *
     * @param bias [out], or null
     */
    SDVariable convolution(
            SDVariable x, SDVariable weight, long[] shape, int stride, int dilation, int groups, SDVariable bias) {
        long spread = 1 + dilation * (shape[2] - 1);
        SDVariable full = weight;
        if (dilation > 1) {
            // zeros between the elements: not every build of ND4J takes dilation
            SDVariable elements = sd.reshape(weight, shape[0] * shape[1], shape[2] * shape[3]);
            full = sd.reshape(
                    elements.mmul(spreading(shape[2], dilation, spread, weight.dataType())),
                    shape[0],
                    shape[1],
                    spread,
                    spread);
        }
        if (groups > 1) {
            // zeros between the groups
            full = sd.tile(full, 1, groups, 1, 1).mul(membership(shape[0], shape[1], groups, weight.dataType()));
        }
        Conv2DConfig geometry = Conv2DConfig.builder()
                .kH(spread)
                .kW(spread)
                .sH(stride)
                .sW(stride)
                .pH((spread - 1) / 2)
                .pW((spread - 1) / 2)
                .build();
        // the gradient of conv2d fails with weights in PyTorch's order
        SDVariable ordered = full.permute(2, 3, 1, 0);
        return bias == null ? sd.cnn().conv2d(x, ordered, geometry) : sd.cnn().conv2d(x, ordered, bias, geometry);
    }

    /** [k * k, spread * spread]: where each element of a kernel goes. */
    private SDVariable spreading(long kernel, int dilation, long spread, DataType type) {
        INDArray places = Nd4j.zeros(type, kernel * kernel, spread * spread);
        for (long i = 0; i < kernel * kernel; i++) {
            places.putScalar(i, (i / kernel * spread + i % kernel) * dilation, 1);
        }
        return sd.constant(places);
    }

    /** [out, in, 1, 1]: 1 where an input is of the output's group, else 0. */
    private SDVariable membership(long outputs, long inputsOfGroup, int groups, DataType type) {
        INDArray members = Nd4j.zeros(type, outputs, inputsOfGroup * groups);
        for (long o = 0; o < outputs; o++) {
            long first = o / (outputs / groups) * inputsOfGroup;
            for (long i = first; i < first + inputsOfGroup; i++) {
                members.putScalar(o, i, 1);
            }
        }
        return sd.constant(members.reshape('c', outputs, inputsOfGroup * groups, 1, 1));
    }

    /** BatchNorm of a map [N, C, H, W], in the map's type, then optionally ReLU. */
    SDVariable normalizeMap(String norm, SDVariable map, long channels, long height, long width, boolean relu) {
        SDVariable flat = sd.reshape(map, -1, channels, height * width).castTo(DataType.DOUBLE);
        SDVariable normalized = sd.reshape(batchNorm(norm, flat, channels), -1, channels, height, width);
        return (relu ? sd.nn().relu(normalized, 0) : normalized).castTo(map.dataType());
    }
}
