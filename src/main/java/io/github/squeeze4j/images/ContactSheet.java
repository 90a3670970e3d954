package io.github.squeeze4j.images;

import java.util.ArrayList;
import java.util.List;

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
    private final String title;
    private final List<Picture> pictures = new ArrayList<>();
    private final List<String> captions = new ArrayList<>();

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
     * @param picture of any size; shown at most 224 pixels wide and high
     * @param caption stands below; cut where it is too long
     * @return this sheet
     */
    public ContactSheet add(Picture picture, String caption) {
        pictures.add(picture);
        captions.add(caption);
        return this;
    }

    /**
     * The page.
     *
     * @return a PNG file's bytes
     */
    public byte[] toPng() {
        throw new UnsupportedOperationException(title);
    }
}
