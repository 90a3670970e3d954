package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import picocli.CommandLine.Option;

/** Where a run leaves its files. */
final class RunFolder {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    @Option(names = "--out", paramLabel = "DIR", description = "Folder for the results. Default: runs/NAME-DATE-TIME.")
    private Path directory;

    @Option(
            names = "--overwrite",
            description = "Replace results that are already in the folder given with --out: all of them when the run is"
                    + " done, none until then; --resume DIR goes on with such a run.")
    private boolean overwrite;

    /** Makes the folder; complains now rather than after the training if the result could not be written there. */
    RunResults create(String name, String result) {
        Path folder = directory != null
                ? directory
                : Path.of(
                        "runs",
                        name.replaceAll("[^\\w.+-]", "_") + "-"
                                + LocalDateTime.now().format(STAMP));
        if (Files.isRegularFile(folder)) {
            throw new BadInputException(
                    "output folder (" + folder + ") must be a folder, but is a file; choose another one with --out");
        }
        try {
            Files.createDirectories(folder);
            if (!Files.isWritable(folder)) {
                throw new BadInputException("output folder (" + folder
                        + ") must be a folder that can be written; choose another one with --out");
            }
            RunResults.tidy(folder, false);
            if (!Files.exists(folder.resolve(result))
                    && !Files.exists(folder.resolve(TrainCommand.CHECKPOINTS))
                    && !RunResults.hasResumable(folder)) {
                return RunResults.in(folder);
            }
            if (overwrite) {
                return RunResults.beside(folder);
            }
        } catch (IOException e) {
            throw new BadInputException(
                    "output folder (" + folder + ") must be a folder that can be written (" + e
                            + "); choose another one with --out",
                    e);
        }
        boolean stopped = !Files.exists(folder.resolve(result));
        throw new BadInputException("output folder (" + folder + ") must not hold "
                + (stopped
                        ? "checkpoints of another run; go on with it by --resume " + folder + ", "
                        : result + " already; ")
                + "choose another folder with --out, or add --overwrite");
    }
}
