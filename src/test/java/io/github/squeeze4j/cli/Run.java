package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;

/** One call of the command line, with what it printed. */
final class Run {
    final int code;
    final String out;
    final String err;

    private Run(int code, String out, String err) {
        this.code = code;
        this.out = out;
        this.err = err;
    }

    static Run of(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(args, new PrintStream(out, true), new PrintStream(err, true));
        return new Run(code, out.toString(Charset.defaultCharset()), err.toString(Charset.defaultCharset()));
    }

    /** It worked, without a word on standard error. */
    Run ok() {
        assertThat(err).as("standard error").isEmpty();
        assertThat(code).as("exit code").isZero();
        return this;
    }

    /** It failed with code 2, one line on standard error and no stack trace; the line holds all the parts. */
    Run complains(String... parts) {
        assertThat(err).startsWith("squeeze4j: ").contains(parts).doesNotContain("\tat ");
        assertThat(err.lines()).as("lines on standard error: %s", err).hasSize(1);
        assertThat(code).as("exit code").isEqualTo(2);
        return this;
    }
}
