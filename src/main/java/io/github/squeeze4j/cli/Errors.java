package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.NearNames;
import io.github.squeeze4j.internal.ShownText;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what the user got wrong into one line on standard error, and nothing else. */
final class Errors {
    private Errors() {}

    static int wrongArguments(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String remedy = "";
        if (e instanceof UnmatchedArgumentException) {
            UnmatchedArgumentException unmatched = (UnmatchedArgumentException) e;
            String typed = unmatched.getUnmatched().get(0);
            List<String> suggestions = unmatched.getSuggestions().stream()
                    .filter(name -> NearNames.isNear(typed, name))
                    .collect(Collectors.toList());
            if (!suggestions.isEmpty()) {
                remedy = "; perhaps " + String.join(" or ", suggestions);
            }
        }
        print(
                command,
                e.getMessage() + remedy + "; see " + command.getCommandSpec().qualifiedName(" ") + " --help");
        return ExitCode.USAGE;
    }

    static int failed(Exception e, CommandLine command, ParseResult parsed) {
        if (e instanceof BadInputException) {
            print(command, e.getMessage());
            return ExitCode.USAGE;
        }
        e.printStackTrace(command.getErr());
        return ExitCode.SOFTWARE;
    }

    /** What is too large for this machine is the user's to make smaller. */
    static int outOfMemory(OutOfMemoryError e, CommandLine command) {
        print(command, tooLarge(e, "use a smaller network or picture").getMessage());
        return ExitCode.USAGE;
    }

    /** The same in a training with batches of that size. */
    static BadInputException outOfMemory(OutOfMemoryError e, int batch) {
        return tooLarge(
                e,
                batch > 1
                        ? "try --batch " + batch / 2 + " --accumulate 2 instead of --batch " + batch
                        : "use a smaller network or --size");
    }

    private static BadInputException tooLarge(OutOfMemoryError e, String remedy) {
        boolean heap = String.valueOf(e.getMessage()).contains("heap");
        return new BadInputException(
                "memory " + (heap ? "of the heap" : "outside the heap")
                        + " must hold network and images, but does not ("
                        + e.getMessage() + "); " + remedy + ", or give more with "
                        + (heap ? "-Xmx" : "-D" + NativeBuild.MAX_BYTES + " and -D" + NativeBuild.MAX_PHYSICAL_BYTES)
                        + (heap
                                ? ""
                                : " (now " + (Pointer.maxBytes() >> 20) + " and " + (Pointer.maxPhysicalBytes() >> 20)
                                        + " MiB)"),
                e);
    }

    /** Results that nobody could read are none: a full disk behind standard output, say. */
    static int unwritten(CommandLine command) {
        print(command, "standard output must take what is written, but did not; make room or check where it goes");
        return ExitCode.USAGE;
    }

    private static void print(CommandLine command, String message) {
        String line = message.lines().map(String::strip).collect(Collectors.joining(" "));
        command.getErr().println("squeeze4j: " + ShownText.of(line));
    }
}
