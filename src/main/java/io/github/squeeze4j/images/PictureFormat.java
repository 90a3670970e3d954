package io.github.squeeze4j.images;

import java.nio.charset.StandardCharsets;

/** What a picture file is, by its first bytes; names of files are not asked. */
enum PictureFormat {
    JPEG,
    PNG,
    BMP,
    GIF,
    WEBP,
    TIFF;

    /** The format; null if it is none of these. */
    static PictureFormat of(byte[] file) {
        if (starts(file, 0, "\u00ff\u00d8\u00ff")) {
            return JPEG;
        }
        if (starts(file, 0, "\u0089PNG\r\n\u001a\n")) {
            return PNG;
        }
        if (starts(file, 0, "BM")) {
            return BMP;
        }
        if (starts(file, 0, "GIF8")) {
            return GIF;
        }
        if (starts(file, 0, "RIFF") && starts(file, 8, "WEBP")) {
            return WEBP;
        }
        return starts(file, 0, "II*\0") || starts(file, 0, "MM\0*") ? TIFF : null;
    }

    static boolean starts(byte[] file, int offset, String bytes) {
        byte[] expected = bytes.getBytes(StandardCharsets.ISO_8859_1);
        if (file.length < offset + expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (file[offset + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }
}
