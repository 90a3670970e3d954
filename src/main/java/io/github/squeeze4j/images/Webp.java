package io.github.squeeze4j.images;

import static io.github.squeeze4j.images.JpegFile.require;

/** The container of WebP: sizes of the file, its chunks and its picture. */
final class Webp {
    private Webp() {}

    /** Height and width, after a look at the lengths of all chunks. */
    static int[] size(byte[] file) throws DamagedPictureException {
        Bytes bytes = new Bytes(file, true);
        long end = bytes.u32(4) + 8;
        if (end > file.length) {
            throw new DamagedPictureException("it has " + file.length + " of " + end + " bytes");
        }
        int[] size = null;
        long at = 12;
        while (at + 8 <= end) {
            long length = bytes.u32(at + 4);
            require(at + 8 + length <= end, "length of the chunk at byte " + at);
            require(!PictureFormat.starts(file, (int) at, "ANIM"), "picture: moving ones cannot be read");
            if (size == null) {
                size = size(file, bytes, (int) at);
            }
            at += 8 + length + (length & 1);
        }
        require(size != null, "file without a picture");
        return size;
    }

    private static int[] size(byte[] file, Bytes bytes, int at) throws DamagedPictureException {
        long data = at + 8;
        if (PictureFormat.starts(file, at, "VP8X")) {
            return new int[] {1 + u24(bytes, data + 7), 1 + u24(bytes, data + 4)};
        }
        if (PictureFormat.starts(file, at, "VP8L")) {
            require(bytes.u8(data) == 0x2f, "signature of the pixels");
            long packed = bytes.u32(data + 1);
            return new int[] {1 + (int) (packed >> 14 & 0x3fff), 1 + (int) (packed & 0x3fff)};
        }
        if (PictureFormat.starts(file, at, "VP8 ")) {
            require(u24(bytes, data + 3) == 0x2a019d, "signature of the pixels");
            return new int[] {bytes.u16(data + 8) & 0x3fff, bytes.u16(data + 6) & 0x3fff};
        }
        return null;
    }

    private static int u24(Bytes bytes, long at) throws DamagedPictureException {
        return bytes.u16(at) | bytes.u8(at + 2) << 16;
    }
}
