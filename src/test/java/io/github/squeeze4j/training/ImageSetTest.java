package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ImageSetTest {
    private static final byte[] PIXELS = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, (byte) 255};

    @TempDir
    private Path folder;

    /** Three images of 1x4. */
    @BeforeEach
    void writeGoodFiles() {
        IdxFolder.images(folder, "train", PIXELS, 3, 1, 4, false);
        IdxFolder.labels(folder, "train", new byte[] {1, 0, 2}, true);
    }

    @Test
    void readsRawAndCompressedFiles() {
        ImageSet images = ImageSet.train(folder);
        assertThat(images.size()).isEqualTo(3);
        assertThat(images.height()).isEqualTo(1);
        assertThat(images.width()).isEqualTo(4);
        assertThat(images.label(2)).isEqualTo(2);
        assertThat(images.image(2)).containsExactly(8, 9, 10, 255);
        assertThat(images.classNames()).containsExactly("0", "1", "2");
    }

    @Test
    void takesClassNamesFromTheFileBeside() throws Exception {
        Files.writeString(folder.resolve("classes.txt"), "cat\ndog \n\nbird\nfish\n");
        assertThat(ImageSet.train(folder).classNames()).containsExactly("cat", "dog", "bird", "fish");
        Files.writeString(folder.resolve("classes.txt"), "cat\n");
        assertComplaint("classes.txt: number of class names (1) must be at least 2; write one name a line");
        Files.writeString(folder.resolve("classes.txt"), "cat\ndog\n");
        assertComplaint("label (2) of image 2 must be less than the number of classes (2)");
        Files.write(folder.resolve("classes.txt"), new byte[] {(byte) 0xff, 10, (byte) 0xfe});
        assertComplaint("class names must be readable as UTF-8 text");
    }

    @Test
    void classNamesOfOtherEditors() throws Exception {
        Files.writeString(folder.resolve("classes.txt"), "\uFEFFcat\r\ndog\r\nbird\r\n");
        assertThat(ImageSet.train(folder).classNames()).containsExactly("cat", "dog", "bird");
        Files.writeString(folder.resolve("classes.txt"), "cat\ndog\ncat\n");
        assertComplaint("class name (cat) must stand for one class; it stands on two lines, so rename one");
        Files.writeString(folder.resolve("classes.txt"), "a\u001b[2J\ndog\na\u001b[2J\n");
        assertComplaint("class name (a\\u001b[2J) must stand for one class");
        Files.write(folder.resolve("classes.txt"), new byte[2_000_000]);
        assertComplaint("classes.txt: size (2000000 bytes) must be at most 1048576");
    }

    /** Sizes that the file cannot hold, and those that memory cannot: said before anything is allocated. */
    @Test
    @Timeout(60)
    void sizesThatAreTooLarge() throws Exception {
        Path images = folder.resolve("train-images-idx3-ubyte");
        byte[] header = ByteBuffer.allocate(16)
                .putInt(0x803)
                .putInt(2_000_000)
                .putInt(32)
                .putInt(32)
                .array();
        Files.write(images, header);
        assertComplaint("content (0 bytes after the header) must be 2048000000 bytes for sizes [2000000, 32, 32]");
        Path packed = folder.resolve("train-images-idx3-ubyte.gz");
        Files.delete(images);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write(header);
        }
        assertComplaint("cannot hold the 2048000000 bytes of sizes [2000000, 32, 32]; fetch the file again");
        // A file that might hold them, but for the memory of these tests.
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed), 1 << 16)) {
            out.write(header);
            byte[] random = new byte[2_100_000];
            new Random(3).nextBytes(random);
            out.write(random);
        }
        assertComplaint(
                "sizes ([2000000, 32, 32], 1953 MiB) must fit into half of the memory that is left, ",
                "give Java more memory with -Xmx");
    }

    @Test
    void imagesThatAreTooLarge() {
        IdxFolder.images(folder, "train", new byte[3 * 5000], 3, 1, 5000, false);
        assertComplaint("image size (1x5000) must be at most 4096x4096; scale the images");
    }

    @Test
    void testImagesMustHaveTheGivenClasses() {
        IdxFolder.images(folder, "t10k", PIXELS, 3, 1, 4, true);
        IdxFolder.labels(folder, "t10k", new byte[] {0, 1, (byte) 200}, true);
        assertThatThrownBy(() -> ImageSet.test(folder, List.of("a", "b")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "t10k-labels-idx1-ubyte.gz: label (200) of image 2 must be less than the number of")
                .hasMessageEndingWith("; take the labels that belong to these classes");
    }

    @Test
    void missingFolderAndFile() throws Exception {
        Files.delete(folder.resolve("train-images-idx3-ubyte"));
        assertComplaint("train-images-idx3-ubyte) must exist, raw or with .gz; name the folder that holds the four");
        assertThatThrownBy(() -> ImageSet.train(folder.resolve("nowhere")))
                .hasMessage("data folder (" + folder.resolve("nowhere")
                        + ") must be a folder that exists; name the folder that holds the four IDX files");
    }

    @Test
    void damagedFiles() throws Exception {
        Path images = folder.resolve("train-images-idx3-ubyte");
        byte[] good = Files.readAllBytes(images);
        Files.write(images, Arrays.copyOf(good, good.length - 1));
        assertComplaint(
                "content (11 bytes after the header) must be 12 bytes for sizes [3, 1, 4]; fetch the file again");
        Files.write(images, Arrays.copyOf(good, good.length + 1));
        assertComplaint("content (more bytes after the header) must be 12 bytes");
        Files.write(images, Arrays.copyOf(good, 6));
        assertComplaint("content must be a whole IDX file, but ends within its header");
        Files.write(images, new byte[0]);
        assertComplaint("content must be a whole IDX file, but ends within its header");
        byte[] negative = good.clone();
        negative[4] = (byte) 0x80;
        Files.write(images, negative);
        assertComplaint("sizes ([-2147483645, 1, 4]) must be positive and hold less than 2 GiB");
        byte[] huge = good.clone();
        huge[4] = huge[8] = huge[12] = 0x7f;
        Files.write(images, huge);
        assertComplaint("must be positive and hold less than 2 GiB");
        Files.copy(folder.resolve("train-labels-idx1-ubyte.gz"), folder.resolve("train-images-idx3-ubyte.gz"));
        Files.delete(images);
        assertComplaint("magic number (0x00000801) must be 0x00000803 for images; put the right file under this name");
    }

    @Test
    void damagedCompression() throws Exception {
        Path labels = folder.resolve("train-labels-idx1-ubyte.gz");
        byte[] good = Files.readAllBytes(labels);
        Files.write(labels, Arrays.copyOf(good, good.length - 9));
        assertComplaint("train-labels-idx1-ubyte.gz: content must be");
        Files.writeString(labels, "<html>404</html>");
        assertComplaint(
                "train-labels-idx1-ubyte.gz: content must be readable (Not in GZIP format); fetch the file again");
    }

    @Test
    void labelsAndImagesMustBeEquallyMany() {
        IdxFolder.labels(folder, "train", new byte[] {1, 0}, true);
        assertComplaint(
                "number of labels (2) must equal the number of images (3) in train-images-idx3-ubyte; take both");
    }

    private void assertComplaint(String... parts) {
        assertThatThrownBy(() -> ImageSet.train(folder))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
    }

    @Test
    void limitKeepsTheFirstImagesOfEachClass() {
        byte[] pixels = new byte[8];
        Arrays.setAll(Arrays.asList(new Integer[8]).toArray(), i -> pixels[i] = (byte) i);
        IdxFolder.images(folder, "train", pixels, 8, 1, 1, false);
        IdxFolder.labels(folder, "train", new byte[] {1, 1, 1, 0, 0, 1, 2, 2}, true);
        ImageSet few = ImageSet.train(folder).limit(4);
        assertThat(few.size()).isEqualTo(4);
        assertThat(few.pixels()).containsExactly(0, 3, 4, 6);
        assertThat(new int[] {few.label(0), few.label(1), few.label(2), few.label(3)})
                .containsExactly(1, 0, 0, 2);
        assertThat(ImageSet.train(folder).limit(100).size()).isEqualTo(8);
        assertThatThrownBy(() -> few.limit(0)).hasMessage("limit (0) must be positive; use limit(1000)");
    }

    @Test
    void indexOutOfRange() {
        assertThatThrownBy(() -> ImageSet.train(folder).image(3))
                .hasMessage("image index (3) must be from 0 to 2; choose one of the 3 images");
    }
}
