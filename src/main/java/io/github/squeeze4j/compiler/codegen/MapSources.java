package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;

/** Gradients that go from few numbers to a whole map. */
final class MapSources {
    private final Program.Builder program;
    private final Steps steps;
    private final long[] shape;
    private final FlatMap flat;
    private final ProgramCode code;
    private final MapReductions reductions;

    MapSources(
            Program.Builder program,
            Steps steps,
            long[] shape,
            FlatMap flat,
            ProgramCode code,
            MapReductions reductions) {
        this.program = program;
        this.steps = steps;
        this.shape = shape;
        this.flat = flat;
        this.code = code;
        this.reductions = reductions;
    }

    /** Of a pooling by means. */
    int sample(Value value) {
        Value pool = value.input(0);
        code.place(pool);
        int g = code.place(value.input(1));
        code.flush();
        if (!reductions.isUneven(pool)) {
            return program.as(steps.poolingSource(reductions.pooled(pool), g), flat.kind());
        }
        long[] from = pool.type().shape(shape[0]);
        long cells = from[2] * from[3];
        long positions = shape[2] * shape[3];
        int matrix = reductions.bins(pool, cells, true);
        int block = flat.block();
        if (block == 1) {
            int rows = program.view(g, Layout.dense(flat.channels(), cells));
            int by = program.view(matrix, Layout.dense(positions, cells));
            return program.view(steps.linear(rows, by, -1, new PostOps()), flat.kind());
        }
        int blocked = program.as(g, Layout.blocked(from, block));
        int blocks = program.view(blocked, Layout.dense(flat.channels() / block, cells, block));
        return program.view(steps.products(matrix, blocks, new PostOps()), flat.kind());
    }

    /** The gradient of maxima, added to a map. */
    void addAtMaxima(Value value, int map) {
        Value max = value.input(0);
        code.place(max);
        double[] gradient = code.array(value.input(1));
        code.flush();
        Steps.Pooled pooled = reductions.pooled(max);
        boolean channels = MapReductions.readsChannels(max);
        int where = program.floats(pooled.where);
        if (channels) {
            program.call(run -> atChannels(run, max, pooled.output, where, gradient, map), pooled.output, where, map);
        } else {
            program.call(run -> atPositions(run, where, gradient, map), where, map);
        }
    }

    /** @param where among the positions, [N, C, 1, 1] in the maps' layout */
    private void atPositions(Program run, int where, double[] gradient, int map) {
        Floats to = run.floats(map);
        Floats positions = run.floats(where);
        int block = flat.block();
        long channels = flat.channels() / shape[0];
        for (long n = 0; n < shape[0]; n++) {
            for (long c = 0; c < shape[1]; c++) {
                long pixel = n * channels + c; // C is the fastest axis of a pixel's blocks
                long position = (long) positions.get(pixel);
                long at = (pixel / block * shape[2] * shape[3] + position) * block + pixel % block;
                to.put(at, to.get(at) + (float) gradient[(int) (n * shape[1] + c)]);
            }
        }
    }

    /**
     * The first channel of those of a block's place in all blocks, whose largest numbers are known.
     *
     * @param lanes [N, groups, H * W, block], the largest number of each place
     * @param where which of the group's blocks has it, in the same order
     */
    private void atChannels(Program run, Value max, int lanes, int where, double[] gradient, int map) {
        Floats to = run.floats(map);
        Floats largest = run.floats(lanes);
        Floats blocks = run.floats(where);
        int block = flat.block();
        long positions = shape[2] * shape[3];
        long groups = max.type().size(1);
        long rows = flat.channels() / shape[0] / block / groups;
        for (long result = 0; result < shape[0] * groups * positions; result++) {
            float most = largest.get(result * block);
            long channel = (long) blocks.get(result * block) * block;
            for (int lane = 1; lane < block; lane++) {
                float number = largest.get(result * block + lane);
                if (number >= most) {
                    long other = (long) blocks.get(result * block + lane) * block + lane;
                    channel = number > most || other < channel ? other : channel;
                    most = number;
                }
            }
            long at = ((result / positions * rows + channel / block) * positions + result % positions) * block
                    + channel % block;
            to.put(at, to.get(at) + (float) gradient[(int) result]);
        }
    }
}
