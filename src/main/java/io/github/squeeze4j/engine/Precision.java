package io.github.squeeze4j.engine;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.onednn.OneDnn;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The type in which an accelerated network computes the maps between its layers. Parameters, inputs, outputs and files are float32
 * in any case.
 */
public enum Precision {
    /** float32 everywhere; the default. */
    FLOAT32("fp32"),
    /**
     * At inference, convolutions multiply bfloat16 numbers, 8 bits of precision with float32's range, and add in float32; maps
     * between layers are bfloat16. Biases, statistics of batch normalizations and the small products of attention blocks stay
     * float32, as do layers that DL4J computes and all of training. For processors with Intel AMX or AVX-512 BF16; elsewhere
     * it is refused.
     */
    BFLOAT16("bf16"),
    /** {@link #BFLOAT16} where the processor has instructions for it and the network is of float32; else {@link #FLOAT32}. */
    AUTO("auto");

    private final String text;

    Precision(String text) {
        this.text = text;
    }

    /**
     * A precision by the name that the command line has for it.
     *
     * @param name fp32, bf16 or auto
     * @return the precision
     * @throws BadInputException for any other name
     */
    public static Precision named(String name) {
        for (Precision precision : values()) {
            if (precision.text.equals(name.toLowerCase(Locale.ROOT))) {
                return precision;
            }
        }
        throw new BadInputException("precision (" + name + ") must be fp32, bf16 or auto; use auto where in doubt");
    }

    /**
     * The type of maps in a network of this type.
     *
     * @throws BadInputException if that is to be bfloat16 and cannot be
     */
    DataType maps(DataType network) {
        String reason = this == FLOAT32 ? null : reasonAgainst(network);
        if (reason != null && this == BFLOAT16) {
            throw new BadInputException("precision (bf16) " + reason + "; use auto or fp32");
        }
        return this == FLOAT32 || reason != null ? DataType.FLOAT : DataType.BFLOAT16;
    }

    /** Why a network of this type does not compute in bfloat16 here, or null. */
    static String reasonAgainst(DataType network) {
        if (network != DataType.FLOAT) {
            return "must be for a network of FLOAT, which this one of " + network + " is not";
        }
        if (!OneDnn.available()) {
            return "must have oneDNN: " + OneDnn.unavailableReason();
        }
        return OneDnn.multipliesBfloat16()
                ? null
                : "must have a processor with Intel AMX or AVX-512 BF16; oneDNN finds " + OneDnn.instructions();
    }

    /** The name on the command line. */
    @Override
    public String toString() {
        return text;
    }
}
