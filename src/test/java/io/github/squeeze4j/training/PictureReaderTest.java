package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class PictureReaderTest {
    @TempDir
    private Path folder;

    private static byte[] encoded(String format, BufferedImage image) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, format, out)).isTrue();
        return out.toByteArray();
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private static BufferedImage noise(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(4);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt(0x1000000));
            }
        }
        return image;
    }

    @Test
    void greyPixelsKeepTheirValues() throws Exception {
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
        byte[] pixels = ImageSet.train(IdxFolder.SAMPLE).image(5);
        for (int i = 0; i < pixels.length; i++) {
            image.setRGB(i % 28, i / 28, 0x010101 * (pixels[i] & 0xff));
        }
        Path file = file("image.png", encoded("png", image));
        assertThat(PictureReader.read(file, 28, 28, false)).isEqualTo(pixels);
        byte[] inverted = PictureReader.read(file, 28, 28, true);
        for (int i = 0; i < pixels.length; i++) {
            assertThat(inverted[i] & 0xff).isEqualTo(255 - (pixels[i] & 0xff));
        }
    }

    @Test
    void largePicturesAreAveraged() throws Exception {
        BufferedImage image = new BufferedImage(8, 4, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 8; x++) {
                image.setRGB(x, y, x < 4 ? (x + y) % 2 == 0 ? 0xffffff : 0 : 0x646464);
            }
        }
        byte[] pixels = PictureReader.read(file("image.png", encoded("png", image)), 1, 2, false);
        assertThat(pixels[0] & 0xff).isBetween(126, 129);
        assertThat(pixels[1]).isEqualTo((byte) 100);
    }

    @Test
    void transparentIsBlack() throws Exception {
        BufferedImage image = new BufferedImage(3, 3, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(1, 1, 0xffffffff);
        image.setRGB(0, 0, 0x00ffffff);
        byte[] pixels = PictureReader.read(file("image.png", encoded("png", image)), 3, 3, false);
        assertThat(pixels).containsExactly(0, 0, 0, 0, 255, 0, 0, 0, 0);
    }

    @Test
    void missingForeignAndDamagedPictures() throws Exception {
        assertThatThrownBy(() -> PictureReader.read(folder.resolve("none.png"), 28, 28, false))
                .isInstanceOf(BadInputException.class)
                .hasMessage("picture (" + folder.resolve("none.png")
                        + ") must be a file that exists; check the name and the folder");
        assertComplaint(file("text.png", "no picture".getBytes()), "must be a PNG, JPEG, GIF or BMP file");
        assertComplaint(file("empty.jpg", new byte[0]), "must be a PNG, JPEG, GIF or BMP file");
        for (String format : new String[] {"png", "jpg", "bmp", "gif"}) {
            byte[] whole = encoded(format, noise(64, 64));
            assertThat(PictureReader.read(file("whole." + format, whole), 28, 28, false))
                    .hasSize(784);
            for (int tenths = 3; tenths < 10; tenths += 3) {
                Path cut = file("cut." + format, Arrays.copyOf(whole, whole.length * tenths / 10));
                assertComplaint(cut, "must be whole, but could not be decoded (");
            }
        }
    }

    /** A header that says so is enough, and little of the file is read. */
    @Test
    @Timeout(5)
    void picturesThatAreTooLarge() throws Exception {
        BufferedImage small = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_BINARY);
        for (String format : new String[] {"png", "bmp", "gif"}) {
            byte[] bytes = encoded(format, small);
            ByteBuffer header = ByteBuffer.wrap(bytes);
            switch (format) {
                case "png" -> {
                    header.putInt(16, 30_000).putInt(20, 30_000);
                    CRC32 crc = new CRC32();
                    crc.update(bytes, 12, 17);
                    header.putInt(29, (int) crc.getValue());
                }
                case "bmp" ->
                    header.order(ByteOrder.LITTLE_ENDIAN).putInt(18, 30_000).putInt(22, 30_000);
                default -> {
                    int descriptor = 0;
                    header.order(ByteOrder.LITTLE_ENDIAN);
                    for (int i = 13; i < bytes.length; i++) {
                        if (bytes[i] == 0x2c) {
                            descriptor = i;
                            break;
                        }
                    }
                    header.putShort(descriptor + 5, (short) 30_000).putShort(descriptor + 7, (short) 30_000);
                }
            }
            assertComplaint(
                    file("large." + format, bytes),
                    "size (30000x30000) must be at most 64 million pixels; make it smaller");
        }
    }

    /** Decoded smaller than it is, so that its pixels need not all be in memory. */
    @Test
    void largePicturesKeepTheirShape() throws Exception {
        BufferedImage image = new BufferedImage(6000, 4000, BufferedImage.TYPE_BYTE_BINARY);
        Graphics2D graphics = image.createGraphics();
        graphics.fillRect(3000, 0, 3000, 2000);
        graphics.dispose();
        byte[] pixels = PictureReader.read(file("large.png", encoded("png", image)), 2, 2, false);
        assertThat(pixels).containsExactly(0, 255, 0, 0);
    }

    /** Formats that Java reads and this library does not promise. */
    @Test
    void otherFormats() throws Exception {
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_BINARY);
        for (String format : new String[] {"tiff", "wbmp"}) {
            assertComplaint(file("other." + format, encoded(format, image)), "must be a PNG, JPEG, GIF or BMP file");
        }
    }

    @Test
    void namesWithEscapeCodes() {
        assertThatThrownBy(() -> PictureReader.read(Path.of("a\u001b[2J\nb.png"), 28, 28, false))
                .hasMessageStartingWith("picture (a\\u001b[2J\\u000ab.png) must be a file that exists");
    }

    private static void assertComplaint(Path file, String part) {
        assertThatThrownBy(() -> PictureReader.read(file, 28, 28, false))
                .as(file.toString())
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("picture (" + file + ")")
                .hasMessageContaining(part);
    }
}
