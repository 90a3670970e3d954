package io.github.squeeze4j.images;

import static io.github.squeeze4j.images.JpegFile.require;

/** One of JPEG's Huffman tables, for walking over codes. */
final class JpegCodes {
    private static final int QUICK = 10;

    /** By the next bits: length of the code, 5 bits; symbol, 8 bits; 0 where the code is longer or does not exist. */
    private final short[] quick = new short[1 << QUICK];

    private final int[] limit = new int[18];
    private final int[] offset = new int[17];
    private final byte[] symbols;

    JpegCodes(byte[] file, int lengths, int symbolsAt, boolean direct) throws DamagedPictureException {
        int code = 0;
        int index = 0;
        symbols = new byte[256];
        for (int length = 1; length <= 16; length++) {
            int count = file[lengths + length - 1] & 0xff;
            offset[length] = index - code;
            for (int i = 0; i < count; i++) {
                symbols[index] = file[symbolsAt + index];
                require(!direct || (symbols[index] & 0xff) <= 11, "Huffman table");
                if (length <= QUICK) {
                    enter(code, length, symbols[index] & 0xff);
                }
                code++;
                index++;
            }
            require(code <= 1 << length, "Huffman table");
            // Codes of this length lie below it when they are filled up to 16 bits.
            limit[length] = code << 16 - length;
            code <<= 1;
        }
        limit[17] = Integer.MAX_VALUE;
    }

    private void enter(int code, int length, int symbol) throws DamagedPictureException {
        require(code < 1 << length, "Huffman table");
        int from = code << QUICK - length;
        for (int i = 0; i < 1 << QUICK - length; i++) {
            quick[from + i] = (short) (length << 8 | symbol);
        }
    }

    int symbol(JpegScan scan) throws DamagedPictureException {
        int next = scan.peek();
        int entry = quick[next >>> 16 - QUICK];
        if (entry != 0) {
            scan.use(entry >> 8);
            return entry & 0xff;
        }
        int length = QUICK + 1;
        while (next >= limit[length]) {
            length++;
        }
        if (length > 16) {
            throw new DamagedPictureException("a code that does not exist");
        }
        scan.use(length);
        return symbols[(next >>> 16 - length) + offset[length]] & 0xff;
    }
}
