package io.github.squeeze4j.internal;

import java.util.function.Supplier;

/** What builders print of themselves. */
public final class BuilderText {
    private BuilderText() {}

    /**
     * What a builder would build, or why it cannot yet: a debugger that shows a builder shall not fail.
     *
     * @param builder the builder, of the class around its own
     * @param built builds it
     * @return "Builder of" it
     */
    public static String of(Object builder, Supplier<?> built) {
        try {
            return "Builder of " + built.get();
        } catch (RuntimeException incomplete) {
            String reason = incomplete.getMessage() == null ? incomplete.toString() : incomplete.getMessage();
            Class<?> around = builder.getClass().getEnclosingClass();
            String kind = (around == null ? builder.getClass() : around).getSimpleName();
            return "Builder of " + kind + ", not complete: " + reason;
        }
    }
}
