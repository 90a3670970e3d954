package io.github.squeeze4j.weights;

import io.github.squeeze4j.layers.NativeBatchNormalization;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;

/**
 * Normalisation by stored statistics, of which Caffe keeps the sums and what to divide them by; with the Scale that follows it is
 * DL4J's batch normalization, alone one without gamma and beta.
 */
final class CaffeBatchNorm extends CaffeStep {
    private static final double EPSILON = 1e-5;

    private final double epsilon;

    CaffeBatchNorm(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        requireInputs(1);
        TextMessage options = layer.options("batch_norm_param");
        if (!options.flag("use_global_stats", true)) {
            throw layer.wrong("use_global_stats (false) must be true at inference; delete it");
        }
        epsilon = options.real("eps", EPSILON);
        if (!(epsilon > 0 && epsilon <= 1)) {
            throw layer.wrong("eps (" + epsilon + ") must be above 0 and at most 1; use 0.00001");
        }
        options.ignore("moving_average_fraction");
        options.requireAllKnown();
    }

    @Override
    boolean mayBeInPlace() {
        return true;
    }

    private CaffeChannelScale scale() {
        return output.onlyReader(CaffeChannelScale.class);
    }

    @Override
    void merge() {
        if (scale() != null) {
            scale().mergeInto(layer.name);
        }
    }

    @Override
    void add(CaffeGraph graph) {
        BatchNormalization made = new BatchNormalization.Builder()
                .eps(epsilon)
                .decay(NativeBatchNormalization.DECAY)
                .useLogStd(false)
                .lockGammaBeta(scale() == null)
                .nIn(input().channels())
                .nOut(input().channels())
                .build();
        boolean isVector = graph.isVector(input());
        String vertex = graph.layer(layer.name, made, graph.vertex(input()));
        graph.define(output, vertex, isVector);
        if (scale() != null) {
            graph.define(scale().output, vertex, isVector);
        }
    }

    @Override
    List<Learned> learned() {
        long[] channels = {input().channels()};
        return List.of(
                new Learned(channels, layer.name, "mean").dividedBy(2),
                new Learned(channels, layer.name, "var").dividedBy(2),
                Learned.divisor());
    }
}
