package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
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

    private static void assertComplaint(Path file, String part) {
        assertThatThrownBy(() -> PictureReader.read(file, 28, 28, false))
                .as(file.toString())
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("picture (" + file + ") ")
                .hasMessageContaining(part);
    }
}
