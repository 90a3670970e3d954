package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeBuildTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true  | -onednn -onednn-avx2        | -onednn-avx2",
                "false | -onednn -onednn-avx2        | -onednn",
                "true  | -onednn                     | -onednn",
                "false | -onednn-avx2                | ''",
                "true  | ''                          | ''",
                "true  | -onednn -onednn-avx2 -cudnn | -cudnn",
                "false | -cudnn                      | -cudnn",
            })
    void takesTheFastestBuildThatTheProcessorRuns(boolean avx2, String available, String expected) {
        Set<String> builds = Set.of(available.split(" "));
        assertThat(NativeBuild.extension(avx2, builds::contains)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "none",
            value = {"none, false", "0, false", "1, false", "2, true", "3, true"})
    void readsAvx2FromTheVirtualMachinesOwnLevel(String useAvx, boolean expected) {
        assertThat(NativeBuild.hasAvx2(useAvx)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64",
        "Linux, aarch64, linux-arm64",
        "Mac OS X, x86_64, macosx-x86_64",
        "Mac OS X, aarch64, macosx-arm64",
        "Windows 11, amd64, windows-x86_64",
        "Linux, ppc64le, linux-ppc64le",
    })
    void spellsPlatformsAsTheNativeArtifactsDo(String osName, String osArch, String expected) {
        assertThat(NativeBuild.platform(osName, osArch)).isEqualTo(expected);
    }

    @Test
    void leavesWhatTheUserHasSet() {
        String before = System.getProperty(NativeBuild.MAX_BYTES);
        try {
            System.setProperty(NativeBuild.MAX_BYTES, "1g");
            NativeBuild.choose();
            assertThat(System.getProperty(NativeBuild.MAX_BYTES)).isEqualTo("1g");
        } finally {
            System.setProperty(NativeBuild.MAX_BYTES, before);
        }
    }

    /** The session listener has chosen before any test ran; this machine's builds are on the class path. */
    @Test
    void testsRunOnTheChosenBuild() {
        assertThat(System.getProperty(NativeBuild.MAX_BYTES)).matches("[1-9][0-9]*");
        assertThat(System.getProperty(NativeBuild.MAX_PHYSICAL_BYTES)).matches("[1-9][0-9]*");
        if (System.getProperty("os.arch").equals("amd64")) {
            assertThat(System.getProperty(NativeBuild.EXTENSION)).startsWith("-");
        }
    }
}
