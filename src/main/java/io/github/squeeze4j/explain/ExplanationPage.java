package io.github.squeeze4j.explain;

import io.github.squeeze4j.internal.ShownText;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/**
 * One HTML file with all pictures in it, which needs nothing from elsewhere and runs no script: for a desktop, a phone and paper.
 * Photographs are made as small as it takes to stay below {@link #MOST_BYTES}, but no smaller than 80 pixels: it is larger where
 * there are more than a few dozen of them.
 */
final class ExplanationPage {
    /** Of UTF-8. */
    static final int MOST_BYTES = 2_900_000;

    private static final int[] SIDES = {360, 280, 220, 160, 110, 80};
    private static final float QUALITY = 0.8f;

    /** What one model says of one picture. */
    static final class Part {
        final String model;
        final String summary;
        final List<Figure> figures;

        Part(String model, String summary, List<Figure> figures) {
            this.model = model;
            this.summary = summary;
            this.figures = figures;
        }
    }

    private static final class Section {
        private final String name;
        private final BufferedImage photograph;
        private final List<Part> parts;

        Section(String name, BufferedImage photograph, List<Part> parts) {
            this.name = name;
            this.photograph = photograph;
            this.parts = parts;
        }
    }

    private final String title;
    private final List<Section> sections = new ArrayList<>();

    ExplanationPage(String title) {
        this.title = title;
    }

    void add(String picture, BufferedImage photograph, List<Part> parts) {
        sections.add(new Section(picture, reduced(photograph, SIDES[0]), parts));
    }

    /** As large as a page may need it: full-size overlays do not fit into memory. */
    static Figure reduced(Figure figure) {
        return figure.strip ? figure : figure.with(reduced(figure.image, SIDES[0]));
    }

    String html() {
        String html = "";
        for (int side : SIDES) {
            html = html(side);
            if (html.getBytes(StandardCharsets.UTF_8).length <= MOST_BYTES) {
                break;
            }
        }
        return html;
    }

    private String html(int side) {
        StringBuilder out = new StringBuilder();
        out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(escaped(title))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append(".scale{background:linear-gradient(to right")
                .append(gradient())
                .append(")}\n</style>\n</head>\n<body>\n<h1>")
                .append(escaped(title))
                .append("</h1>\n")
                .append(LEGEND);
        for (Section section : sections) {
            section(out, section, side);
        }
        return out.append("</body>\n</html>\n").toString();
    }

    private static void section(StringBuilder out, Section section, int side) {
        out.append("<section>\n<h2>").append(escaped(section.name)).append("</h2>\n");
        image(out, jpeg(reduced(section.photograph, side)), "jpeg", "photograph", "photo");
        out.append("<div class=\"models\">\n");
        for (Part part : section.parts) {
            out.append("<div>\n<h3>").append(escaped(part.model)).append("</h3>\n<p>");
            out.append(escaped(part.summary)).append("</p>\n");
            String group = null;
            boolean strips = false;
            for (Figure figure : part.figures) {
                if (!figure.group.equals(group) || figure.strip != strips) {
                    out.append(group == null ? "" : "</div>\n");
                    if (!figure.group.equals(group)) {
                        out.append("<h4>").append(escaped(figure.group)).append("</h4>\n");
                    }
                    out.append("<div class=\"")
                            .append(figure.strip ? "strips" : "maps")
                            .append("\">\n");
                    group = figure.group;
                    strips = figure.strip;
                }
                out.append("<figure>");
                if (figure.strip) {
                    image(out, png(figure.image), "png", figure.title, "strip");
                } else {
                    image(out, jpeg(reduced(figure.image, side)), "jpeg", figure.group + ", " + figure.title, "map");
                }
                out.append("<figcaption><b>")
                        .append(escaped(figure.title).replace(".", ".<wbr>"))
                        .append("</b><br>");
                out.append(escaped(figure.caption)).append("</figcaption></figure>\n");
            }
            out.append(group == null ? "" : "</div>\n").append("</div>\n");
        }
        out.append("</div>\n</section>\n");
    }

    private static void image(StringBuilder out, byte[] bytes, String type, String text, String kind) {
        out.append("<img class=\"").append(kind).append("\" alt=\"").append(escaped(text));
        out.append("\" src=\"data:image/").append(type).append(";base64,");
        out.append(Base64.getEncoder().encodeToString(bytes)).append("\">");
    }

    private static String gradient() {
        StringBuilder colours = new StringBuilder();
        for (int i = 0; i <= 16; i++) {
            colours.append(',').append(ColourScale.hex(i / 16f));
        }
        return colours.toString();
    }

    private static BufferedImage reduced(BufferedImage image, int side) {
        double scale = Math.min(1, (double) side / Math.max(image.getWidth(), image.getHeight()));
        if (scale == 1) {
            return image;
        }
        int width = Math.max(1, (int) Math.round(image.getWidth() * scale));
        int height = Math.max(1, (int) Math.round(image.getHeight() * scale));
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.drawImage(image.getScaledInstance(width, height, Image.SCALE_AREA_AVERAGING), 0, 0, null);
        graphics.dispose();
        return small;
    }

    static byte[] png(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    private static byte[] jpeg(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam settings = writer.getDefaultWriteParam();
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionQuality(QUALITY);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), settings);
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    private static String escaped(String text) {
        return ShownText.of(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private static final String STYLE =
            "body{font:16px/1.4 system-ui,sans-serif;color:#222;background:#fff;margin:0 auto;max-width:80rem;padding:1rem}\n"
                    + "h1{font-size:1.5rem}h2{font-size:1.25rem;border-top:1px solid #ccc;padding-top:1rem;"
                    + "overflow-wrap:anywhere}h3{font-size:1.05rem;margin-bottom:0}h4{font-size:1rem;margin:1rem 0 .3rem}\n"
                    + "img{max-width:100%;display:block}.photo{max-width:min(100%,22rem)}\n"
                    + ".models{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}\n"
                    + ".maps{display:grid;gap:.6rem;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}\n"
                    + ".maps img{width:100%}.strips{margin-top:.6rem}.strips figure{margin-bottom:.5rem}.strip{width:100%;height:1.1rem;"
                    + "image-rendering:pixelated}\n"
                    + "figure{margin:0;break-inside:avoid}figcaption{font-size:.78rem;color:#444;overflow-wrap:anywhere}\n"
                    + ".legend{display:flex;gap:.6rem;align-items:center;max-width:30rem}.scale{flex:1;height:1rem}\n"
                    + "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n";

    private static final String LEGEND =
            "<div class=\"legend\"><span>0</span><div class=\"scale\"></div><span>1</span></div>\n"
                    + "<p>One colour scale for all pictures. Grad-CAM, scores and learned weights run from 0 at their least to 1 at"
                    + " their largest; gates from shut to open, 0 to 1 where nothing else is said, so that one colour is one"
                    + " number. What the network does not see is grey.</p>\n";
}
