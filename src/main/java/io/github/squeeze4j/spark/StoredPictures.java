package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * Labelled pictures as they travel to executors: names of files, which every machine must find under the same names, or, of data
 * sets that are one file, the pictures themselves.
 */
final class StoredPictures implements LabelledPictures, Serializable {
    private static final long serialVersionUID = 1L;
    private static final int MOST_BYTES = 256 << 20;

    private final List<String> classNames;
    private final String[] names;
    private final int[] labels;
    /** Height, width and channels of each picture; null where there are files. */
    private final int[][] shapes;

    private final byte[][] pixels;

    private StoredPictures(List<String> classNames, String[] names, int[] labels, int[][] shapes, byte[][] pixels) {
        this.classNames = new ArrayList<>(classNames);
        this.names = names;
        this.labels = labels;
        this.shapes = shapes;
        this.pixels = pixels;
    }

    /** Files of any file system that Spark knows. */
    static StoredPictures files(List<String> classNames, List<String> names, List<Integer> labels) {
        return new StoredPictures(
                classNames,
                names.toArray(new String[0]),
                labels.stream().mapToInt(Integer::intValue).toArray(),
                null,
                null);
    }

    static StoredPictures of(LabelledPictures pictures) {
        if (pictures instanceof StoredPictures) {
            return (StoredPictures) pictures;
        }
        int count = pictures.size();
        String[] names = new String[count];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            names[i] = pictures.name(i);
            labels[i] = pictures.label(i);
        }
        if (count == 0 || isUri(names[0]) || Files.isRegularFile(java.nio.file.Path.of(names[0]))) {
            for (int i = 0; i < count; i++) { // other machines have other working folders
                names[i] = isUri(names[i])
                        ? names[i]
                        : java.nio.file.Path.of(names[i]).toAbsolutePath().toString();
            }
            return new StoredPictures(pictures.classNames(), names, labels, null, null);
        }
        int[][] shapes = new int[count][];
        byte[][] pixels = new byte[count][];
        for (int i = 0; i < count; i++) {
            Picture picture = pictures.read(i);
            shapes[i] = new int[] {picture.height(), picture.width(), picture.channels()};
            pixels[i] = picture.pixels();
        }
        return new StoredPictures(pictures.classNames(), names, labels, shapes, pixels);
    }

    static boolean isUri(String name) {
        return name.matches("[a-zA-Z][a-zA-Z0-9+.-]+:/.*");
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
        return names[index];
    }

    @Override
    public Picture read(int index) {
        if (pixels != null) {
            int[] shape = shapes[index];
            return Picture.of(shape[0], shape[1], shape[2], pixels[index]);
        }
        String name = names[index];
        return isUri(name) ? Picture.decode(bytes(name), name) : Picture.read(java.nio.file.Path.of(name));
    }

    private static byte[] bytes(String uri) {
        Path path = new Path(uri);
        try (InputStream in = path.getFileSystem(configuration()).open(path)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new BadInputException("picture (" + uri + "): length must be at most " + (MOST_BYTES >> 20)
                        + " MiB; save it smaller");
            }
            return bytes;
        } catch (FileNotFoundException e) {
            throw new BadInputException(
                    "picture (" + uri + ") must be a file that exists on " + Executors.host()
                            + "; check the name and the folder",
                    e);
        } catch (IOException e) {
            throw new BadInputException(
                    "picture (" + uri + ") must be readable on " + Executors.host() + " (" + e.getMessage()
                            + "); check its permissions",
                    e);
        }
    }

    /** Hadoop's, with what Spark's configuration says of it. */
    private static Configuration configuration() {
        return SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
    }
}
