package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.blocks.Computation;
import io.github.squeeze4j.cli.NativeBuild;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The kernels of the blocks at the stage shapes of ResNet-50, batch 8, FLOAT. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class BlockBenchmark {
    /** Block. */
    @Param({"se", "salient", "spse", "rgse", "cbam"})
    public String block;

    /** Channels and size of the maps. */
    @Param({"256x56", "512x28", "1024x14", "2048x7"})
    public String shape;

    /** FUSED, or SAMEDIFF on request. */
    @Param("FUSED")
    public Computation computation;

    private Body forward;
    private Body both;

    /** Makes the layers. */
    @Setup
    public void create() {
        NativeBuild.choose();
        String[] sides = shape.split("x");
        int channels = Integer.parseInt(sides[0]);
        int size = Integer.parseInt(sides[1]);
        forward = Bodies.block(block, computation, channels, size, Bodies.BLOCK_BATCH, false);
        both = Bodies.block(block, computation, channels, size, Bodies.BLOCK_BATCH, true);
    }

    /** Inference. */
    @Benchmark
    public void forward() {
        forward.run();
    }

    /** Training-mode forward pass and backward pass. */
    @Benchmark
    public void forwardAndBackward() {
        both.run();
    }
}
