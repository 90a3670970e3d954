package io.github.squeeze4j.training;

import io.github.squeeze4j.images.PictureForm;
import io.github.squeeze4j.images.PictureSets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The IDX files of MNIST and its kin, for {@link io.github.squeeze4j.images.PictureFinder#form}: training and test images, both
 * an {@link ImageSet}.
 */
public final class IdxForm implements PictureForm {
    private static final List<String> FILES = List.of(
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");

    private final List<String> classNames;

    /**
     * The form.
     *
     * @param classNames the classes of a model; null for those of the files
     */
    public IdxForm(List<String> classNames) {
        this.classNames = classNames;
    }

    @Override
    public boolean matches(Path data) {
        return FILES.stream()
                .anyMatch(name -> Files.exists(data.resolve(name)) || Files.exists(data.resolve(name + ".gz")));
    }

    @Override
    public PictureSets open(Path data) {
        // With a model's classes only the test images are wanted: the others may be missing.
        ImageSet train = classNames == null ? ImageSet.train(data) : null;
        ImageSet test = ImageSet.test(data, classNames == null ? train.classNames() : classNames);
        String found = String.format(
                Locale.ROOT,
                "IDX files, %s%,d held-out images of %dx%d",
                train == null ? "" : String.format(Locale.ROOT, "%,d training images and ", train.size()),
                test.size(),
                test.height(),
                test.width());
        return PictureSets.of(found, train, null, test);
    }

    @Override
    public String description() {
        return "the four IDX files of MNIST and its kin";
    }
}
