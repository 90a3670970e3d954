package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("tiny")
class WeightsCommandTest {
    @Test
    void list() {
        assertThat(Run.of("weights", "list").ok().out.lines()).hasSize(122);
        assertThat(Run.of("weights", "list", "tf_*lite0").ok().out.lines())
                .hasSize(2)
                .last()
                .asString()
                .matches("timm/tf_efficientnet_lite0.in1k +efficientnet_lite0 +74.85 +92.18 +apache-2.0");
        Run.of("weights", "list", "zebra")
                .complains(
                        "pattern (zebra) must be part of the name of one of the 121 weights; leave it out to see all");
    }

    @Test
    void show() {
        assertThat(Run.of("weights", "show", "timm/seresnet50.a1_in1k").ok().out)
                .contains(
                        "network  resnet50, se\n",
                        "use      --weights timm/seresnet50.a1_in1k\n",
                        "SHA-256  ffa00869...\n",
                        "top-1    80.01\n");
        Run.of("weights", "show", "zebra").complains("published weights (zebra) must be one of the 121 known");
        Run.of("weights").complains("use weights list, show NAME or get NAME");
    }

    @Test
    void get(@TempDir Path folder) throws Exception {
        Run.of("weights", "get", "jongchan/cbam_resnet50", "--cache", folder.toString())
                .complains("must be got by hand", "https://github.com/Jongchan/attention-module");
        Run.of("weights", "get", "cadene/se_resnet50", "--cache", folder.toString())
                .complains("must begin with https", "allow plain http with weights get NAME --plain-http");
        Path file = Files.writeString(folder.resolve("cbam_resnet50.pth"), "put there by hand");
        assertThat(Run.of("weights", "get", "jongchan/cbam_resnet50", "--cache", folder.toString())
                        .ok()
                        .out)
                .contains(
                        "Licence: mit",
                        "Saved " + file + "; use it with --weights jongchan/cbam_resnet50, and -Dsqueeze4j.weights="
                                + folder + ", which brings its network and prepares images as its source does.");
    }
}
