package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Protobuf's text format. */
class PrototxtTest {
    @TempDir
    private Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("net.prototxt"), text);
    }

    private TextMessage read(String text) throws IOException {
        return Prototxt.read(file(text));
    }

    @Test
    void values() throws IOException {
        TextMessage text = read("\uFEFF# a comment { with a brace\n"
                + "name: \"a\\\"b\" 'c\\n\\x41\\101\\u00e9'; number: -0x10, real: 1.5e-3f\n"
                + "yes: true no:f list: [1, 2,3] list: 4 empty: []\tword: MAX\r\n"
                + "message { a: 1 } message: < a: 2 > more: [{ a: 3 }, < a: 4 >]");
        assertThat(text.text("name")).isEqualTo("a\"bc\nAA\u00e9");
        assertThat(text.number("number", 0, -100, 100)).isEqualTo(-16);
        assertThat(text.number("absent", 7, 0, 1)).isEqualTo(7);
        assertThat(text.flag("yes", false)).isTrue();
        assertThat(text.flag("no", true)).isFalse();
        assertThat(text.numbers("list", 0, 9)).containsExactly(1, 2, 3, 4);
        assertThat(text.choice("word", "AVE", "MAX")).isEqualTo("MAX");
        assertThat(text.messages("message"))
                .extracting(m -> m.number("a", 0, 0, 9))
                .containsExactly(1, 2);
        assertThat(text.messages("more"))
                .extracting(m -> m.number("a", 0, 0, 9))
                .containsExactly(3, 4);
        assertThat(text.messages("more").get(0).line()).isEqualTo(4);
    }

    @Test
    void decimalsAreNumbers() throws IOException {
        assertThat(read("a: .5").real("a", 0)).isEqualTo(0.5);
        assertThat(read("a: 1e-3").real("a", 0)).isEqualTo(0.001);
        assertThatThrownBy(() -> read("a: nan\n").number("a", 0, 0, 1))
                .hasMessageEndingWith("net.prototxt:1: a (nan) must be a whole number");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: 1 b|1: b must be followed by a colon or a brace",
                "a { b: 1|1: the message from line 1 must be closed by }",
                "a { b: 1 >|1: > must be the name of a field",
                "a: }|1: a (}) must be a number, a word or a text in quotes",
                "a:|1: a (the end of the file) must be a number, a word or a text in quotes",
                "a: 1x|1: a (1x) must be a number, a word or a text in quotes",
                "a: \"b|1: a text must be closed by \"",
                "a: '\\q'|1: escapes in texts must be \\n and the like",
                "a: '\\U00110000'|1: escapes in texts must be \\n and the like",
                "[ext]: 1|1: [ must be the name of a field",
                "a: [1 2]|1: elements of a must be separated by commas and closed by ]",
                "a: [1, |1: a (the end of the file) must be a number",
                "1: 2|1: 1 must be the name of a field",
                "}|1: } must be the name of a field",
            })
    void syntax(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("net.prototxt:" + message);
    }

    @Test
    void linesAreCounted() {
        assertThatThrownBy(() -> read("a: 1\n# b\n\nb: 'c\n'"))
                .hasMessageContaining("net.prototxt:4: a text must end on the line on which it starts");
    }

    @Test
    void limits() {
        assertThatThrownBy(() -> read("a {".repeat(100)))
                .hasMessageContaining("messages must be nested at most 32 deep");
        assertThatThrownBy(() -> read("a:1 ".repeat(600_000)))
                .hasMessageContaining("a network must have at most 500000 fields and elements of lists");
        assertThatThrownBy(() -> read("a:[" + "1,".repeat(600_000) + "1]"))
                .hasMessageContaining("a network must have at most 500000 fields");
        assertThatThrownBy(() -> read("a:[]".repeat(600_000)))
                .hasMessageContaining("a network must have at most 500000 fields");
        assertThatThrownBy(() -> read("a: " + "1".repeat(20_000)))
                .hasMessageContaining("values must have at most 10000 characters");
        assertThatThrownBy(() -> read("a: '" + "1".repeat(20_000) + "'"))
                .hasMessageContaining("texts must have at most 10000 characters");
        assertThatThrownBy(() -> read(" ".repeat((1 << 24) + 1))).hasMessageContaining("must have at most 16777216");
    }

    @Test
    void otherFiles() throws IOException {
        Path absent = folder.resolve("absent.prototxt");
        assertThatThrownBy(() -> Prototxt.read(absent)).hasMessageContaining("must be a file that exists");
        Path weights = Files.write(folder.resolve("net.caffemodel"), new byte[] {10, 3, (byte) 0xff, 'a'});
        assertThatThrownBy(() -> Prototxt.read(weights)).hasMessageContaining("must be text in UTF-8");
        Path zero = Files.write(folder.resolve("zero"), "a: 1\0".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> Prototxt.read(zero)).hasMessageContaining("must not hold the character 0");
    }

    @Test
    void fields() throws IOException {
        assertThatThrownBy(() -> read("a: 1\nb: 2\na: 3").number("a", 0, 0, 9))
                .hasMessageEndingWith("net.prototxt:3: a must be there once; delete one of the two");
        assertThatThrownBy(() -> read("a: 10").number("a", 0, 0, 9))
                .hasMessageEndingWith("net.prototxt:1: a (10) must be from 0 to 9");
        assertThatThrownBy(() -> read("a: MIN").choice("a", "MAX", "AVE"))
                .hasMessageEndingWith("net.prototxt:1: a (MIN) must be one of MAX, AVE");
        assertThatThrownBy(() -> read("a: MAX").text("a")).hasMessageEndingWith("a (MAX) must be a text in quotes");
        assertThatThrownBy(() -> read("a { }").text("a"))
                .hasMessageEndingWith("a (a message) must be a text in quotes");
        assertThatThrownBy(() -> read("a: 1").message("a")).hasMessageEndingWith("a (1) must be a message in braces");
        TextMessage text = read("a: 1\nb { c: 2\n d: 3 }");
        text.ignore("a");
        TextMessage inner = text.message("b");
        assertThat(inner.has("c")).isTrue();
        text.requireAllKnown();
        assertThatThrownBy(inner::requireAllKnown)
                .hasMessageEndingWith(
                        "net.prototxt:3: b: field (d) must be one that is known here; delete it if it does not matter at inference");
    }
}
