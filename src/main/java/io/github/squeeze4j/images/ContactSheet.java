package io.github.squeeze4j.images;

import io.github.squeeze4j.internal.ShownText;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Many small pictures with captions on one page.
 *
 * <pre>{@code
 * ContactSheet sheet = new ContactSheet("senet, seed 1");
 * sheet.add(picture, "tabby cat");
 * byte[] png = sheet.toPng();
 * }</pre>
 */
public final class ContactSheet {
    private static final int LEAST = 96;
    private static final int LARGEST = 224;
    private static final int GAP = 8;
    private static final int LINE = 20;

    private final String title;
    private final List<Picture> pictures = new ArrayList<>();
    private final List<String> captions = new ArrayList<>();
    private int columns;

    /**
     * An empty page.
     *
     * @param title stands on top; may be empty
     */
    public ContactSheet(String title) {
        this.title = title;
    }

    /**
     * Adds a picture after the others.
     *
     * @param picture of any size; shown from 96 to 224 pixels wide or high
     * @param caption stands below; cut where it is too long
     * @return this sheet
     */
    public ContactSheet add(Picture picture, String caption) {
        pictures.add(picture);
        captions.add(caption);
        return this;
    }

    /**
     * Pictures side by side; default: as many as make the page about as wide as high.
     *
     * @param columns from 1 to 100
     * @return this sheet
     */
    public ContactSheet columns(int columns) {
        this.columns = Rules.within("columns", columns, 1, 100);
        return this;
    }

    /**
     * The page.
     *
     * @return a PNG file's bytes
     */
    public byte[] toPng() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(toImage(), "png", out);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    /**
     * The page.
     *
     * @return a new image
     */
    public BufferedImage toImage() {
        int side = Math.max(LEAST, Math.min(LARGEST, largestSide()));
        int columns = this.columns > 0 ? this.columns : Math.max(1, (int) Math.ceil(Math.sqrt(pictures.size())));
        int rows = (pictures.size() + columns - 1) / columns;
        int top = title.isEmpty() ? GAP : GAP + LINE;
        BufferedImage page = new BufferedImage(
                GAP + columns * (side + GAP), top + rows * (side + LINE + GAP), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = page.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, page.getWidth(), page.getHeight());
        graphics.setColor(Color.BLACK);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 13));
        write(graphics, title, GAP, GAP, page.getWidth() - 2 * GAP);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        for (int i = 0; i < pictures.size(); i++) {
            int x = GAP + i % columns * (side + GAP);
            int y = top + i / columns * (side + LINE + GAP);
            BufferedImage shown = fitted(pictures.get(i), side).toImage();
            graphics.drawImage(shown, x + (side - shown.getWidth()) / 2, y + (side - shown.getHeight()) / 2, null);
            write(graphics, captions.get(i), x, y + side, side);
        }
        graphics.dispose();
        return page;
    }

    private int largestSide() {
        return pictures.stream()
                .mapToInt(picture -> Math.max(picture.height(), picture.width()))
                .max()
                .orElse(LEAST);
    }

    /** As large as there is room, small ones too, whose pixels then stay square. */
    private static Picture fitted(Picture picture, int side) {
        double scale = (double) side / Math.max(picture.height(), picture.width());
        return Resampling.resize(
                picture,
                Math.max(1, (int) (picture.height() * scale)),
                Math.max(1, (int) (picture.width() * scale)),
                scale > 1 ? Interpolation.NEAREST : Interpolation.BILINEAR);
    }

    private static void write(Graphics2D graphics, String text, int x, int y, int width) {
        FontMetrics metrics = graphics.getFontMetrics();
        String shown = ShownText.of(text);
        if (metrics.stringWidth(shown) > width) {
            int end = shown.length();
            while (end > 0 && metrics.stringWidth(shown.substring(0, end) + "...") > width) {
                end--;
            }
            shown = shown.substring(0, end) + "...";
        }
        graphics.drawString(shown, x, y + LINE - 5);
    }
}
