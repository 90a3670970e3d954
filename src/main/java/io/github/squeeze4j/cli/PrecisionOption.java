package io.github.squeeze4j.cli;

import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.engine.Precision;
import org.deeplearning4j.nn.graph.ComputationGraph;
import picocli.CommandLine.Option;

/** In which precision a network computes. */
final class PrecisionOption {
    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16|auto",
            defaultValue = "fp32",
            description =
                    "float32; bfloat16, for processors with Intel AMX or AVX-512 BF16; or bfloat16 where there are such"
                            + " instructions. Default: ${DEFAULT-VALUE}.")
    private String precision;

    /** The one that the user asked for, before anything is read. */
    Precision wanted() {
        return Precision.named(precision);
    }

    /** Has a network compute in it. */
    static void apply(Precision wanted, ComputationGraph network) {
        if (wanted != Precision.FLOAT32) {
            Acceleration.apply(network, wanted);
        }
    }
}
