package io.github.squeeze4j.images;

import java.util.Arrays;

/** How a camera was held: the tag Orientation of EXIF 2.3, section 4.6.4, from 1 (as it should be) to 8. */
final class Exif {
    private static final int ORIENTATION = 0x112;
    private static final int SHORT = 3;

    private Exif() {}

    /** The orientation that a TIFF structure (the part after "Exif\0\0") names; 1 if it names none that is known. */
    static int orientation(byte[] tiff) {
        if (PictureFormat.of(tiff) != PictureFormat.TIFF) {
            return 1;
        }
        Bytes bytes = new Bytes(tiff, tiff[0] == 'I');
        try {
            long directory = bytes.u32(4);
            int entries = bytes.u16(directory);
            for (int i = 0; i < entries; i++) {
                long entry = directory + 2 + 12L * i;
                if (bytes.u16(entry) == ORIENTATION && bytes.u16(entry + 2) == SHORT) {
                    int value = bytes.u16(entry + 8);
                    return value >= 1 && value <= 8 ? value : 1;
                }
            }
            return 1;
        } catch (DamagedPictureException e) {
            // What is told about a picture may be damaged where the picture is not.
            return 1;
        }
    }

    /** The picture as it should be seen. */
    static Picture upright(Picture picture, int orientation) {
        if (orientation == 1) {
            return picture;
        }
        boolean turned = orientation >= 5;
        int height = turned ? picture.width() : picture.height();
        int width = turned ? picture.height() : picture.width();
        // Where the new picture's rows and columns begin to be read, from the far end or not.
        boolean upwards = Arrays.asList(3, 4, 7, 8).contains(orientation);
        boolean leftwards = Arrays.asList(2, 3, 6, 7).contains(orientation);
        int channels = picture.channels();
        byte[] from = picture.raw();
        byte[] to = new byte[from.length];
        int out = 0;
        for (int y = 0; y < height; y++) {
            int row = upwards ? height - 1 - y : y;
            for (int x = 0; x < width; x++) {
                int column = leftwards ? width - 1 - x : x;
                int at = (turned ? column * picture.width() + row : row * picture.width() + column) * channels;
                for (int c = 0; c < channels; c++) {
                    to[out++] = from[at + c];
                }
            }
        }
        return Picture.wrap(height, width, channels, to);
    }
}
