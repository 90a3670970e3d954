package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.Computation;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.cli.NativeBuild;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.ResetPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * Every block's fused kernel against its SameDiff definition at the four stage shapes of ResNet-50, batch 8, FLOAT: medians
 * of runs taken in turn, printed as a table and written as CSV.
 *
 * <p>Arguments: the CSV file (default benchmarks/results/blocks.csv), the number of runs (default 7), the batch (default 8).
 */
public final class BlockTable {
    private static final int[][] SHAPES = {{256, 56}, {512, 28}, {1024, 14}, {2048, 7}};
    private static final ArrayType[] TYPES = {
        ArrayType.INPUT,
        ArrayType.ACTIVATIONS,
        ArrayType.ACTIVATION_GRAD,
        ArrayType.FF_WORKING_MEM,
        ArrayType.BP_WORKING_MEM
    };

    private BlockTable() {}

    /**
     * Runs the table.
     *
     * @param args see above
     * @throws IOException if the CSV cannot be written
     */
    public static void main(String[] args) throws IOException {
        NativeBuild.choose();
        Path csv = Paths.get(args.length > 0 ? args[0] : "benchmarks/results/blocks.csv");
        int runs = args.length > 1 ? Integer.parseInt(args[1]) : 7;
        int batch = args.length > 2 ? Integer.parseInt(args[2]) : 8;
        List<String> rows = new ArrayList<>();
        rows.add("block,shape,fused_forward_ms,samediff_forward_ms,forward_speedup,"
                + "fused_training_ms,samediff_training_ms,training_speedup");
        System.out.println("Medians of " + runs + " runs in turn, ms; training is forward plus backward. "
                + Runtime.getRuntime().availableProcessors() + " processors, Java "
                + System.getProperty("java.version") + ", " + System.getProperty("os.arch"));
        System.out.printf(
                "%-8s %-16s %9s %9s %8s   %9s %9s %8s%n",
                "block", "shape", "forward", "SameDiff", "speed-up", "training", "SameDiff", "speed-up");
        for (Map.Entry<String, Supplier<AttentionBlock.Builder<?>>> block : blocks().entrySet()) {
            for (int[] shape : SHAPES) {
                rows.add(row(block.getKey(), block.getValue(), shape, runs, batch));
            }
        }
        if (csv.getParent() != null) {
            Files.createDirectories(csv.getParent());
        }
        Path beside = csv.resolveSibling(csv.getFileName() + ".new");
        Files.write(beside, rows);
        Files.move(beside, csv, StandardCopyOption.REPLACE_EXISTING);
        System.out.println("Written to " + csv);
    }

    private static Map<String, Supplier<AttentionBlock.Builder<?>>> blocks() {
        Map<String, Supplier<AttentionBlock.Builder<?>>> blocks = new LinkedHashMap<>();
        blocks.put("se", SqueezeExcitation::builder);
        blocks.put("salient", Salient::builder);
        blocks.put("spse", Spse::builder);
        blocks.put("rgse", Rgse::builder);
        blocks.put("cbam", Cbam::builder);
        return blocks;
    }

    private static String row(
            String name, Supplier<AttentionBlock.Builder<?>> builder, int[] shape, int runs, int batch) {
        int channels = shape[0];
        int size = shape[1];
        Run fused = new Run(builder.get().computation(Computation.FUSED).build(), channels, size, batch);
        Run reference = new Run(builder.get().computation(Computation.SAMEDIFF).build(), channels, size, batch);
        double[][] times = new double[4][runs];
        PrintStream console = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream())); // SameDiff prints what it differentiates
        try {
            for (int i = -2; i < runs; i++) {
                int run = Math.max(i, 0);
                times[0][run] = settled(fused::forward);
                times[1][run] = settled(reference::forward);
                times[2][run] = settled(fused::training);
                times[3][run] = settled(reference::training);
            }
        } finally {
            System.setOut(console);
        }
        double[] medians = Arrays.stream(times).mapToDouble(BlockTable::median).toArray();
        double forward = medians[1] / medians[0];
        double training = medians[3] / medians[2];
        String where = batch + "x" + channels + "x" + size + "x" + size;
        System.out.printf(
                Locale.ROOT,
                "%-8s %-16s %9.2f %9.2f %7.1fx   %9.2f %9.2f %7.1fx%n",
                name,
                where,
                medians[0],
                medians[1],
                forward,
                medians[2],
                medians[3],
                training);
        return String.format(
                Locale.ROOT,
                "%s,%s,%.3f,%.3f,%.2f,%.3f,%.3f,%.2f",
                name,
                where,
                medians[0],
                medians[1],
                forward,
                medians[2],
                medians[3],
                training);
    }

    /** The second of two runs, so that neither way pays for the caches and the garbage that the other one left. */
    private static double settled(DoubleSupplier timed) {
        timed.getAsDouble();
        return timed.getAsDouble();
    }

    private static double median(double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** One block as a layer in workspaces like those of a network that trains. */
    private static final class Run {
        private static final WorkspaceConfiguration MEMORY = WorkspaceConfiguration.builder()
                .initialSize(0)
                .overallocationLimit(0.05)
                .policyAllocation(AllocationPolicy.OVERALLOCATE)
                .policyLearning(LearningPolicy.FIRST_LOOP)
                .policyReset(ResetPolicy.BLOCK_LEFT)
                .policySpill(SpillPolicy.REALLOCATE)
                .build();

        private final Layer layer;
        private final INDArray x;
        private final INDArray gradOutput;
        private final LayerWorkspaceMgr workspaces;

        Run(AttentionBlock block, int channels, int size, int batch) {
            NeuralNetConfiguration conf = new NeuralNetConfiguration.Builder()
                    .updater(new Sgd(1))
                    .layer(block)
                    .build();
            AttentionBlock configured = (AttentionBlock) conf.getLayer();
            configured.setNIn(InputType.convolutional(size, size, channels), true);
            long length = configured.initializer().numParams(conf);
            layer = configured.instantiate(
                    conf, Collections.emptyList(), 0, Nd4j.create(DataType.FLOAT, length), true, DataType.FLOAT);
            layer.setBackpropGradientsViewArray(Nd4j.create(DataType.FLOAT, length));
            x = Nd4j.randn(DataType.FLOAT, batch, channels, size, size);
            gradOutput = Nd4j.randn(DataType.FLOAT, batch, channels, size, size);
            String prefix = configured.blockName() + configured.getComputation() + channels;
            LayerWorkspaceMgr.Builder builder = LayerWorkspaceMgr.builder();
            for (ArrayType type : TYPES) {
                builder.with(type, prefix + type, MEMORY);
            }
            workspaces = builder.build();
        }

        double forward() {
            long start = System.nanoTime();
            try (MemoryWorkspace activations = workspaces.notifyScopeEntered(ArrayType.ACTIVATIONS);
                    MemoryWorkspace working = workspaces.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
                layer.setInput(x, LayerWorkspaceMgr.noWorkspaces());
                layer.activate(false, workspaces);
            }
            return (System.nanoTime() - start) / 1e6;
        }

        double training() {
            long start = System.nanoTime();
            try (MemoryWorkspace activations = workspaces.notifyScopeEntered(ArrayType.ACTIVATIONS)) {
                layer.setInput(x, LayerWorkspaceMgr.noWorkspaces());
                try (MemoryWorkspace working = workspaces.notifyScopeEntered(ArrayType.FF_WORKING_MEM)) {
                    layer.activate(true, workspaces);
                }
                try (MemoryWorkspace gradients = workspaces.notifyScopeEntered(ArrayType.ACTIVATION_GRAD);
                        MemoryWorkspace working = workspaces.notifyScopeEntered(ArrayType.BP_WORKING_MEM)) {
                    layer.backpropGradient(gradOutput, workspaces);
                }
            }
            return (System.nanoTime() - start) / 1e6;
        }
    }
}
