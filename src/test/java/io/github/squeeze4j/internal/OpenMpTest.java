package io.github.squeeze4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Function;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Models;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In processes of their own, since the environment of this one is set by the build. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "GNU OpenMP is Linux's")
class OpenMpTest {
    /** Prints what native code finds in its environment, behind what a user's program begins with. */
    public static final class Program {
        private Program() {}

        public static void main(String[] args) {
            if (args[0].equals("block")) {
                SqueezeExcitation.builder();
            } else if (args[0].equals("network")) {
                Models.builder("se_resnet20");
            }
            Object found = Function.getFunction("c", "getenv").invoke(String.class, new Object[] {"GOMP_SPINCOUNT"});
            System.out.print(found);
        }
    }

    private static String run(String first, String spinCount) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder process =
                new ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), Program.class.getName(), first);
        process.environment().remove("GOMP_SPINCOUNT");
        process.environment().remove("OMP_WAIT_POLICY");
        if (spinCount != null) {
            process.environment().put("GOMP_SPINCOUNT", spinCount);
        }
        Process started = process.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        return new String(started.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"block", "network"})
    void theLibrarySetsHowLongNativeThreadsSpin(String first) throws Exception {
        assertThat(run(first, null)).endsWith("5000");
    }

    @Test
    void theUsersSettingStays() throws Exception {
        assertThat(run("network", "77")).endsWith("77");
    }

    @Test
    void othersDoNotSetIt() throws Exception {
        assertThat(run("nothing", null)).endsWith("null");
    }
}
