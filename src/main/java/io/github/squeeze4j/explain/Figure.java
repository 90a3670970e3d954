package io.github.squeeze4j.explain;

import io.github.squeeze4j.blocks.BlockGate;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** One picture of an explanation. */
final class Figure {
    /** Pixels of a channel in a strip, at most; and all that a strip may be wide. */
    private static final int CHANNEL = 8;

    private static final int STRIP = 1024;
    private static final int STRIP_HEIGHT = 24;

    final String group;
    final String title;
    final String caption;
    final BufferedImage image;
    final boolean strip;

    private Figure(String group, String title, String caption, BufferedImage image, boolean strip) {
        this.group = group;
        this.title = title;
        this.caption = caption;
        this.image = image;
        this.strip = strip;
    }

    /**
     * All figures of the first picture of an explanation, the strips last.
     *
     * @param figures takes them one by one: all at their full size do not fit into memory
     */
    static void each(Explained seen, BufferedImage photograph, double[] window, Consumer<Figure> figures) {
        for (StageMaps stage : seen.stages()) {
            String name = stage.number() == 0 ? stage.layer() : "stage " + stage.number();
            String caption = stage.layer() + ", stride " + stage.stride();
            figures.accept(overlay(
                    "Grad-CAM", name, caption, MapPicture.scaled(stage.gradCam().slice(0)), photograph, window));
        }
        for (StageMaps stage : seen.stages()) {
            String name = stage.number() == 0 ? stage.layer() : "stage " + stage.number();
            String caption = stage.layer() + ", stride " + stage.stride();
            figures.accept(overlay(
                    "Grad-CAM++",
                    name,
                    caption,
                    MapPicture.scaled(stage.gradCamPlusPlus().slice(0)),
                    photograph,
                    window));
        }
        List<Figure> strips = new ArrayList<>();
        for (BlockMaps block : seen.blocks()) {
            for (BlockGate gate : block.gates()) {
                Figure figure = of(block, gate, photograph, window);
                if (figure.strip) {
                    strips.add(figure);
                } else {
                    figures.accept(figure);
                }
            }
        }
        strips.forEach(figures);
    }

    private static Figure of(BlockMaps block, BlockGate gate, BufferedImage photograph, double[] window) {
        String group = "Gates: " + block.block();
        String title = block.layer() + " " + gate.name();
        INDArray values = gate.values();
        boolean learned = gate.kind() == BlockGate.Kind.WEIGHTS;
        INDArray channels = learned ? values : values.slice(0);
        if (channels.rank() == 1 || channels.size(1) * channels.size(2) == 1) {
            INDArray row = channels.reshape('c', 1, channels.length());
            String caption = channels.length() + (learned ? " channels, learned, " : " channels, ") + range(gate, row);
            return new Figure(group, title, caption, strip(shown(gate, row)), true);
        }
        INDArray map = (learned ? Transforms.abs(channels, true) : channels).mean(0);
        String of = channels.size(0) == 1
                ? ""
                : (learned ? "mean size over " : "mean of ")
                        + channels.size(0)
                        + (learned ? " channels, learned, " : " channels, ");
        return overlay(group, title, of + range(gate, map), shown(gate, map), photograph, window);
    }

    private static MapPicture shown(BlockGate gate, INDArray map) {
        return gate.isGate() ? MapPicture.between(map, gate.lowest(), gate.highest()) : MapPicture.scaled(map);
    }

    private static String range(BlockGate gate, INDArray map) {
        return String.format(
                        Locale.ROOT,
                        "%.3g to %.3g",
                        map.minNumber().doubleValue(),
                        map.maxNumber().doubleValue())
                + bounds(gate);
    }

    /** Where the scale is not that of a sigmoid. */
    private static String bounds(BlockGate gate) {
        return !gate.isGate() || gate.lowest() == 0 && gate.highest() == 1
                ? ""
                : String.format(Locale.ROOT, " on a scale from %.0f to %.0f", gate.lowest(), gate.highest());
    }

    private static BufferedImage strip(MapPicture channels) {
        BufferedImage row = channels.squares(1);
        int side = Math.max(1, Math.min(CHANNEL, STRIP / row.getWidth()));
        BufferedImage strip = new BufferedImage(row.getWidth() * side, STRIP_HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < strip.getWidth(); x++) {
            for (int y = 0; y < STRIP_HEIGHT; y++) {
                strip.setRGB(x, y, row.getRGB(x / side, 0));
            }
        }
        return strip;
    }

    private static Figure overlay(
            String group, String title, String caption, MapPicture map, BufferedImage photograph, double[] window) {
        return new Figure(group, title, caption, map.over(photograph, window), false);
    }

    Figure with(BufferedImage other) {
        return new Figure(group, title, caption, other, strip);
    }

    /** The name of its file. */
    String file() {
        return (group.startsWith("Grad") ? group + "-" : "")
                        .replace("++", "-plus-plus")
                        .toLowerCase(Locale.ROOT)
                + title.replaceAll("[^A-Za-z0-9._-]+", "-");
    }
}
