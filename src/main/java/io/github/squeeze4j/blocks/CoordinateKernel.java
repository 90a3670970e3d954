package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The fused form of {@link CoordinateAttention}. For the passes over it the map is taken for [N, C * H, W, 1], where a gate
 * per row is one per channel, and for [N * C, H, W, 1], where a gate per column is one per position.
 */
final class CoordinateKernel implements Kernel {
    private final MapConvolution convolution = new MapConvolution(1, 1, 1);
    private final BatchNorm norm = new BatchNorm(BatchNorm.MOMENTUM);
    private INDArray pooled;
    private INDArray normalized;
    private INDArray rowFeatures;
    private INDArray columnFeatures;
    private INDArray rowGates;
    private INDArray columnGates;

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        long batch = x.size(0);
        long channels = x.size(1);
        long height = x.size(2);
        long width = x.size(3);
        long hidden = parameters.get(CoordinateAttention.REDUCE_BIAS).length();
        pooled = memory.keep(batch, channels, height + width, 1);
        INDArray rows = memory.temporary(batch, channels, height, 1);
        MapOps.averagePool(x, rows, 1, width);
        part(pooled, 0, height).assign(rows);
        INDArray columns = memory.temporary(batch, channels, 1, width);
        MapOps.averagePool(x, columns, height, 1);
        part(pooled, height, width).assign(columns.reshape('c', batch, channels, width, 1));

        INDArray reduced = memory.temporary(batch, hidden, height + width, 1);
        convolution.forward(
                pooled,
                parameters.get(CoordinateAttention.REDUCE_WEIGHT),
                parameters.get(CoordinateAttention.REDUCE_BIAS),
                reduced,
                memory);
        normalized = memory.keepDouble(reduced.shape()).assign(reduced);
        norm.forwardi(flat(normalized), parameters, training, memory);
        INDArray features = memory.temporaryDouble(reduced.shape()).assign(normalized);
        features.muli(slope(normalized, memory));
        rowFeatures = memory.keep(batch, hidden, height, 1).assign(part(features, 0, height));
        columnFeatures = memory.keep(batch, hidden, width, 1).assign(part(features, height, width));

        rowGates = memory.keep(batch, channels, height, 1);
        convolution.forward(
                rowFeatures,
                parameters.get(CoordinateAttention.ROW_WEIGHT),
                parameters.get(CoordinateAttention.ROW_BIAS),
                rowGates,
                memory);
        Gate.SIGMOID.applyi(rowGates);
        columnGates = memory.keep(batch, channels, width, 1);
        convolution.forward(
                columnFeatures,
                parameters.get(CoordinateAttention.COLUMN_WEIGHT),
                parameters.get(CoordinateAttention.COLUMN_BIAS),
                columnGates,
                memory);
        Gate.SIGMOID.applyi(columnGates);

        MapOps.multiply(byRow(x), perRow(rowGates), byRow(output));
        MapOps.multiply(byColumn(output), perColumn(columnGates), byColumn(output));
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        long height = x.size(2);
        long width = x.size(3);
        INDArray scratch = memory.temporary(x.shape());
        MapOps.multiply(x, gradOutput, gradInput);
        INDArray gradRows = memory.temporary(rowGates.shape());
        MapOps.dotChannels(
                byColumn(gradInput),
                perColumn(columnGates),
                byColumn(scratch),
                gradRows.reshape('c', x.size(0) * x.size(1), height));
        INDArray gradColumns = memory.temporary(columnGates.shape());
        MapOps.dotPositions(
                byColumn(gradInput),
                rowGates.reshape('c', x.size(0) * x.size(1), height, 1, 1),
                byColumn(scratch),
                perColumn(gradColumns));
        Gate.SIGMOID.backpropi(gradRows, rowGates);
        Gate.SIGMOID.backpropi(gradColumns, columnGates);

        INDArray gradFeatures = memory.temporaryDouble(normalized.shape());
        INDArray gradRowFeatures = memory.temporary(rowFeatures.shape());
        convolution.backward(
                rowFeatures,
                parameters.get(CoordinateAttention.ROW_WEIGHT),
                gradRows,
                gradRowFeatures,
                gradients.get(CoordinateAttention.ROW_WEIGHT),
                gradients.get(CoordinateAttention.ROW_BIAS),
                memory);
        part(gradFeatures, 0, height).assign(gradRowFeatures);
        INDArray gradColumnFeatures = memory.temporary(columnFeatures.shape());
        convolution.backward(
                columnFeatures,
                parameters.get(CoordinateAttention.COLUMN_WEIGHT),
                gradColumns,
                gradColumnFeatures,
                gradients.get(CoordinateAttention.COLUMN_WEIGHT),
                gradients.get(CoordinateAttention.COLUMN_BIAS),
                memory);
        part(gradFeatures, height, width).assign(gradColumnFeatures);

        gradFeatures.muli(swishGradient(memory));
        norm.backwardi(flat(gradFeatures), parameters, gradients);
        INDArray gradReduced = memory.temporary(normalized.shape()).assign(gradFeatures);
        INDArray gradPooled = memory.temporary(pooled.shape());
        convolution.backward(
                pooled,
                parameters.get(CoordinateAttention.REDUCE_WEIGHT),
                gradReduced,
                gradPooled,
                gradients.get(CoordinateAttention.REDUCE_WEIGHT),
                gradients.get(CoordinateAttention.REDUCE_BIAS),
                memory);
        gradRows.assign(part(gradPooled, 0, height)).divi(width);
        gradColumns.assign(part(gradPooled, height, width)).divi(height);

        MapOps.multiply(byColumn(gradOutput), perColumn(columnGates), byColumn(gradInput));
        MapOps.scaleAndShift(byRow(gradInput), rowsOf(rowGates), rowsOf(gradRows), byRow(gradInput));
        MapOps.add(byColumn(gradInput), perColumn(gradColumns));
    }

    /** min(max(z + 3, 0), 6) / 6. */
    private static INDArray slope(INDArray z, Memory memory) {
        INDArray slope = memory.temporaryDouble(z.shape()).assign(z).addi(3).divi(6);
        Transforms.max(slope, 0, false);
        return Transforms.min(slope, 1, false);
    }

    /** The gradient of z * slope(z): the slope, and z / 6 where the slope is neither 0 nor 1. */
    private INDArray swishGradient(Memory memory) {
        INDArray slope = slope(normalized, memory);
        INDArray inside = slope.gt(0).castTo(slope.dataType()).muli(slope.lt(1).castTo(slope.dataType()));
        return slope.addi(inside.muli(normalized).divi(6));
    }

    private static INDArray byRow(INDArray map) {
        return map.reshape('c', map.size(0), map.size(1) * map.size(2), map.size(3), 1);
    }

    private static INDArray byColumn(INDArray map) {
        return map.reshape('c', map.size(0) * map.size(1), map.size(2), map.size(3), 1);
    }

    /** [N, C * H, 1, 1] of [N, C, H, 1]. */
    private static INDArray perRow(INDArray rows) {
        return rows.reshape('c', rows.size(0), rows.size(1) * rows.size(2), 1, 1);
    }

    private static INDArray rowsOf(INDArray rows) {
        return rows.reshape('c', rows.size(0), rows.size(1) * rows.size(2));
    }

    /** [N * C, 1, W, 1] of [N, C, W, 1]. */
    private static INDArray perColumn(INDArray columns) {
        return columns.reshape('c', columns.size(0) * columns.size(1), 1, columns.size(2), 1);
    }

    private static INDArray part(INDArray map, long first, long count) {
        return map.get(
                NDArrayIndex.all(),
                NDArrayIndex.all(),
                NDArrayIndex.interval(first, first + count),
                NDArrayIndex.all());
    }

    private static INDArray flat(INDArray map) {
        return map.reshape('c', map.size(0), map.size(1), map.size(2));
    }
}
