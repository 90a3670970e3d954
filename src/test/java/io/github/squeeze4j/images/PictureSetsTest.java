package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.datavec.api.io.labels.ParentPathLabelGenerator;
import org.datavec.api.records.metadata.RecordMetaDataURI;
import org.datavec.api.records.reader.RecordReader;
import org.datavec.api.split.FileSplit;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.Text;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureSetsTest {
    @TempDir
    private Path folder;

    private Path picture(String name) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(Noise.picture(6, 7, name.hashCode()).toImage(), "png", out);
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, out.toByteArray());
    }

    private Path list(String... lines) throws IOException {
        return Files.write(folder.resolve("list.txt"), List.of(lines));
    }

    private static List<String> names(LabelledPictures pictures) {
        return IntStream.range(0, pictures.size())
                .mapToObj(i -> Path.of(pictures.name(i)).getFileName() + ":" + pictures.label(i))
                .toList();
    }

    private void assertComplaint(Path data, String message) {
        assertThatThrownBy(() -> PictureSets.open(data))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void oneFolderPerClass() throws Exception {
        for (int i = 0; i < 20; i++) {
            picture("cat/" + (i < 10 ? "deep/" : "") + i + ".png");
        }
        picture("dog/a.JPG");
        picture("dog/b");
        picture("dog/.hidden.png");
        Files.writeString(folder.resolve("dog/notes.txt"), "x");
        Files.createDirectories(folder.resolve(".git"));
        PictureSets sets = PictureSets.open(folder);
        assertThat(sets.found())
                .isEqualTo(
                        "one folder per class, 22 pictures in 2 classes; files that are no pictures: 1, 3 of them kept "
                                + "for validation by seed 0");
        assertThat(sets.classNames()).containsExactly("cat", "dog");
        LabelledPictures validation = sets.validation().orElseThrow();
        assertThat(validation.size()).isEqualTo(3);
        Set<String> all = new HashSet<>(names(sets.train()));
        assertThat(all).hasSize(19);
        all.addAll(names(validation));
        assertThat(all).hasSize(22).contains("a.JPG:1", "b:1");
        assertThat(names(PictureSets.open(folder).validation().orElseThrow())).isEqualTo(names(validation));
        assertThat(names(new PictureFinder().split(0.1, 1).open(folder).train()))
                .isNotEqualTo(names(sets.train()));
        assertThat(sets.train().read(0).width()).isEqualTo(7);
        LabelledPictures few =
                new PictureFinder().split(0, 0).open(folder).train().limit(5);
        assertThat(IntStream.range(0, few.size()).map(few::label)).containsExactly(0, 0, 0, 1, 1);
        assertThatThrownBy(() -> few.limit(1))
                .hasMessageContaining("limit (1) must be at least the number of classes (2)");
    }

    @Test
    void parts() throws Exception {
        for (String name : List.of("train/a/1.png", "train/b/2.png", "val/a/3.png", "test/b/4.png")) {
            picture(name);
        }
        PictureSets sets = PictureSets.open(folder);
        assertThat(sets.found())
                .isEqualTo(
                        "one folder per class, 2 pictures in 2 classes for training, 1 for validation, 1 for the test");
        assertThat(names(sets.test().orElseThrow())).containsExactly("4.png:1");
        picture("val/c/5.png");
        assertComplaint(folder, "class folder (" + folder.resolve("val/c") + ") must be one of the classes a, b");
        // Here "train" is a class.
        picture("bus/6.png");
        assertThat(new PictureFinder().open(folder).classNames()).containsExactly("bus", "test", "train", "val");
    }

    @Test
    void wrongFolders() throws Exception {
        assertComplaint(folder.resolve("none"), "must be a folder or a file that exists");
        assertComplaint(
                folder,
                "must hold one folder per class, image lists (train.txt), the binary files of CIFAR-10 or CIFAR-100, "
                        + "but holds no folder");
        picture("only/1.png");
        assertComplaint(folder, "number of classes (1, only)");
        Files.createDirectories(folder.resolve("void"));
        assertComplaint(folder, "class folder (" + folder.resolve("void") + ") must hold pictures, but holds none");
    }

    @Test
    void imageLists() throws Exception {
        picture("x/one 1.png");
        picture("x/two.png");
        Path file = list("imagename label", "x/one 1.png 0", "", "  x/two.png\t1  ", "x/two.png 1", "x/three.png 1");
        PictureSets sets = new PictureFinder().split(0, 0).open(file);
        assertThat(sets.found()).isEqualTo("image list, 3 pictures in 2 classes; lines that repeat another: 1");
        assertThat(names(sets.train())).containsExactly("one 1.png:0", "two.png:1", "three.png:1");
        assertThat(sets.train().read(0).height()).isEqualTo(6);
        assertThatThrownBy(() -> sets.train().read(2))
                .hasMessageStartingWith(file + ", line 6: picture (")
                .hasMessageContaining("must be a file that exists");
        Files.writeString(folder.resolve("classes.txt"), "cat\ndog\nowl\n");
        assertThat(PictureSets.open(file).classNames()).containsExactly("cat", "dog", "owl");
        Path rooted = list("two.png 0", "two.png 0", "../x/one 1.png 2");
        assertThat(new PictureFinder()
                        .root(folder.resolve("x"))
                        .split(0, 0)
                        .open(rooted)
                        .train()
                        .size())
                .isEqualTo(2);
    }

    @Test
    void wrongLists() throws Exception {
        picture("a.png");
        assertComplaint(list("a.png 0", "b.png zero"), "list.txt, line 2: label (zero) must be a whole number");
        assertComplaint(list("a.png 0", "b.png -1"), "list.txt, line 2: label (-1)");
        assertComplaint(
                list("a.png 0", "", "b.png 2"),
                "list.txt, line 3: label (2) is the largest, but no picture has label 1");
        assertComplaint(list("a.png"), "list.txt, line 1: line (a.png) must be a file's name, a blank and a label");
        assertComplaint(list("a.png 0", "a.png 1"), "list.txt, line 2: label (1) of a.png must be that of line 1 (0)");
        assertComplaint(list("a.png 0", "b.png 0"), "number of classes (1)");
        assertComplaint(list(""), "must name pictures, but names none");
        assertComplaint(list("b.png 0", "a.png 1"), "list.txt, line 1: picture (");
        Files.writeString(folder.resolve("classes.txt"), "cat\ndog\n");
        assertComplaint(list("a.png 0", "b.png 2"), "list.txt, line 2: label (2) must be a whole number from 0 to 1");
        Path file = folder.resolve("list.txt");
        Files.write(file, "a.png 0\nb\u00e4.png 1\n".getBytes(StandardCharsets.ISO_8859_1));
        assertComplaint(file, "list.txt, line 2: text must be UTF-8");
    }

    private void cifar(String name, int labelBytes, int... labels) throws IOException {
        byte[] file = new byte[labels.length * (labelBytes + 3072)];
        for (int i = 0; i < labels.length; i++) {
            int start = i * (labelBytes + 3072);
            file[start + labelBytes - 1] = (byte) labels[i];
            Arrays.fill(file, start + labelBytes, start + labelBytes + 1024, (byte) 200);
            file[start + labelBytes + 1024 + 33] = 7;
        }
        Files.write(folder.resolve(name), file);
    }

    @Test
    void cifar() throws Exception {
        for (int i = 1; i <= 5; i++) {
            cifar("data_batch_" + i + ".bin", 1, i, i + 1);
        }
        cifar("test_batch.bin", 1, 9, 0, 3);
        PictureSets sets = new PictureFinder().split(0, 0).open(folder);
        assertThat(sets.found()).isEqualTo("CIFAR-10, 10 pictures in 10 classes, 3 for the test");
        LabelledPictures train = sets.train();
        assertThat(IntStream.range(0, 10).map(train::label)).containsExactly(1, 2, 2, 3, 3, 4, 4, 5, 5, 6);
        assertThat(train.name(3)).isEqualTo(folder.resolve("data_batch_2.bin") + ", picture 1");
        Picture picture = train.read(3);
        assertThat(List.of(picture.value(5, 6, 0), picture.value(1, 1, 1), picture.value(1, 1, 2)))
                .containsExactly(200, 7, 0);
        cifar("test_batch.bin", 1, 9, 10);
        assertComplaint(folder, "test_batch.bin, picture 1: label (10) must be less than 10");
        Files.write(folder.resolve("test_batch.bin"), new byte[3072]);
        assertComplaint(folder, "test_batch.bin: length (3072 bytes) must be a multiple of 3073");
        Files.delete(folder.resolve("data_batch_4.bin"));
        assertComplaint(folder, "data_batch_4.bin) must exist");
    }

    @Test
    void cifar100() throws Exception {
        cifar("train.bin", 2, 99, 3);
        cifar("test.bin", 2, 42);
        PictureSets sets = new PictureFinder().split(0, 0).open(folder);
        assertThat(sets.found()).isEqualTo("CIFAR-100, 2 pictures in 100 classes, 1 for the test");
        assertThat(sets.train().label(0)).isEqualTo(99);
    }

    @Test
    void dataVec() throws Exception {
        picture("b/1.png");
        picture("a/2.png");
        LabelledPictures pictures = DataVecPictures.of(new FileSplit(folder.toFile()), new ParentPathLabelGenerator());
        assertThat(pictures.classNames()).containsExactly("a", "b");
        assertThat(names(pictures)).containsExactlyInAnyOrder("1.png:1", "2.png:0");
        assertThat(pictures.read(1).width()).isEqualTo(7);
    }

    private static final int DAMAGED = -2;

    /** A reader that answers as ImageRecordReader does: a picture and its label, with the file's place. */
    private static RecordReader reader(List<String> classes, List<Path> files, int... labels) {
        int[] next = {0};
        return (RecordReader) Proxy.newProxyInstance(
                RecordReader.class.getClassLoader(), new Class<?>[] {RecordReader.class}, (proxy, method, args) -> {
                    switch (method.getName()) {
                        case "getLabels":
                            return classes;
                        case "hasNext":
                            return next[0] < labels.length;
                        case "resetSupported":
                            return true;
                        case "reset":
                            next[0] = 0;
                            return null;
                        case "nextRecord":
                            int i = next[0]++;
                            if (labels[i] == DAMAGED) {
                                throw new IllegalStateException("cannot decode");
                            }
                            return new org.datavec.api.records.impl.Record(
                                    List.of(new Text("pixels"), new IntWritable(labels[i])),
                                    new RecordMetaDataURI(files.get(i).toUri()));
                        default:
                            throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    @Test
    void recordReaders() throws Exception {
        picture("b/1.png");
        picture("a/2.png");
        List<Path> files = List.of(folder.resolve("b/1.png"), folder.resolve("a/2.png"));
        RecordReader reader = reader(List.of("a", "b"), files, 1, 0);
        LabelledPictures pictures = DataVecPictures.of(reader);
        assertThat(pictures.classNames()).containsExactly("a", "b");
        assertThat(names(pictures)).containsExactly("1.png:1", "2.png:0");
        assertThat(pictures.read(1).width()).isEqualTo(7);
        assertThat(reader.hasNext()).as("reset").isTrue();
        reader.nextRecord();
        assertThat(names(DataVecPictures.of(reader))).as("partly read").containsExactly("1.png:1", "2.png:0");
        RecordReader damaged = reader(List.of("a", "b"), files, 1, DAMAGED);
        assertThatThrownBy(() -> DataVecPictures.of(damaged))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "record 2 of the record reader (" + damaged.getClass().getSimpleName()
                                + ") must be one that it can read (java.lang.IllegalStateException: cannot decode); take the"
                                + " damaged file out, or use DataVecPictures.of(InputSplit, PathLabelGenerator), which reads"
                                + " names alone");
        assertThatThrownBy(() -> DataVecPictures.of(reader(List.of("a", "b"), files, 1, 2)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("2.png) must hold a picture and a label from 0 to 1; give the reader a maker");
        assertThatThrownBy(() -> DataVecPictures.of(reader(null, files, 1, 0)))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "labels of the record reader (null) must be at least 2 classes; give it a maker of labels such"
                                + " as ParentPathLabelGenerator");
    }

    @Test
    void formsOfOthers() throws Exception {
        PictureForm form = new PictureForm() {
            @Override
            public boolean matches(Path data) {
                return Files.isRegularFile(data.resolve("mine"));
            }

            @Override
            public PictureSets open(Path data) {
                return PictureSets.of("mine", new Noise(3), null, null);
            }

            @Override
            public String description() {
                return "mine";
            }
        };
        assertThatThrownBy(() -> new PictureFinder().form(form).open(folder))
                .hasMessageContaining("CIFAR-100, or mine, but holds no folder");
        Files.createFile(folder.resolve("mine"));
        PictureSets sets = new PictureFinder().form(form).open(folder);
        assertThat(sets.found()).isEqualTo("mine");
        assertThat(sets.validation()).isEmpty();
        assertThatThrownBy(() -> PictureSets.of("none", null, null, null)).isInstanceOf(BadInputException.class);
    }

    /** A file is looked at again when it has changed since it was found whole. */
    @Test
    void changedFiles() throws Exception {
        byte[] whole = References.file("420.jpg");
        Path file = picture("a/1.png");
        picture("b/2.png");
        Files.write(file, whole);
        LabelledPictures pictures = new PictureFinder().split(0, 0).open(folder).train();
        Picture first = pictures.read(0);
        assertThat(pictures.read(0)).isEqualTo(first);
        byte[] damaged = Arrays.copyOf(whole, whole.length - 100);
        Files.write(file, damaged);
        assertThatThrownBy(() -> pictures.read(0)).isInstanceOf(BadInputException.class);
    }
}
