package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.datavec.api.io.labels.PathLabelGenerator;
import org.datavec.api.split.InputSplit;

/**
 * Pictures that DataVec lists and labels. Needs {@code org.datavec:datavec-api} on the class path.
 *
 * <pre>{@code
 * LabelledPictures pictures = DataVecPictures.of(new FileSplit(folder), new ParentPathLabelGenerator());
 * }</pre>
 */
public final class DataVecPictures {
    private DataVecPictures() {}

    /**
     * The files of a split.
     *
     * @param split names local files, in its order
     * @param labels gives each file's class
     * @return the pictures; classes are sorted by name, as DataVec's {@code ImageRecordReader} sorts them
     * @throws BadInputException if there is no file, one is not local, or all are of one class
     */
    public static LabelledPictures of(InputSplit split, PathLabelGenerator labels) {
        List<Path> files = new ArrayList<>();
        List<String> classes = new ArrayList<>();
        for (URI location : split.locations()) {
            try {
                files.add(Path.of(location));
            } catch (IllegalArgumentException | FileSystemNotFoundException e) {
                throw new BadInputException(
                        "location (" + location + ") must be a local file; copy it to this machine", e);
            }
            classes.add(labels.getLabelForPath(location).toString());
        }
        List<String> names = List.copyOf(new TreeSet<>(classes));
        if (names.size() < 2) {
            throw new BadInputException("number of classes (" + names.size() + ") of the split's " + files.size()
                    + " files must be at least 2; check its folder and the maker of labels");
        }
        int[] numbers = classes.stream().mapToInt(names::indexOf).toArray();
        return new PictureFiles(files, numbers, names, null);
    }
}
