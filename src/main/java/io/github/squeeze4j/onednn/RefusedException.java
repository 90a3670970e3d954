package io.github.squeeze4j.onednn;

/** oneDNN has no implementation for what was asked, or the call failed. */
public final class RefusedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    RefusedException(int status) {
        super("oneDNN status " + status);
    }
}
