package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command above all others, which runs them. */
@Command(
        name = "squeeze4j",
        description = {
            "Attention blocks for Deeplearning4j: train, judge and use image classifiers.",
            "Without arguments: train SE-ResNet-20 on the bundled sample of Fashion-MNIST."
        },
        versionProvider = Version.class,
        subcommands = {
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            GatesCommand.class,
            VerifyCommand.class,
            ListCommand.class,
            SummaryCommand.class,
            CompareCommand.class,
            AugmentCommand.class,
            ConvertCommand.class,
            WeightsCommand.class
        })
final class RootCommand {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show what runs here and exit.")
    private boolean version;

    RootCommand() {}

    /** Runs one command and returns its exit code. */
    static int run(String[] args, OutputStream out, PrintStream err) {
        CommandLine commandLine = new CommandLine(new RootCommand());
        commandLine.getCommandSpec().usageMessage().footer("", "Type: " + Invocation.of("COMMAND OPTIONS"));
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
            boolean abandoned = out instanceof StandardOutput && ((StandardOutput) out).isAbandoned();
            code = abandoned ? code : Errors.unwritten(commandLine);
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
