package io.github.squeeze4j.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Whether the layers of this library can call oneDNN themselves.
 *
 * <p>They can where ND4J's backend is a CPU one and {@code org.bytedeco:dnnl} is on the class path with the natives of this
 * machine. Otherwise they compute with ND4J's operations: the same results, more slowly. The system property {@value
 * #PROPERTY} with the value {@code false} turns oneDNN off.
 */
public final class OneDnn {
    /** System property: {@code false} turns oneDNN off, for a layer of a network if it is set when that is created. */
    public static final String PROPERTY = "io.github.squeeze4j.onednn";

    private OneDnn() {}

    /**
     * Whether oneDNN is used.
     *
     * @return true if it is here and not turned off
     */
    public static boolean available() {
        return unavailableReason() == null;
    }

    /**
     * Why oneDNN is not used.
     *
     * @return one sentence with the remedy; null if it is used
     */
    public static String unavailableReason() {
        return "false".equalsIgnoreCase(System.getProperty(PROPERTY))
                ? "oneDNN is turned off by -D" + PROPERTY + "=false"
                : Availability.REASON;
    }

    /**
     * Whether the arrays of this type can be given to oneDNN here.
     *
     * @param type the type of a layer's arrays
     * @return true for FLOAT where oneDNN is available
     */
    public static boolean supports(DataType type) {
        return type == DataType.FLOAT && available();
    }

    /**
     * The instructions that oneDNN uses here: the processor's, unless the environment variable DNNL_MAX_CPU_ISA forbids some.
     *
     * @return a name for people; oneDNN must be {@link #available}
     */
    public static String instructions() {
        return Instructions.name(dnnl.dnnl_get_effective_cpu_isa());
    }

    /**
     * Whether these multiply bfloat16 numbers. oneDNN takes the type on processors with AVX-512 too, where it is slower than FLOAT.
     *
     * @return true with Intel AMX or AVX-512 BF16; oneDNN must be {@link #available}
     */
    public static boolean multipliesBfloat16() {
        return Instructions.multiplyBfloat16(dnnl.dnnl_get_effective_cpu_isa());
    }

    /**
     * Whether a feature map's memory is as oneDNN takes it: FLOAT [N, C, H, W] without gaps, each image's channels one
     * after the other, or each pixel's (channels last, as a permuted view).
     *
     * @param map any array
     * @return true if the map can be used as it is
     */
    public static boolean fits(INDArray map) {
        return map.rank() == 4
                && map.dataType() == DataType.FLOAT
                && (Layout.dense(map, false) || Layout.dense(map, true));
    }

    private static final class Availability {
        static final String REASON = find();

        private static String find() {
            String backend = Nd4j.getExecutioner().getEnvironmentInformation().getProperty("backend");
            if (!"CPU".equalsIgnoreCase(backend)) {
                return "ND4J's backend is " + backend + " and oneDNN runs on the CPU; use nd4j-native";
            }
            try {
                Context.current();
                return null;
            } catch (LinkageError | RuntimeException e) {
                return "org.bytedeco:dnnl:2.5.2-1.5.7 or its natives, or those of org.bytedeco:opencl:3.0-1.5.7, are not on"
                        + " the class path; add both with this machine's classifier (" + e + ")";
            }
        }
    }
}
