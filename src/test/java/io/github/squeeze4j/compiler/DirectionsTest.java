package io.github.squeeze4j.compiler;

import static io.github.squeeze4j.NamedPackages.namedBy;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which package may name which: the picture at the head of docs/architecture.md, as far as the compiler goes. */
@Tag("tiny")
class DirectionsTest {
    @Test
    void theRepresentationNamesNothingOfOurs() {
        assertThat(namedBy("compiler/ir")).isEmpty();
    }

    @Test
    void passesNameTheRepresentationAlone() {
        assertThat(namedBy("compiler/passes")).containsExactly("compiler.ir");
    }

    @Test
    void gradientsNameTheRepresentationAlone() {
        assertThat(namedBy("compiler/gradients")).containsExactly("compiler.ir");
    }

    @Test
    void codeNamesTheRepresentationAndOneDnn() {
        assertThat(namedBy("compiler/codegen")).containsExactly("compiler.ir", "onednn");
    }

    @Test
    void blocksNameTheCompilerAndNotTheEngine() {
        assertThat(namedBy("blocks"))
                .containsExactly("compiler.codegen", "compiler.gradients", "compiler.ir", "internal", "onednn");
    }

    @Test
    void oneDnnNamesNoCompiler() {
        assertThat(namedBy("onednn")).doesNotContain("compiler.ir", "compiler.passes", "compiler.codegen", "blocks");
    }
}
