package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.BadInputException;
import io.github.squeeze4j.training.ShownText;
import java.util.List;
import java.util.stream.Collectors;
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
            List<String> suggestions = ((UnmatchedArgumentException) e).getSuggestions();
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
        print(
                command,
                "memory must hold network and images, but does not (" + e.getMessage()
                        + "); give Java more with -Xmx, or use a smaller --batch, network or picture");
        return ExitCode.USAGE;
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
