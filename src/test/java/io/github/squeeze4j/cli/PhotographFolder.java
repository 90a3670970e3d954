package io.github.squeeze4j.cli;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Small coloured pictures in folders: of each class one hue, with noise. */
final class PhotographFolder {
    private PhotographFolder() {}

    /** One folder per class; names and colours as far as they go. */
    static Path of(Path folder, int perClass, String... classes) throws Exception {
        Random random = new Random(4);
        for (int c = 0; c < classes.length; c++) {
            Path own = Files.createDirectories(folder.resolve(classes[c]));
            for (int i = 0; i < perClass; i++) {
                BufferedImage picture = new BufferedImage(48, 40, BufferedImage.TYPE_INT_RGB);
                Graphics2D graphics = picture.createGraphics();
                for (int y = 0; y < 40; y += 8) {
                    for (int x = 0; x < 48; x += 8) {
                        graphics.setColor(Color.getHSBColor(
                                c / (float) classes.length, 0.5f + random.nextFloat() / 2, random.nextFloat()));
                        graphics.fillRect(x, y, 8, 8);
                    }
                }
                graphics.dispose();
                ImageIO.write(picture, "png", own.resolve(i + ".png").toFile());
            }
        }
        return folder;
    }
}
