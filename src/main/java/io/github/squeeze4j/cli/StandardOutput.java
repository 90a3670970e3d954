package io.github.squeeze4j.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;

/** Standard output that knows whether its reader has gone, as {@code head} does when it has enough. */
final class StandardOutput extends FilterOutputStream {
    private volatile boolean abandoned;

    StandardOutput(OutputStream out) {
        super(out);
    }

    /** Whether nobody reads any more: nothing to complain about. */
    boolean isAbandoned() {
        return abandoned;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            // "Broken pipe", "The pipe is being closed"
            abandoned |= String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
            throw e;
        }
    }
}
