package io.github.squeeze4j.spark;

import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.ImageClassifier;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.graph.ComputationGraph;

/** One session for all tests, as its start takes seconds; pictures and a network. */
final class LocalSpark {
    static final List<String> CLASSES = List.of("blue", "green", "red");
    private static SparkSession session;

    private LocalSpark() {}

    static synchronized SparkSession session() {
        if (session == null || session.sparkContext().isStopped()) {
            System.setProperty("org.slf4j.simpleLogger.log.org.apache.spark", "off");
            session = SparkSession.builder()
                    .master("local[2]")
                    .appName("tests")
                    .config("spark.ui.enabled", "false")
                    .config("spark.driver.host", "127.0.0.1")
                    .config("spark.driver.bindAddress", "127.0.0.1")
                    .config("spark.sql.shuffle.partitions", "2")
                    .getOrCreate();
        }
        return session;
    }

    /** A network of random weights and pictures of 32x32 pixels. */
    static ImageClassifier classifier() {
        ComputationGraph graph = Models.builder("se_resnet20")
                .inputSize(32)
                .classes(CLASSES.size())
                .seed(3)
                .build()
                .init();
        Preprocessing small =
                Preprocessing.builder().size(32, 32).shorterSide(36).build();
        return ImageClassifier.of(graph, CLASSES, small).named("small");
    }

    /** A folder for each class, with pictures of many colours and sizes. */
    static Path pictures(Path folder, int perClass) throws Exception {
        Random random = new Random(7);
        for (String name : CLASSES) {
            Path own = Files.createDirectories(folder.resolve(name));
            for (int i = 0; i < perClass; i++) {
                BufferedImage picture =
                        new BufferedImage(40 + random.nextInt(20), 36 + random.nextInt(20), BufferedImage.TYPE_INT_RGB);
                Graphics2D graphics = picture.createGraphics();
                for (int y = 0; y < picture.getHeight(); y += 8) {
                    for (int x = 0; x < picture.getWidth(); x += 8) {
                        graphics.setColor(new Color(random.nextInt(1 << 24)));
                        graphics.fillRect(x, y, 8, 8);
                    }
                }
                graphics.dispose();
                ImageIO.write(
                        picture,
                        "png",
                        own.resolve(String.format("%03d.png", i)).toFile());
            }
        }
        return folder;
    }
}
