package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.ShownText;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.datavec.api.io.labels.PathLabelGenerator;
import org.datavec.api.records.Record;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.split.InputSplit;
import org.datavec.api.writable.Writable;

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
            files.add(local(location));
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

    /**
     * The files of a reader such as {@code ImageRecordReader}. It is read to its end once, from its beginning if it can be
     * reset; DataVec decodes every picture for that, and a damaged one ends it. {@link #of(InputSplit, PathLabelGenerator)}
     * reads names alone. Only names and labels are kept: the pictures are read again by this library, which finds damage and
     * resizes as {@link Preprocessing} says.
     *
     * @param reader initialised, with a maker of labels
     * @return the pictures, in the reader's order, with its classes
     * @throws BadInputException if the reader cannot read a record, one is no local file with a label, or there are less than
     *     two classes
     */
    public static LabelledPictures of(RecordReader reader) {
        List<String> names = reader.getLabels();
        if (names == null || names.size() < 2) {
            throw new BadInputException("labels of the record reader (" + names
                    + ") must be at least 2 classes; give it a maker of labels such as ParentPathLabelGenerator");
        }
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        rewind(reader);
        while (reader.hasNext()) {
            Record read = next(reader, files.size());
            files.add(local(read.getMetaData().getURI()));
            List<Writable> values = read.getRecord();
            int label = values.size() == 2 ? values.get(1).toInt() : -1;
            if (label < 0 || label >= names.size()) {
                throw new BadInputException(
                        "record (" + read.getMetaData().getLocation() + ") must hold a picture and a"
                                + " label from 0 to " + (names.size() - 1) + "; give the reader a maker of labels");
            }
            labels.add(label);
        }
        rewind(reader);
        return new PictureFiles(
                files, labels.stream().mapToInt(Integer::intValue).toArray(), List.copyOf(names), null);
    }

    private static void rewind(RecordReader reader) {
        if (reader.resetSupported()) {
            reader.reset();
        }
    }

    private static Record next(RecordReader reader, int number) {
        try {
            return reader.nextRecord();
        } catch (RuntimeException e) {
            throw new BadInputException(
                    "record " + (number + 1) + " of the record reader ("
                            + reader.getClass().getSimpleName() + ") must be one that it can read ("
                            + ShownText.of(e)
                            + "); take the damaged file out, or use DataVecPictures.of(InputSplit, PathLabelGenerator),"
                            + " which reads names alone",
                    e);
        }
    }

    private static Path local(URI location) {
        try {
            return Path.of(location);
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw new BadInputException("location (" + location + ") must be a local file; copy it to this machine", e);
        }
    }
}
