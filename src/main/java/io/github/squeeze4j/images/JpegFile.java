package io.github.squeeze4j.images;

import java.util.Arrays;

/**
 * The structure of a JPEG file (ITU-T T.81): walks over all markers to the end, and over every code of every scan where
 * that is asked for, since decoders fill up what is missing and go on after what is wrong.
 */
final class JpegFile {
    private static final int SOF0 = 0xc0;
    private static final int SOF2 = 0xc2;
    private static final int DHT = 0xc4;
    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int DQT = 0xdb;
    private static final int DRI = 0xdd;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;

    private final byte[] file;
    private final Bytes bytes;
    private final JpegScan scan;
    private int height;
    private int width;
    private int orientation = 1;
    private boolean adobe;
    private JpegScan.Component[] components;

    private JpegFile(byte[] file) {
        this.file = file;
        bytes = new Bytes(file, false);
        scan = new JpegScan(file);
    }

    /** What the headers before the first scan say. */
    static JpegFile header(byte[] file) throws DamagedPictureException {
        JpegFile jpeg = new JpegFile(file);
        jpeg.walk(true);
        return jpeg;
    }

    /** Walks over the whole file and complains about the first thing that is wrong. */
    static void check(byte[] file) throws DamagedPictureException {
        new JpegFile(file).walk(false);
    }

    int height() {
        return height;
    }

    int width() {
        return width;
    }

    int channels() {
        return components.length;
    }

    int orientation() {
        return orientation;
    }

    /** Whether Adobe's marker is there, which says that the colours of four-channel files are stored inverted. */
    boolean isAdobe() {
        return adobe;
    }

    private void walk(boolean headerOnly) throws DamagedPictureException {
        int at = 0;
        while (true) {
            if (bytes.u8(at) != 0xff) {
                throw new DamagedPictureException("marker missing at byte " + at);
            }
            while (bytes.u8(at + 1) == 0xff) {
                at++;
            }
            int marker = bytes.u8(at + 1);
            at += 2;
            if (marker == EOI) {
                scan.requireComplete();
                return;
            }
            if (marker != SOI) {
                int length = bytes.u16(at);
                if (length < 2 || at + length > file.length) {
                    throw new DamagedPictureException("segment at byte " + at + " goes beyond the end of the file");
                }
                if (marker == SOS && headerOnly) {
                    requireFrame();
                    return;
                }
                segment(marker, at + 2, at + length);
                at += length;
                if (marker == SOS) {
                    at = scan.walk(at);
                }
            }
        }
    }

    private void segment(int marker, int from, int end) throws DamagedPictureException {
        switch (marker) {
            case DHT:
                scan.huffmanTables(from, end);
                break;
            case DQT:
                quantisationTables(from, end);
                break;
            case DRI:
                require(end - from == 2, "restart interval");
                scan.restartInterval(bytes.u16(from));
                break;
            case SOS:
                requireFrame();
                scan.begin(from, end);
                break;
            case APP1:
                if (PictureFormat.starts(file, from, "Exif\0\0") && end - from > 6) {
                    orientation = Exif.orientation(Arrays.copyOfRange(file, from + 6, end));
                }
                break;
            case APP14:
                adobe |= PictureFormat.starts(file, from, "Adobe");
                break;
            default:
                if (marker >= SOF0 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc) {
                    if (marker > SOF2) {
                        throw new DamagedPictureException(
                                "it is a lossless, hierarchical or arithmetic-coded JPEG, which cannot be read");
                    }
                    frame(marker == SOF2, from, end);
                } else if (marker < SOF0 || marker >= 0xd0 && marker <= 0xd7) {
                    throw new DamagedPictureException(String.format("unknown marker ff%02x", marker));
                }
        }
    }

    private void frame(boolean progressive, int from, int end) throws DamagedPictureException {
        require(components == null, "second frame header");
        require(end - from >= 6, "frame header");
        if (bytes.u8(from) != 8) {
            throw new DamagedPictureException("it has " + bytes.u8(from) + " bits per value; 8 can be read");
        }
        height = bytes.u16(from + 1);
        width = bytes.u16(from + 3);
        int count = bytes.u8(from + 5);
        require(height > 0 && width > 0, "size " + width + "x" + height);
        require((count == 1 || count == 3 || count == 4) && end - from == 6 + 3 * count, "frame header");
        components = new JpegScan.Component[count];
        for (int i = 0; i < count; i++) {
            int sampling = bytes.u8(from + 7 + 3 * i);
            int across = sampling >> 4;
            int down = sampling & 15;
            require(across >= 1 && across <= 4 && down >= 1 && down <= 4, "sampling factors");
            components[i] =
                    new JpegScan.Component(bytes.u8(from + 6 + 3 * i), across, down, bytes.u8(from + 8 + 3 * i) & 3);
        }
        scan.frame(progressive, height, width, components);
    }

    private void quantisationTables(int from, int end) throws DamagedPictureException {
        int at = from;
        while (at < end) {
            int kind = bytes.u8(at);
            require(kind >> 4 <= 1 && (kind & 15) <= 3, "quantisation table");
            int size = (kind >> 4) + 1;
            require(at + 1 + 64 * size <= end, "quantisation table");
            int[] divisors = new int[64];
            for (int i = 0; i < 64; i++) {
                divisors[i] = size == 1 ? bytes.u8(at + 1 + i) : bytes.u16(at + 1 + 2 * i);
                require(divisors[i] > 0, "quantisation table with a zero");
            }
            scan.divisors(kind & 15, divisors);
            at += 1 + 64 * size;
        }
    }

    private void requireFrame() throws DamagedPictureException {
        require(components != null, "scan without a frame header");
    }

    static void require(boolean holds, String what) throws DamagedPictureException {
        if (!holds) {
            throw new DamagedPictureException("bad " + what);
        }
    }
}
