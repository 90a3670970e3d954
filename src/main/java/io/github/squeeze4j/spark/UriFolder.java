package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureSets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.SparkSession;

/**
 * A folder of pictures in any file system that Spark knows, such as {@code hdfs://host/photographs}: one folder per class, or {@code
 * train}, {@code val} and {@code test} with one folder per class in each. Nothing is split off: what judges has a folder of its own.
 */
public final class UriFolder {
    private static final List<String> PARTS = List.of("train", "val", "valid", "validation", "test");
    private static final Set<String> ENDINGS =
            Set.of("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "dib", "gif", "webp", "tif", "tiff");

    private final String uri;
    private final FileSystem files;
    private List<String> classNames;

    private UriFolder(String uri, List<String> classNames, FileSystem files) {
        this.uri = uri;
        this.classNames = classNames;
        this.files = files;
    }

    /**
     * Whether a name is a URI and no local file or folder.
     *
     * @param name what a user typed
     * @return true of names that begin as file:/ or hdfs:/
     */
    public static boolean isUri(String name) {
        return StoredPictures.isUri(name);
    }

    /**
     * Lists the pictures.
     *
     * @param session whose file systems are used
     * @param uri the folder
     * @param classNames the classes that must be there, in the order of the labels; null for those that are, by name
     * @return the pictures by their use; of one folder per class alone, all are for the test
     * @throws BadInputException if there is no such folder, or it is another
     */
    public static PictureSets open(SparkSession session, String uri, List<String> classNames) {
        Configuration configuration = session.sparkContext().hadoopConfiguration();
        try {
            Path path = new Path(uri);
            FileSystem files = path.getFileSystem(configuration);
            if (!files.exists(path)) {
                throw new BadInputException(
                        "data (" + uri + ") must exist; check its name, and that all machines see it");
            }
            return new UriFolder(uri, classNames, files).sets(path);
        } catch (IOException | IllegalArgumentException e) {
            throw new BadInputException(
                    "data (" + uri + ") must be a folder that Spark can read (" + e.getMessage()
                            + "); check its name, and that its file system is on the class path",
                    e);
        }
    }

    private PictureSets sets(Path folder) throws IOException {
        List<Path> folders = folders(folder);
        if (folders.isEmpty()) {
            throw new BadInputException("data (" + uri
                    + ") must hold one folder per class, but holds no folder; put the pictures of each class into one");
        }
        List<String> names = folders.stream().map(Path::getName).collect(Collectors.toList());
        if (!PARTS.containsAll(names)) {
            LabelledPictures all = pictures(folder);
            return PictureSets.of(found(all), null, null, all);
        }
        LabelledPictures train = names.contains("train") ? pictures(new Path(folder, "train")) : null;
        LabelledPictures validation = null;
        for (String name : names) {
            if (name.startsWith("val")) {
                validation = pictures(new Path(folder, name));
            }
        }
        LabelledPictures test = names.contains("test") ? pictures(new Path(folder, "test")) : null;
        return PictureSets.of(found(train, validation, test), train, validation, test);
    }

    private String found(LabelledPictures... parts) {
        int pictures = Arrays.stream(parts)
                .filter(part -> part != null)
                .mapToInt(LabelledPictures::size)
                .sum();
        return String.format(
                Locale.ROOT, "one folder per class, %,d pictures in %,d classes", pictures, classNames.size());
    }

    private List<Path> folders(Path folder) throws IOException {
        return Arrays.stream(files.listStatus(folder))
                .filter(FileStatus::isDirectory)
                .map(FileStatus::getPath)
                .filter(path -> !path.getName().startsWith("."))
                .sorted(Comparator.comparing(Path::getName))
                .collect(Collectors.toList());
    }

    private LabelledPictures pictures(Path folder) throws IOException {
        List<Path> folders = folders(folder);
        if (classNames == null) {
            classNames = folders.stream().map(Path::getName).collect(Collectors.toUnmodifiableList());
        }
        List<String> names = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path one : folders) {
            int label = classNames.indexOf(one.getName());
            if (label < 0) {
                throw new BadInputException("class folder (" + one + ") must be one of the classes "
                        + String.join(", ", classNames) + "; rename or remove it");
            }
            for (String name : below(one)) {
                names.add(name);
                labels.add(label);
            }
        }
        return StoredPictures.files(classNames, names, labels);
    }

    private List<String> below(Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        RemoteIterator<LocatedFileStatus> all = files.listFiles(folder, true);
        while (all.hasNext()) {
            String name = all.next().getPath().toString();
            String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            boolean hidden = name.substring(folder.toString().length()).contains("/.");
            if (ENDINGS.contains(ending) && !hidden) {
                names.add(name);
            }
        }
        names.sort(Comparator.naturalOrder());
        if (names.isEmpty()) {
            throw new BadInputException(
                    "class folder (" + folder + ") must hold pictures, but holds none; add some or remove it");
        }
        return names;
    }
}
