package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
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
        if (wanted == Precision.FLOAT32) {
            return;
        }
        Acceleration.apply(network, wanted);
        Acceleration acceleration = Acceleration.of(network);
        String reason = acceleration.refusal();
        if (reason != null && wanted == Precision.BFLOAT16) {
            throw new BadInputException("--precision (bf16) must be one that this network can have: " + reason
                    + "; use auto, which takes float32 then");
        }
        if (reason != null || !acceleration.report().contains("bfloat16")) {
            System.err.println("--precision auto: computed in float32, since "
                    + (reason == null ? "this processor has no instructions for bfloat16" : reason));
        }
    }
}
