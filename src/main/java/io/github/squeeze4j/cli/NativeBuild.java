package io.github.squeeze4j.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Chooses the native build of ND4J and how much memory outside the heap it may take. Works through the system properties
 * that JavaCPP reads once, so it must run before the first ND4J class loads; a property that the user has set stays.
 *
 * <p>JavaCPP alone takes the plainest build on the class path, whatever the processor can do.
 */
public final class NativeBuild {
    static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
    static final String MAX_BYTES = "org.bytedeco.javacpp.maxbytes";
    static final String MAX_PHYSICAL_BYTES = "org.bytedeco.javacpp.maxphysicalbytes";

    private static final String AVX2 = "-avx2";
    /** Fastest first. AVX-512 is left out: it measured no faster than AVX2, and its build is another 100 MB. */
    private static final List<String> EXTENSIONS = List.of("-cudnn", "-onednn-avx2", "-onednn");
    /** Where ND4J's CPU and CUDA backends keep their libraries, one folder per build. */
    private static final List<String> BINDINGS =
            List.of("org/nd4j/linalg/cpu/nativecpu/bindings/", "org/nd4j/linalg/jcublas/bindings/");

    private NativeBuild() {}

    /** Sets what is unset. */
    public static void choose() {
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        setDefault(EXTENSION, extension(hasAvx2(vmOption("UseAVX")), extension -> onClassPath(platform + extension)));
        // JavaCPP's defaults follow the heap, which a network hardly uses: bound by what the machine has instead.
        long memory = physicalMemory();
        setDefault(MAX_BYTES, Long.toString(memory / 2));
        setDefault(MAX_PHYSICAL_BYTES, Long.toString(memory / 4 * 3));
    }

    /** The platform with the extension that is set, as the classifiers of ND4J's artifacts spell it. */
    static String chosen() {
        return platform(System.getProperty("os.name"), System.getProperty("os.arch"))
                + System.getProperty(EXTENSION, "");
    }

    /** The extension of the fastest available build that the processor runs; empty for the plain build. */
    static String extension(boolean avx2, Predicate<String> available) {
        return EXTENSIONS.stream()
                .filter(extension -> avx2 || !extension.endsWith(AVX2))
                .filter(available)
                .findFirst()
                .orElse("");
    }

    /** The platform as JavaCPP and the classifiers of its artifacts spell it. */
    static String platform(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "macosx" : os.startsWith("windows") ? "windows" : "linux";
        switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64":
            case "x86_64":
                return system + "-x86_64";
            case "aarch64":
            case "arm64":
                return system + "-arm64";
            default:
                return system + "-" + osArch;
        }
    }

    /**
     * Whether the processor has AVX2, from the level that the Java virtual machine found for itself: one answer for every
     * operating system.
     *
     * @param useAvx value of HotSpot's UseAVX, null where there is none
     */
    static boolean hasAvx2(String useAvx) {
        return useAvx != null && Integer.parseInt(useAvx) >= 2;
    }

    private static String vmOption(String name) {
        HotSpotDiagnosticMXBean machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return machine == null ? null : machine.getVMOption(name).getValue();
        } catch (IllegalArgumentException noSuchOption) {
            return null;
        }
    }

    private static boolean onClassPath(String build) {
        ClassLoader loader = NativeBuild.class.getClassLoader();
        return BINDINGS.stream().anyMatch(folder -> loader.getResource(folder + build + "/") != null);
    }

    private static long physicalMemory() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalPhysicalMemorySize();
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null && !value.isEmpty()) {
            System.setProperty(property, value);
        }
    }
}
