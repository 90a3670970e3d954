package io.github.squeeze4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * The command line. Without arguments it trains SE-ResNet-20 on the bundled sample of Fashion-MNIST.
 *
 * <p>Exit codes: 0 success; 2 bad input, with one line on standard error; 1 an error of the program, with its stack
 * trace.
 */
public final class Main {
    private Main() {}

    /**
     * Runs one command and ends the Java virtual machine if it fails.
     *
     * @param args subcommand and options; none trains with the defaults
     */
    public static void main(String[] args) {
        String complaint = Needed.complaint(Main.class.getClassLoader());
        int code;
        if (complaint == null) {
            Environment.prepare();
            code = run(args, new StandardOutput(new FileOutputStream(FileDescriptor.out)), System.err);
        } else {
            System.err.println("squeeze4j: " + complaint);
            code = 2;
        }
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Runs one command and returns its exit code. */
    static int run(String[] args, OutputStream out, PrintStream err) {
        return RootCommand.run(args, out, err);
    }
}
