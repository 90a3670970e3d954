package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Pooling;
import java.util.Map;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The fused form of {@link GatherExcite}. Gates stay as coarse as what is gathered: the map is multiplied by the gate of each
 * position's cell, and no map of gates is made in FLOAT on the CPU.
 */
final class GatherKernel implements Kernel {
    private final int extent;
    private final int steps;
    private final Excitation mlp;
    private final MapNorm[] norms;
    private final BatchNorm globalNorm;
    /** In its place where a ReLU follows, else null. */
    private final NormalizedRelu globalNormRelu;

    private final INDArray[] convolved;
    private final INDArray[] maps;
    private INDArray gates;
    private INDArray[] matrices;
    private long matricesHeight;
    private long matricesWidth;

    GatherKernel(int extent, int steps, boolean mlp, boolean relu, double momentum) {
        this.extent = extent;
        this.steps = steps;
        this.mlp = mlp ? new Excitation(Activation.RELU, true) : null;
        globalNorm = new BatchNorm(GatherExcite.norm(1), momentum);
        globalNormRelu = relu ? new NormalizedRelu(GatherExcite.norm(1), momentum) : null;
        norms = new MapNorm[steps];
        convolved = new INDArray[steps];
        maps = new INDArray[steps];
        for (int i = 0; i < steps; i++) {
            norms[i] = new MapNorm(GatherExcite.norm(i + 1), relu || i + 1 < steps, momentum);
        }
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray gathered = gather(x, parameters, training, memory);
        gates = memory.keep(gathered.shape());
        if (mlp == null) {
            gates.assign(gathered);
        } else {
            INDArray rows = memory.keep(gathered.length() / x.size(1), x.size(1));
            byRows(rows, gathered).assign(gathered);
            INDArray scores = mlp.forward(rows, parameters, training, memory);
            gates.assign(byRows(scores, gathered));
        }
        Gate.SIGMOID.applyi(gates);
        weigh(x, output, memory);
    }

    /** out = map * gates. */
    private void weigh(INDArray map, INDArray out, Memory memory) {
        if (extent == 0) {
            MapOps.multiply(map, gates, out);
        } else if (MapOps.direct(map)) {
            Cells.multiply(map, gates, out);
        } else {
            INDArray[] to = matrices(map);
            resize(gates, to[0], false, to[1], false, out, memory);
            MapOps.multiply(out, map, out);
        }
    }

    /** [N, C, h, w]. */
    private INDArray gather(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        if (steps > 0) {
            return extent == 0
                    ? gatherAll(x, parameters, training, memory)
                    : gatherStepwise(x, parameters, training, memory);
        }
        INDArray gathered = memory.temporary(x.size(0), x.size(1), cells(x.size(2)), cells(x.size(3)));
        if (extent == 0) {
            MapOps.mean(x, gathered.reshape('c', x.size(0), x.size(1)));
        } else if (MapOps.direct(x)) {
            windows(x).forward(x, gathered);
        } else {
            INDArray[] to = matrices(x);
            resize(x, to[2], false, to[3], false, gathered, memory);
        }
        return gathered;
    }

    private INDArray gatherAll(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray weights = parameters.get(GatherExcite.weightName(1));
        INDArray sums = memory.temporaryDouble(x.size(0), x.size(1)).assign(0);
        if (MapOps.direct(x)) {
            ChannelSums.add(MapOps.rows(x), 0, weights, sums);
        } else {
            INDArray product = memory.temporary(x.shape());
            MapOps.multiply(x, weights.reshape('c', 1, x.size(1), x.size(2), x.size(3)), product);
            sums.assign(product.sum(2, 3));
        }
        if (globalNormRelu != null) {
            return MapOps.perChannel(globalNormRelu.forward(sums, true, parameters, training, memory));
        }
        globalNorm.forwardi(column(sums), parameters, training, memory);
        return memory.temporary(x.size(0), x.size(1), 1, 1).assign(sums.reshape('c', x.size(0), x.size(1), 1, 1));
    }

    private INDArray gatherStepwise(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        MapConvolution convolution = halving(x);
        INDArray from = x;
        for (int i = 0; i < steps; i++) {
            long height = MapConvolution.outputSize(from.size(2), 2);
            long width = MapConvolution.outputSize(from.size(3), 2);
            convolved[i] = memory.keep(x.size(0), x.size(1), height, width);
            maps[i] = memory.keep(convolved[i].shape());
            convolution.forward(from, parameters.get(GatherExcite.weightName(i + 1)), null, convolved[i], memory);
            norms[i].forward(convolved[i], maps[i], parameters, training, memory);
            from = maps[i];
        }
        return from;
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray gradGathered = memory.temporary(gates.shape());
        sumByCells(x, gradOutput, gradInput, gradGathered, memory);
        Gate.SIGMOID.backpropi(gradGathered, gates);
        if (mlp != null) {
            INDArray rows = memory.temporary(gates.length() / x.size(1), x.size(1));
            byRows(rows, gates).assign(gradGathered);
            gradGathered.assign(byRows(mlp.backward(rows, parameters, gradients, memory), gates));
        }
        if (steps == 0 && extent == 0) {
            INDArray perChannel = gates.reshape('c', x.size(0), x.size(1));
            INDArray shift = gradGathered.divi(x.size(2) * x.size(3)).reshape('c', x.size(0), x.size(1));
            MapOps.scaleAndShift(gradOutput, perChannel, shift, gradInput);
            return;
        }
        gatherBackward(x, gradGathered, gradInput, parameters, gradients, memory);
        if (extent == 0) {
            MapOps.multiplyAndAdd(gradOutput, gates, gradInput, memory);
        } else {
            INDArray weighed = memory.temporary(x.shape());
            weigh(gradOutput, weighed, memory);
            MapOps.add(gradInput, weighed);
        }
    }

    /** sums[cell] = sum of x * y over its positions; scratch is overwritten. */
    private void sumByCells(INDArray x, INDArray y, INDArray scratch, INDArray sums, Memory memory) {
        if (extent == 0) {
            MapOps.dotChannels(x, y, scratch, sums.reshape('c', x.size(0), x.size(1)));
        } else if (MapOps.direct(x)) {
            Cells.dot(x, y, sums);
        } else {
            MapOps.multiply(x, y, scratch);
            INDArray[] to = matrices(x);
            resize(scratch, to[0], true, to[1], true, sums, memory);
        }
    }

    private void gatherBackward(
            INDArray x,
            INDArray gradient,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        if (steps == 0 && MapOps.direct(x)) {
            windows(x).backward(x, gradient, gradInput);
        } else if (steps == 0) {
            INDArray[] to = matrices(x);
            resize(gradient, to[2], true, to[3], true, gradInput, memory);
        } else if (extent == 0) {
            gatherAllBackward(x, gradient, gradInput, parameters, gradients, memory);
        } else {
            gatherStepwiseBackward(x, gradient, gradInput, parameters, gradients, memory);
        }
    }

    private void gatherAllBackward(
            INDArray x,
            INDArray gradient,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray weights = parameters.get(GatherExcite.weightName(1));
        INDArray gradWeights = gradients.get(GatherExcite.weightName(1));
        INDArray perImage = gradient.reshape('c', x.size(0), x.size(1));
        INDArray gradSums;
        if (globalNormRelu != null) {
            gradSums = globalNormRelu.backward(perImage, parameters, gradients, memory);
        } else {
            gradSums = memory.temporaryDouble(perImage.shape()).assign(perImage);
            globalNorm.backwardi(column(gradSums), parameters, gradients);
        }
        if (MapOps.direct(x)) {
            ChannelSums.backward(MapOps.rows(x), 0, weights, gradSums, gradInput, gradWeights);
            return;
        }
        INDArray perChannel = memory.temporary(x.size(0), x.size(1), 1, 1);
        perChannel.assign(gradSums.reshape('c', perChannel.shape()));
        MapOps.multiply(x, perChannel, gradInput);
        gradWeights.assign(gradInput.sum(0).reshape('c', gradWeights.shape()));
        INDArray spread = memory.temporary(x.shape());
        MapOps.add(spread.assign(0), perChannel);
        MapOps.multiply(spread, weights.reshape('c', 1, x.size(1), x.size(2), x.size(3)), gradInput);
    }

    private void gatherStepwiseBackward(
            INDArray x,
            INDArray gradLast,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        MapConvolution convolution = halving(x);
        INDArray gradient = gradLast;
        for (int i = steps - 1; i >= 0; i--) {
            norms[i].backwardi(convolved[i], maps[i], gradient, parameters, gradients, memory);
            INDArray from = i == 0 ? x : maps[i - 1];
            INDArray target = i == 0 ? gradInput : memory.temporary(from.shape());
            String weight = GatherExcite.weightName(i + 1);
            convolution.backward(from, parameters.get(weight), gradient, target, gradients.get(weight), null, memory);
            gradient = target;
        }
    }

    private static MapConvolution halving(INDArray x) {
        return new MapConvolution(2, 1, Math.toIntExact(x.size(1)));
    }

    private long cells(long size) {
        return extent == 0 ? 1 : Cells.count(size, extent);
    }

    private Pooling windows(INDArray x) {
        int size = 2 * extent - 1;
        int[] end = new int[2];
        for (int axis = 0; axis < 2; axis++) {
            end[axis] = Math.toIntExact(cells(x.size(2 + axis)) * extent - x.size(2 + axis));
        }
        return new Pooling(
                Pooling.Kind.AVERAGE_INSIDE,
                new int[] {size, size},
                new int[] {extent, extent},
                new int[] {extent - 1, extent - 1},
                end);
    }

    /** Nearest cells of rows and of columns, means of rows and of columns; made once per map size, for the layer's life. */
    private INDArray[] matrices(INDArray x) {
        if (matrices == null || matricesHeight != x.size(2) || matricesWidth != x.size(3)) {
            matricesHeight = x.size(2);
            matricesWidth = x.size(3);
            try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                matrices = new INDArray[] {
                    Cells.nearest(matricesHeight, cells(matricesHeight), x.dataType()),
                    Cells.nearest(matricesWidth, cells(matricesWidth), x.dataType()),
                    Cells.means(matricesHeight, extent, x.dataType()),
                    Cells.means(matricesWidth, extent, x.dataType())
                };
            }
        }
        return matrices;
    }

    /** out = down * map * across' for each image and channel, either matrix transposed first. */
    private static void resize(
            INDArray map,
            INDArray down,
            boolean transposeDown,
            INDArray across,
            boolean transposeAcross,
            INDArray out,
            Memory memory) {
        long rows = map.size(0) * map.size(1);
        long height = map.size(2);
        INDArray wide = memory.temporary(rows * height, out.size(3));
        MapOps.matmul(map.reshape('c', rows * height, map.size(3)), false, across, !transposeAcross, wide);
        INDArray turned = memory.temporary(rows, out.size(3), height);
        turned.assign(wide.reshape('c', rows, height, out.size(3)).permute(0, 2, 1));
        INDArray high = memory.temporary(rows * out.size(3), out.size(2));
        MapOps.matmul(turned.reshape('c', rows * out.size(3), height), false, down, !transposeDown, high);
        out.assign(high.reshape('c', out.size(0), out.size(1), out.size(3), out.size(2))
                .permute(0, 1, 3, 2));
    }

    /** Rows of channels [N * h * w, C] seen as the map [N, C, h, w]. */
    private static INDArray byRows(INDArray rows, INDArray map) {
        return rows.reshape('c', map.size(0), map.size(2), map.size(3), map.size(1))
                .permute(0, 3, 1, 2);
    }

    private static INDArray column(INDArray z) {
        return z.reshape('c', z.size(0), z.size(1), 1);
    }
}
