package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.zip.CRC32;

/** Picture files and their labels. */
final class PictureFiles implements LabelledPictures {
    private final List<Path> files;
    private final int[] labels;
    private final List<String> classNames;
    /** Where each file is named, for messages; null if nowhere. */
    private final List<String> places;
    /** Checksums of files that were found whole, so that the next epoch needs no second look at the same bytes. */
    private final AtomicIntegerArray whole;

    PictureFiles(List<Path> files, int[] labels, List<String> classNames, List<String> places) {
        this.files = List.copyOf(files);
        this.labels = labels;
        this.classNames = classNames;
        this.places = places;
        whole = new AtomicIntegerArray(labels.length);
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public String name(int index) {
        return files.get(index).toString();
    }

    @Override
    public Picture read(int index) {
        try {
            byte[] bytes = PictureFile.bytes(files.get(index));
            CRC32 crc = new CRC32();
            crc.update(bytes);
            int sum = (int) crc.getValue();
            Picture picture = PictureFile.decode(bytes, name(index), sum != 0 && whole.get(index) == sum);
            whole.set(index, sum);
            return picture;
        } catch (BadInputException e) {
            throw places == null ? e : new BadInputException(places.get(index) + ": " + e.getMessage(), e);
        }
    }
}
