package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkException;

/** Calls of Spark, whose errors are as those of this library where the user can mend them. */
final class Calls {
    /** How Spark writes an exception of a task whose class or cause did not come along. */
    private static final Pattern THROWN =
            Pattern.compile(Pattern.quote(BadInputException.class.getName()) + ": ([^\n]*)");

    private Calls() {}

    static <T> T of(Supplier<T> call) {
        try {
            return call.get();
        } catch (Exception e) {
            // Also checked ones: Scala's methods throw some that they do not declare.
            throw translated(e);
        }
    }

    /** What the user shall see. */
    static RuntimeException translated(Exception e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof BadInputException) {
                return new BadInputException(cause.getMessage(), e);
            }
            Matcher thrown = THROWN.matcher(String.valueOf(cause.getMessage()));
            if (cause instanceof SparkException && thrown.find()) {
                return new BadInputException(thrown.group(1), e);
            }
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("[PATH_NOT_FOUND]")) {
                return new BadInputException(
                        "data ("
                                + message.replaceFirst("(?s).*does not exist: ", "")
                                        .replaceFirst("(?s)\\.?\\s*$", "")
                                + ") must exist; check its name, and that all machines see it",
                        e);
            }
            if (message.contains("[PATH_ALREADY_EXISTS]")) {
                return new BadInputException(
                        "output (" + message.replaceFirst("(?s).*?Path ", "").replaceFirst("(?s) already exists.*", "")
                                + ") must not exist already; choose another or remove it",
                        e);
            }
            if (message.contains("All masters are unresponsive") || message.contains("Could not parse Master URL")) {
                return new BadInputException(
                        "Spark's master must be one that answers ("
                                + message.lines().findFirst().orElse("") + "); use local[*], spark://HOST:7077 or yarn",
                        e);
            }
        }
        return e instanceof RuntimeException ? (RuntimeException) e : new IllegalStateException(e);
    }
}
