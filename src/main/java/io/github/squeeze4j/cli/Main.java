package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * The command line. Without arguments it trains SE-ResNet-20 on the bundled sample of Fashion-MNIST.
 *
 * <p>Exit codes: 0 success; 2 bad input, with one line on standard error; 1 an error of the program, with its stack
 * trace.
 */
@Command(
        name = "squeeze4j",
        description = {
            "Attention blocks for Deeplearning4j: train, judge and use image classifiers.",
            "Without arguments: train SE-ResNet-20 on the bundled sample of Fashion-MNIST."
        },
        subcommands = {
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            GatesCommand.class,
            VerifyCommand.class,
            SummaryCommand.class,
            CompareCommand.class,
            AugmentCommand.class,
            ConvertCommand.class,
            WeightsCommand.class
        },
        footer = {"", "To run it with Maven: " + Main.MAVEN + " -Dexec.args=\"COMMAND OPTIONS\""})
public final class Main {
    /** How the README starts the command line. */
    static final String MAVEN = "mvn -q compile exec:java";

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    Main() {}

    /**
     * Runs one command and ends the Java virtual machine if it fails.
     *
     * @param args subcommand and options; none trains with the defaults
     */
    public static void main(String[] args) {
        Environment.prepare();
        int code = run(args, System.out, System.err);
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Runs one command and returns its exit code. */
    static int run(String[] args, PrintStream out, PrintStream err) {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine
                .setOut(new PrintWriter(out, true, Charset.defaultCharset()))
                .setErr(new PrintWriter(err, true, Charset.defaultCharset()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Errors::wrongArguments)
                .setExecutionExceptionHandler(Errors::failed);
        String[] command = args.length == 0 ? new String[] {TrainCommand.NAME} : args;
        int code = expandAndExecute(commandLine, command);
        if (commandLine.getOut().checkError() && code == 0) {
            code = Errors.unwritten(commandLine);
        }
        commandLine.getErr().flush();
        return code;
    }

    private static int expandAndExecute(CommandLine commandLine, String[] command) {
        String[] expanded;
        try {
            expanded = command[0].equals(TrainCommand.NAME) ? Recipes.expand(command) : command;
        } catch (BadInputException e) {
            return Errors.failed(e, commandLine, null);
        }
        return execute(commandLine, expanded);
    }

    private static int execute(CommandLine commandLine, String[] command) {
        try {
            return commandLine.execute(command);
        } catch (OutOfMemoryError e) {
            return Errors.outOfMemory(e, commandLine);
        }
    }
}
