package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

/** Sets of a processor's instructions, by the numbers that oneDNN gives them. */
final class Instructions {
    private Instructions() {}

    /** The set's name for people. */
    static String name(int isa) {
        if (isa == dnnl_cpu_isa_avx512_core_amx || isa == dnnl_cpu_isa_all) {
            return "Intel AMX";
        }
        if (isa == dnnl_cpu_isa_avx512_core_bf16) {
            return "AVX-512 BF16";
        }
        if (isa == dnnl_cpu_isa_avx512_core_vnni) {
            return "AVX-512 VNNI";
        }
        if (isa == dnnl_cpu_isa_avx512_core || isa == dnnl_cpu_isa_avx512_mic || isa == dnnl_cpu_isa_avx512_mic_4ops) {
            return "AVX-512";
        }
        if (isa == dnnl_cpu_isa_avx2_vnni) {
            return "AVX2 VNNI";
        }
        return isa == dnnl_cpu_isa_avx2 ? "AVX2" : isa == dnnl_cpu_isa_avx ? "AVX" : "SSE 4.1";
    }

    /** Whether products of bfloat16 numbers are among them. */
    static boolean multiplyBfloat16(int isa) {
        return isa == dnnl_cpu_isa_avx512_core_amx || isa == dnnl_cpu_isa_avx512_core_bf16;
    }
}
