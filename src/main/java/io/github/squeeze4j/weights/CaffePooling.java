package io.github.squeeze4j.weights;

import io.github.squeeze4j.layers.NativePooling;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;

/**
 * Maxima or means of windows or of whole maps. Caffe rounds sizes up, but leaves out a last window that starts in the padding; its
 * means count padding, but not what lies beyond.
 */
final class CaffePooling extends CaffeStep {
    private final boolean isMax;
    private final boolean isRoundedUp;
    /** Null for the whole map. */
    private final CaffeWindow window;

    CaffePooling(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        requireInputs(1);
        requireMap();
        TextMessage options = layer.options("pooling_param");
        isMax = options.choice("pool", "MAX", "AVE").equals("MAX");
        isRoundedUp = options.choice("round_mode", "CEIL", "FLOOR").equals("CEIL");
        boolean isGlobal = options.flag("global_pooling", false);
        options.ignore("engine");
        if (isGlobal) {
            window = null;
            requireNone(options, "pad", "pad_h", "pad_w");
            requireNone(options, "stride", "stride_h", "stride_w");
            requireNone(options, "kernel_size", "kernel_h", "kernel_w");
        } else {
            window = new CaffeWindow(layer, options);
            if (window.dilation[0] != 1 || window.dilation[1] != 1) {
                throw layer.wrong("dilation must not be set for pooling; delete it");
            }
            if (window.pad[0] >= window.kernel[0] || window.pad[1] >= window.kernel[1]) {
                throw layer.wrong("pad (" + Math.max(window.pad[0], window.pad[1])
                        + ") must be less than kernel_size, as in Caffe; use less");
            }
        }
        options.requireAllKnown();
    }

    /** Caffe allows those that change nothing. */
    private void requireNone(TextMessage options, String both, String vertical, String horizontal) {
        for (String name : new String[] {both, vertical, horizontal}) {
            int nothing = both.equals("stride") ? 1 : 0;
            if (options.number(name, nothing, 0, Integer.MAX_VALUE) != nothing) {
                throw layer.wrong(name + " must not be set with global_pooling; delete it");
            }
        }
    }

    /** Whether it is the squeeze of Squeeze-and-Excitation. */
    boolean isGlobalMean() {
        return window == null && !isMax;
    }

    @Override
    long[] shape() {
        long[] in = input().shape;
        return window == null
                ? new long[] {in[0], in[1], 1, 1}
                : new long[] {in[0], in[1], size(in[2], 0), size(in[3], 1)};
    }

    private long size(long size, int axis) {
        long step = window.stride[axis];
        long pad = window.pad[axis];
        long room = size + 2 * pad - window.kernel[axis];
        if (room < 0) {
            return 0;
        }
        long count = (isRoundedUp ? (room + step - 1) / step : room / step) + 1;
        boolean starts = (count - 1) * step < size + pad;
        if (!starts && window.pad[0] == 0 && window.pad[1] == 0) {
            throw layer.wrong("stride (" + step + ") must not lead past a map of " + size
                    + ", where Caffe's last window is empty; use a smaller one or round_mode: FLOOR");
        }
        return starts ? count : count - 1;
    }

    @Override
    void add(CaffeGraph graph) {
        String map = graph.map(input());
        if (window == null) {
            GlobalPoolingLayer layerOfAll = new GlobalPoolingLayer(isMax ? PoolingType.MAX : PoolingType.AVG);
            graph.define(output, graph.layer(layer.name, layerOfAll, map), true);
            return;
        }
        SubsamplingLayer stock = new SubsamplingLayer.Builder(
                        isMax ? SubsamplingLayer.PoolingType.MAX : SubsamplingLayer.PoolingType.AVG)
                .kernelSize(window.kernel)
                .stride(window.stride)
                .padding(window.pad)
                .avgPoolIncludePadInDivisor(true)
                .build();
        boolean steps = window.stride[0] > 1 || window.stride[1] > 1;
        SubsamplingLayer made = isRoundedUp && steps ? NativePooling.of(stock).ceilMode() : stock;
        graph.define(output, graph.layer(layer.name, made, map), false);
    }
}
