package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds out in which form a data set comes, and opens it. Tried in this order: forms that were added; a file is an image list
 * (a name, a blank and a label from 0 on each line); binary files of CIFAR-10 or CIFAR-100; a folder with the image lists
 * {@code train.txt} and perhaps {@code val.txt} and {@code test.txt}; a folder with nothing but {@code train}, {@code val}
 * (or {@code valid}, {@code validation}) and {@code test} below it, each with one folder per class; a folder with one folder
 * per class.
 *
 * <p>What comes without a validation set is split: of each class the given fraction, by the seed. Defaults: seed 0,
 * fraction 0.1, root the list's own folder, classes as found.
 */
public final class PictureFinder {
    private static final List<String> VALIDATION = List.of("val", "valid", "validation");
    private static final Set<String> PARTS = Set.of("train", "val", "valid", "validation", "test");

    private long seed;
    private double fraction = 0.1;
    private Path root;
    private List<String> classNames;
    private final List<PictureForm> forms = new ArrayList<>();

    /** A finder with the defaults. */
    public PictureFinder() {}

    /**
     * How a set without a validation part is split.
     *
     * @param fraction of each class that is kept for validation, from 0 (none) to 0.99; a class of two pictures or more
     *     keeps at least one on each side
     * @param seed decides which
     * @return this finder
     */
    public PictureFinder split(double fraction, long seed) {
        this.fraction = Rules.within("validation fraction", fraction, 0, 0.99);
        this.seed = seed;
        return this;
    }

    /**
     * Where the names of an image list begin.
     *
     * @param root a folder
     * @return this finder
     */
    public PictureFinder root(Path root) {
        this.root = root;
        return this;
    }

    /**
     * The classes that must be there, in the order of the labels: a model's.
     *
     * @param classNames names; folders of other names are complained about
     * @return this finder
     */
    public PictureFinder classNames(List<String> classNames) {
        this.classNames = List.copyOf(classNames);
        return this;
    }

    /**
     * Another form to try.
     *
     * @param form tried before the others, in the order of these calls
     * @return this finder
     */
    public PictureFinder form(PictureForm form) {
        forms.add(form);
        return this;
    }

    /**
     * Opens a data set.
     *
     * @param data a folder, an image list or a file of CIFAR
     * @return its sets
     * @throws BadInputException if it is none of these, or wrong; the message names the file and the line
     */
    public PictureSets open(Path data) {
        if (!Files.exists(data)) {
            throw new BadInputException(
                    "data (" + data + ") must be a folder or a file that exists; check its name and the folder");
        }
        for (PictureForm form : forms) {
            if (form.matches(data)) {
                return form.open(data);
            }
        }
        if (Files.isRegularFile(data)) {
            return list(data);
        }
        Path cifar = Cifar.find(data);
        if (cifar != null) {
            return cifar(cifar);
        }
        try {
            return Files.isRegularFile(data.resolve("train.txt")) ? lists(data) : folder(data);
        } catch (IOException e) {
            throw new BadInputException(
                    "data folder (" + data + ") must be readable (" + e.getMessage() + "); check its permissions", e);
        }
    }

    private PictureSets list(Path file) {
        PictureList list = PictureList.read(file, root, classNames);
        String found = "image list, " + counted(list.pictures()) + repeated(list);
        return split(found, list.pictures(), null);
    }

    private static String repeated(PictureList list) {
        return list.repeated() == 0 ? "" : "; lines that repeat another: " + list.repeated();
    }

    private PictureSets lists(Path folder) {
        PictureList train = PictureList.read(folder.resolve("train.txt"), root, classNames);
        List<String> names = train.pictures().classNames();
        LabelledPictures validation = list(folder.resolve("val.txt"), names);
        LabelledPictures test = list(folder.resolve("test.txt"), names);
        String found = "image lists, " + counted(train.pictures()) + " in train.txt" + repeated(train)
                + size(validation, "in val.txt") + size(test, "in test.txt");
        return validation == null
                ? split(found, train.pictures(), test)
                : PictureSets.of(found, train.pictures(), validation, test);
    }

    private LabelledPictures list(Path file, List<String> names) {
        return Files.isRegularFile(file) ? PictureList.read(file, root, names).pictures() : null;
    }

    private PictureSets cifar(Path folder) {
        Cifar train = Cifar.open(folder, false);
        requireClasses(train, folder);
        Cifar test = Cifar.open(folder, true);
        String found = Cifar.title(folder) + ", " + counted(train) + size(test, "for the test");
        return split(found, train, test);
    }

    private void requireClasses(LabelledPictures pictures, Path data) {
        if (classNames != null && !classNames.equals(pictures.classNames())) {
            throw new BadInputException("classes (" + String.join(", ", pictures.classNames()) + ") of " + data
                    + " must be the model's (" + String.join(", ", classNames) + "); choose another model or data");
        }
    }

    private PictureSets folder(Path folder) throws IOException {
        List<Path> folders = PictureFolder.folders(folder);
        Set<String> names = folders.stream().map(PictureFolder::name).collect(Collectors.toSet());
        if (names.isEmpty()) {
            String others =
                    forms.stream().map(form -> ", or " + form.description()).collect(Collectors.joining());
            throw new BadInputException(
                    "data folder (" + folder + ") must hold one folder per class, image lists (train.txt)"
                            + ", the binary files of CIFAR-10 or CIFAR-100" + others
                            + ", but holds no folder; put the pictures of each class into one");
        }
        // "train" may be a class beside "bus" and "tram".
        if (!PARTS.containsAll(names)) {
            PictureFolder all = PictureFolder.read(folder, classNames);
            return split("one folder per class, " + counted(all.pictures()) + others(all), all.pictures(), null);
        }
        PictureFolder train = names.contains("train") ? PictureFolder.read(folder.resolve("train"), classNames) : null;
        List<String> classes = train == null ? classNames : train.pictures().classNames();
        LabelledPictures trained = train == null ? null : train.pictures();
        LabelledPictures validation = null;
        for (String name : VALIDATION) {
            if (names.contains(name)) {
                validation = PictureFolder.read(folder.resolve(name), classes).pictures();
            }
        }
        LabelledPictures test = names.contains("test")
                ? PictureFolder.read(folder.resolve("test"), classes).pictures()
                : null;
        String found = "one folder per class"
                + (train == null ? "" : ", " + counted(trained) + " for training" + others(train))
                + size(validation, "for validation") + size(test, "for the test");
        return trained != null && validation == null
                ? split(found, trained, test)
                : PictureSets.of(found, trained, validation, test);
    }

    private static String others(PictureFolder folder) {
        return folder.others() == 0 ? "" : "; files that are no pictures: " + folder.others();
    }

    private static String counted(LabelledPictures pictures) {
        return String.format(
                Locale.ROOT,
                "%,d pictures in %,d classes",
                pictures.size(),
                pictures.classNames().size());
    }

    private static String size(LabelledPictures pictures, String use) {
        return pictures == null ? "" : String.format(Locale.ROOT, ", %,d %s", pictures.size(), use);
    }

    private PictureSets split(String found, LabelledPictures all, LabelledPictures test) {
        if (fraction == 0) {
            return PictureSets.of(found, all, null, test);
        }
        int[][] parts = Split.byClass(all, fraction, seed);
        if (parts[1].length == 0) {
            return PictureSets.of(found, all, null, test);
        }
        String how = String.format(Locale.ROOT, ", %,d of them kept for validation by seed %d", parts[1].length, seed);
        return PictureSets.of(found + how, all.select(parts[0]), all.select(parts[1]), test);
    }
}
