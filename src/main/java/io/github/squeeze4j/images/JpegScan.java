package io.github.squeeze4j.images;

import static io.github.squeeze4j.images.JpegFile.require;

import java.util.Arrays;

/**
 * Walks over the codes of JPEG's scans without computing the picture: every code must exist, every block must end within its
 * 64 coefficients, every interval must end where its data does, and restart markers must come in their order. What is
 * left are changes that give another valid file.
 */
final class JpegScan {
    /**
     * The transform of 8x8 values from -128 to 127 stays within -1024 and 1024; a quarter is for encoders that compute it
     * loosely.
     */
    private static final int LARGEST = 1280;

    /** A colour channel: its place in the frame and, in progressive files, which coefficients are not zero so far. */
    static final class Component {
        final int id;
        final int across;
        final int down;
        int blocksAcross;
        int blocksDown;
        int stride;
        long[] nonZero;
        boolean seen;
        final int table;
        int[] divisors;
        /** Most bits of a coefficient, by its place in the block. */
        final int[] mostBits = new int[64];
        /** The mean of the last block. */
        int mean;

        JpegCodes direct;
        JpegCodes alternating;

        Component(int id, int across, int down, int table) {
            this.id = id;
            this.table = table;
            this.across = across;
            this.down = down;
        }
    }

    private final byte[] file;
    private final JpegCodes[] directTables = new JpegCodes[4];
    private final JpegCodes[] alternatingTables = new JpegCodes[4];
    private final int[][] divisors = new int[4][];
    private int restartInterval;
    private boolean progressive;
    private int unitsAcross;
    private int unitsDown;
    private Component[] frame;

    private Component[] components;
    private int first;
    private int last;
    private boolean refining;
    private int shift;
    private int endOfBand;

    /** Bits not yet used, the next one highest; {@code missing} of them are not in the file. */
    private long buffer;

    private int available;
    private int missing;
    private int at;

    JpegScan(byte[] file) {
        this.file = file;
    }

    void restartInterval(int units) {
        restartInterval = units;
    }

    void divisors(int table, int[] values) {
        divisors[table] = values;
    }

    void frame(boolean isProgressive, int height, int width, Component[] all) {
        progressive = isProgressive;
        frame = all;
        int mostAcross = Arrays.stream(all).mapToInt(c -> c.across).max().getAsInt();
        int mostDown = Arrays.stream(all).mapToInt(c -> c.down).max().getAsInt();
        unitsAcross = rounded(width, 8 * mostAcross);
        unitsDown = rounded(height, 8 * mostDown);
        for (Component c : all) {
            c.blocksAcross = rounded(rounded(width * c.across, mostAcross), 8);
            c.blocksDown = rounded(rounded(height * c.down, mostDown), 8);
            c.stride = unitsAcross * c.across;
        }
    }

    private static int rounded(int size, int unit) {
        return (size + unit - 1) / unit;
    }

    void huffmanTables(int from, int end) throws DamagedPictureException {
        int start = from;
        while (start < end) {
            require(start + 17 <= end, "Huffman table");
            int kind = file[start] & 0xff;
            require(kind >> 4 <= 1 && (kind & 15) <= 3, "Huffman table");
            int symbols = 0;
            for (int i = 1; i <= 16; i++) {
                symbols += file[start + i] & 0xff;
            }
            require(symbols <= 256 && start + 17 + symbols <= end, "Huffman table");
            (kind >> 4 == 0 ? directTables : alternatingTables)[kind & 15] =
                    new JpegCodes(file, start + 1, start + 17, kind >> 4 == 0);
            start += 17 + symbols;
        }
    }

    /** Reads a scan's header. */
    void begin(int from, int end) throws DamagedPictureException {
        int count = file[from] & 0xff;
        require(count >= 1 && count <= 4 && end - from == 4 + 2 * count, "scan header");
        first = file[end - 3] & 0xff;
        last = file[end - 2] & 0xff;
        int high = (file[end - 1] & 0xff) >> 4;
        refining = progressive && high > 0;
        shift = progressive ? file[end - 1] & 15 : 0;
        require(
                progressive
                        ? first <= last && last <= 63 && (first > 0 ? count == 1 : last == 0)
                        : first == 0 && last == 63,
                "scan header");
        components = new Component[count];
        for (int i = 0; i < count; i++) {
            int id = file[from + 1 + 2 * i] & 0xff;
            components[i] = Arrays.stream(frame)
                    .filter(c -> c.id == id)
                    .findFirst()
                    .orElseThrow(() -> new DamagedPictureException("scan of a channel that is not there"));
            int tables = file[from + 2 + 2 * i] & 0xff;
            choose(components[i], tables >> 4, tables & 15);
        }
    }

    private void choose(Component c, int direct, int alternating) throws DamagedPictureException {
        require(direct <= 3 && alternating <= 3, "scan header");
        c.direct = directTables[direct];
        c.alternating = alternatingTables[alternating];
        require(first > 0 || refining || c.direct != null, "scan without its Huffman table");
        require(last == 0 || c.alternating != null, "scan without its Huffman table");
        require(first == 0 ? progressive || !c.seen : c.seen, "order of scans");
        c.divisors = divisors[c.table];
        require(c.divisors != null && shift <= 13, "scan without its quantisation table");
        for (int k = 0; k < 64; k++) {
            int most = (LARGEST + c.divisors[k] >> shift) / c.divisors[k];
            c.mostBits[k] = 32 - Integer.numberOfLeadingZeros(most);
        }
        c.seen = true;
        if (progressive && c.nonZero == null) {
            c.nonZero = new long[c.stride * unitsDown * c.down];
        }
    }

    void requireComplete() throws DamagedPictureException {
        require(frame != null, "file without a frame header");
        for (Component c : frame) {
            require(c.seen, "file: a channel has no scan");
        }
    }

    /** Walks over a scan's codes from the given byte on; gives the byte after them, which begins a marker. */
    int walk(int from) throws DamagedPictureException {
        at = from;
        clear();
        boolean alone = components.length == 1;
        int across = alone ? components[0].blocksAcross : unitsAcross;
        int units = across * (alone ? components[0].blocksDown : unitsDown);
        int restart = 0;
        for (int unit = 0; unit < units; unit++) {
            if (restartInterval > 0 && unit > 0 && unit % restartInterval == 0) {
                endInterval();
                int expected = 0xd0 + restart++ % 8;
                if (at + 1 >= file.length || (file[at + 1] & 0xff) != expected) {
                    throw new DamagedPictureException("restart marker missing at byte " + at);
                }
                at += 2;
            }
            int y = unit / across;
            int x = unit - y * across;
            if (alone) {
                block(components[0], y * components[0].stride + x);
            } else {
                for (Component c : components) {
                    for (int i = 0; i < c.down; i++) {
                        for (int j = 0; j < c.across; j++) {
                            block(c, (y * c.down + i) * c.stride + x * c.across + j);
                        }
                    }
                }
            }
        }
        endInterval();
        return at;
    }

    private void clear() {
        buffer = 0;
        available = 0;
        missing = 0;
        endOfBand = 0;
        for (Component c : components) {
            c.mean = 0;
        }
    }

    private void endInterval() throws DamagedPictureException {
        if (available - missing >= 8 || endOfBand > 0 || at + 1 < file.length && !isMarker()) {
            throw new DamagedPictureException("more data than pixels before byte " + at);
        }
        requireBits();
        clear();
        if (at + 1 >= file.length) {
            throw new DamagedPictureException("it ends at byte " + file.length + ", without its end marker");
        }
        while (at + 2 < file.length && file[at + 1] == (byte) 0xff) {
            at++;
        }
    }

    private boolean isMarker() {
        return file[at] == (byte) 0xff && file[at + 1] != 0;
    }

    private void requireBits() throws DamagedPictureException {
        if (missing > available) {
            throw new DamagedPictureException("fewer data than pixels before byte " + at);
        }
    }

    private void block(Component c, int index) throws DamagedPictureException {
        if (!progressive) {
            direct(c);
            alternating(c);
        } else if (first == 0) {
            if (refining) {
                bits(1);
            } else {
                direct(c);
            }
        } else if (refining) {
            refine(c, index);
        } else {
            select(c, index);
        }
        if (missing > 0) {
            requireBits();
        }
    }

    /** The mean of a block, as the difference from the one before. */
    private void direct(Component c) throws DamagedPictureException {
        int size = c.direct.symbol(this);
        int value = bits(size);
        c.mean += size > 0 && value >> size - 1 == 0 ? value + 1 - (1 << size) : value;
        if ((long) Math.abs(c.mean) * c.divisors[0] << shift > LARGEST + c.divisors[0]) {
            throw new DamagedPictureException("impossible brightness before byte " + at);
        }
    }

    /** The other coefficients of a sequential file's block. */
    private void alternating(Component c) throws DamagedPictureException {
        for (int k = 1; k < 64; k++) {
            int symbol = c.alternating.symbol(this);
            if (symbol == 0) {
                return;
            }
            int size = symbol & 15;
            k += symbol >> 4;
            require(k < 64 && (size > 0 || symbol == 0xf0), "block before byte " + at);
            requirePossible(c, k, size);
            peek();
            use(size);
        }
    }

    private void requirePossible(Component c, int k, int size) throws DamagedPictureException {
        if (size > c.mostBits[k]) {
            throw new DamagedPictureException("impossible coefficient before byte " + at);
        }
    }

    /** First bits of some coefficients. */
    private void select(Component c, int index) throws DamagedPictureException {
        if (endOfBand > 0) {
            endOfBand--;
            return;
        }
        for (int k = first; k <= last; k++) {
            int symbol = c.alternating.symbol(this);
            int run = symbol >> 4;
            int size = symbol & 15;
            if (size == 0 && run < 15) {
                endOfBand = (1 << run) - 1 + bits(run);
                return;
            }
            k += run;
            if (k > last) {
                throw new DamagedPictureException("block beyond its coefficients before byte " + at);
            }
            if (size > 0) {
                requirePossible(c, k, size);
                bits(size);
                c.nonZero[index] |= 1L << k;
            }
        }
    }

    /** One more bit of the coefficients that are not zero, and new ones among them. */
    private void refine(Component c, int index) throws DamagedPictureException {
        int k = first;
        for (; endOfBand == 0 && k <= last; k++) {
            int symbol = c.alternating.symbol(this);
            int run = symbol >> 4;
            int size = symbol & 15;
            if (size == 0 && run < 15) {
                endOfBand = (1 << run) + bits(run);
                break;
            }
            require(size <= 1, "refinement");
            bits(size);
            k = skipZeros(c, index, k, run);
            if (k > last) {
                throw new DamagedPictureException("block beyond its coefficients before byte " + at);
            }
            if (size > 0) {
                c.nonZero[index] |= 1L << k;
            }
        }
        if (endOfBand > 0) {
            bits(Long.bitCount(c.nonZero[index] & (-1L << k) & (-1L >>> 63 - last)) * (k <= last ? 1 : 0));
            endOfBand--;
        }
    }

    /** Passes a number of zeros, and the bits of what is not zero among them, up to the next zero. */
    private int skipZeros(Component c, int index, int from, int zeros) throws DamagedPictureException {
        int left = zeros;
        for (int k = from; k <= last; k++) {
            if ((c.nonZero[index] >>> k & 1) != 0) {
                bits(1);
            } else if (left-- == 0) {
                return k;
            }
        }
        return last + 1;
    }

    /** The next 16 bits, not used up. */
    int peek() {
        if (available < 16) {
            fill();
        }
        return (int) (buffer >>> 48);
    }

    void use(int bits) {
        buffer <<= bits;
        available -= bits;
    }

    private int bits(int count) {
        int left = count;
        // Longer ones are only skipped.
        for (; left > 16; left -= 16) {
            peek();
            use(16);
        }
        int value = left == 0 ? 0 : peek() >>> 16 - left;
        use(left);
        return value;
    }

    private void fill() {
        while (available <= 48) {
            int value = 0;
            if (at + 1 < file.length && !isMarker()) {
                value = file[at] & 0xff;
                at += value == 0xff ? 2 : 1;
            } else {
                missing += 8;
            }
            buffer |= (long) value << 56 - available;
            available += 8;
        }
    }
}
