package io.github.squeeze4j.images;

/** Numbers in a file's bytes; what lies beyond the end is a damage. */
final class Bytes {
    private final byte[] bytes;
    private final boolean littleEndian;

    Bytes(byte[] bytes, boolean littleEndian) {
        this.bytes = bytes;
        this.littleEndian = littleEndian;
    }

    int u8(long at) throws DamagedPictureException {
        if (at < 0 || at >= bytes.length) {
            throw new DamagedPictureException("it ends at byte " + bytes.length + ", too early");
        }
        return bytes[(int) at] & 0xff;
    }

    int u16(long at) throws DamagedPictureException {
        int first = u8(at);
        int second = u8(at + 1);
        return littleEndian ? second << 8 | first : first << 8 | second;
    }

    long u32(long at) throws DamagedPictureException {
        long first = u16(at);
        long second = u16(at + 2);
        return littleEndian ? second << 16 | first : first << 16 | second;
    }
}
