package io.github.squeeze4j.images;

import static io.github.squeeze4j.images.JpegFile.require;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.InflaterInputStream;

/**
 * Reads PNG files (ISO/IEC 15948), all kinds of pixels, interlaced or not. Checksums of all chunks, the number of pixels and
 * the checksum of the compressed data must be right. Values of 16 bits lose their lower eight, as in PIL and OpenCV; what is
 * transparent is put on white; gamma and colour profiles are not applied.
 */
final class PngFile {
    private static final int GREY = 0;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int GREY_ALPHA = 4;
    private static final int RGB_ALPHA = 6;
    /** Adam7: first row and column of each pass, and their steps. */
    private static final int[][] PASSES = {
        {0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4}, {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}
    };

    private static final int[][] ONE_PASS = {{0, 0, 1, 1}};

    private final Bytes bytes;
    private final byte[] file;
    private int height;
    private int width;
    private int depth;
    private int kind;
    private boolean interlaced;
    private byte[] palette = {};
    /** Of palettes: alpha by index; of grey and RGB: the transparent value, two bytes per channel. */
    private byte[] transparency = {};

    private int orientation = 1;
    private final List<InputStream> data = new ArrayList<>();
    /** The grey or colour that a sample stands for, by the sample. */
    private byte[] scaled;

    private PngFile(byte[] file) {
        this.file = file;
        bytes = new Bytes(file, false);
    }

    /** Height and width. */
    static int[] size(byte[] file) throws DamagedPictureException {
        Bytes bytes = new Bytes(file, false);
        return new int[] {positive(bytes.u32(20)), positive(bytes.u32(16))};
    }

    private static int positive(long size) throws DamagedPictureException {
        require(size > 0 && size <= Integer.MAX_VALUE, "size in the header");
        return (int) size;
    }

    static Picture read(byte[] file) throws IOException {
        PngFile png = new PngFile(file);
        png.chunks();
        return Exif.upright(png.pixels(), png.orientation);
    }

    private void chunks() throws DamagedPictureException {
        CRC32 crc = new CRC32();
        long at = 8;
        String type = "";
        while (!type.equals("IEND")) {
            long length = bytes.u32(at);
            // Both ends of the chunk, before anything is taken from between them.
            bytes.u32(at + 4);
            bytes.u32(at + 8 + length);
            int from = (int) at + 8;
            type = new String(file, from - 4, 4, StandardCharsets.ISO_8859_1);
            crc.reset();
            crc.update(file, from - 4, (int) length + 4);
            if (crc.getValue() != bytes.u32(from + length)) {
                throw new DamagedPictureException("checksum of the chunk at byte " + at + " is wrong");
            }
            require(at == 8 == type.equals("IHDR"), "order of chunks");
            chunk(type, from, (int) length);
            at = from + length + 4;
        }
        require(!data.isEmpty(), "file without pixels");
    }

    private void chunk(String type, int from, int length) throws DamagedPictureException {
        switch (type) {
            case "IHDR":
                require(length == 13, "header");
                header(from);
                break;
            case "PLTE":
                require(length > 0 && length <= 768 && length % 3 == 0, "palette");
                palette = Arrays.copyOfRange(file, from, from + length);
                break;
            case "tRNS":
                require(
                        kind == PALETTE ? length <= 256 : kind == GREY && length == 2 || kind == RGB && length == 6,
                        "transparency");
                transparency = Arrays.copyOfRange(file, from, from + length);
                break;
            case "eXIf":
                orientation = Exif.orientation(Arrays.copyOfRange(file, from, from + length));
                break;
            case "IDAT":
                data.add(new ByteArrayInputStream(file, from, length));
                break;
            default:
                // A small first letter means that the picture can be shown without it.
                require((type.charAt(0) & 0x20) != 0 || type.equals("IEND"), "chunk of an unknown kind");
        }
    }

    private void header(int from) throws DamagedPictureException {
        width = positive(bytes.u32(from));
        height = positive(bytes.u32(from + 4));
        depth = bytes.u8(from + 8);
        kind = bytes.u8(from + 9);
        boolean anyDepth = kind == GREY || kind == PALETTE && depth != 16;
        require(
                depth == 8
                        || depth == 16 && kind != PALETTE
                        || anyDepth && (depth == 1 || depth == 2 || depth == 4)
                        || kind == GREY && depth == 16,
                "depth of pixels");
        require(kind == GREY || kind == RGB || kind == PALETTE || kind == GREY_ALPHA || kind == RGB_ALPHA, "pixels");
        require(bytes.u8(from + 10) == 0 && bytes.u8(from + 11) == 0 && bytes.u8(from + 12) <= 1, "header");
        interlaced = bytes.u8(from + 12) == 1;
        scaled = new byte[1 << Math.min(depth, 8)];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = (byte) (i * 255 / (scaled.length - 1));
        }
    }

    private int samples() {
        return kind == RGB ? 3 : kind == RGB_ALPHA ? 4 : kind == GREY_ALPHA ? 2 : 1;
    }

    private Picture pixels() throws IOException {
        require(kind != PALETTE || palette.length > 0, "file without its palette");
        int channels = kind == GREY || kind == GREY_ALPHA ? 1 : 3;
        byte[] pixels = new byte[height * width * channels];
        InputStream compressed = new SequenceInputStream(Collections.enumeration(data));
        try (DataInputStream in = new DataInputStream(new InflaterInputStream(compressed) {
            @Override
            protected void fill() throws IOException {
                len = in.read(buf, 0, buf.length);
                if (len < 0) {
                    throw new EOFException();
                }
                inf.setInput(buf, 0, len);
            }
        })) {
            for (int[] pass : interlaced ? PASSES : ONE_PASS) {
                pass(in, pass, pixels, channels);
            }
            if (in.read() >= 0) {
                throw new DamagedPictureException("more data than pixels");
            }
        } catch (EOFException e) {
            throw new DamagedPictureException("fewer data than pixels");
        }
        return Picture.wrap(height, width, channels, pixels);
    }

    private void pass(DataInputStream in, int[] pass, byte[] pixels, int channels) throws IOException {
        int rows = (height - pass[0] + pass[2] - 1) / pass[2];
        int columns = (width - pass[1] + pass[3] - 1) / pass[3];
        if (rows == 0 || columns == 0) {
            return;
        }
        int bits = samples() * depth;
        int back = Math.max(1, bits / 8);
        byte[] line = new byte[Math.toIntExact(((long) columns * bits + 7) / 8)];
        byte[] above = new byte[line.length];
        for (int y = 0; y < rows; y++) {
            int filter = in.readUnsignedByte();
            in.readFully(line);
            unfilter(filter, line, above, back);
            int at = ((pass[0] + y * pass[2]) * width + pass[1]) * channels;
            if (kind == RGB && depth == 8 && transparency.length == 0 && !interlaced) {
                System.arraycopy(line, 0, pixels, at, line.length);
            } else {
                for (int x = 0; x < columns; x++) {
                    pixel(line, x, pixels, at);
                    at += pass[3] * channels;
                }
            }
            byte[] done = line;
            line = above;
            above = done;
        }
    }

    private static void unfilter(int filter, byte[] line, byte[] above, int back) throws DamagedPictureException {
        switch (filter) {
            case 0:
                break;
            case 1:
                for (int i = back; i < line.length; i++) {
                    line[i] += line[i - back];
                }
                break;
            case 2:
                for (int i = 0; i < line.length; i++) {
                    line[i] += above[i];
                }
                break;
            case 3:
                for (int i = 0; i < line.length; i++) {
                    int left = i < back ? 0 : line[i - back] & 0xff;
                    line[i] += (byte) (left + (above[i] & 0xff) >> 1);
                }
                break;
            case 4:
                paeth(line, above, back);
                break;
            default:
                throw new DamagedPictureException("unknown filter of a line");
        }
    }

    private static void paeth(byte[] line, byte[] above, int back) {
        for (int i = 0; i < Math.min(back, line.length); i++) {
            line[i] += above[i];
        }
        for (int i = back; i < line.length; i++) {
            int left = line[i - back] & 0xff;
            int up = above[i] & 0xff;
            int corner = above[i - back] & 0xff;
            int toLeft = Math.abs(up - corner);
            int toUp = Math.abs(left - corner);
            int toCorner = Math.abs(left + up - 2 * corner);
            line[i] += (byte) (toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
        }
    }

    private void pixel(byte[] line, int x, byte[] pixels, int at) throws DamagedPictureException {
        int alpha = 255;
        if (kind == PALETTE) {
            int index = sample(line, x);
            require(3 * index < palette.length, "pixel beyond the palette");
            alpha = index < transparency.length ? transparency[index] & 0xff : 255;
            for (int c = 0; c < 3; c++) {
                pixels[at + c] = onWhite(palette[3 * index + c], alpha);
            }
            return;
        }
        int samples = samples();
        int colours = samples < 3 ? 1 : 3;
        if (samples != colours) {
            alpha = scaled[sample(line, x * samples + colours)] & 0xff;
        } else if (transparency.length > 0 && isTransparent(line, x * samples, colours)) {
            alpha = 0;
        }
        for (int c = 0; c < colours; c++) {
            pixels[at + c] = onWhite(scaled[sample(line, x * samples + c)], alpha);
        }
    }

    private boolean isTransparent(byte[] line, int first, int colours) {
        for (int c = 0; c < colours; c++) {
            int value = (transparency[2 * c] & 0xff) << 8 | transparency[2 * c + 1] & 0xff;
            int sample = depth == 16
                    ? (line[2 * (first + c)] & 0xff) << 8 | line[2 * (first + c) + 1] & 0xff
                    : sample(line, first + c);
            if (sample != value) {
                return false;
            }
        }
        return true;
    }

    /** One sample, of 16 bits the upper eight. */
    private int sample(byte[] line, int index) {
        if (depth >= 8) {
            return line[index * (depth / 8)] & 0xff;
        }
        int bit = index * depth;
        return line[bit >> 3] >> 8 - depth - (bit & 7) & (1 << depth) - 1;
    }

    static byte onWhite(byte value, int alpha) {
        return alpha == 255 ? value : (byte) (((value & 0xff) * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}
