package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One row of numbers in the form of {@code Nd4j.write}: a buffer of shape information (rank, shape, strides, three numbers
 * more), then a buffer of values. A buffer is its allocation mode, its count, its type and so many big-endian numbers.
 *
 * <p>ND4J's own reader allocates whatever the counts say, and computes with memory that nothing was read into. Here they are
 * compared with each other and with the size of the entry before anything is allocated, and ND4J makes its own headers.
 */
final class StoredArray {
    private static final int BLOCK = 1 << 16;
    private static final int HIGHEST_RANK = 2;

    private final String name;
    private final InputStream values;
    private final DataType type;
    private final long count;
    private long nonFinite;

    private StoredArray(String name, InputStream values, DataType type, long count) {
        this.name = name;
        this.values = values;
        this.type = type;
        this.count = count;
    }

    /** Reads the headers of the array that an entry of the given size holds, and leaves the stream at its values. */
    static StoredArray open(String name, InputStream entry, long size) throws IOException {
        int[] headers = new int[1];
        StoredArray array = headers(name, new DataInputStream(entry), headers);
        int width = array.type.width();
        // The division first: the product may overflow.
        if (array.count > (size - headers[0]) / width || headers[0] + array.count * width != size) {
            throw new DamagedFileException(name + " (" + size + " bytes) is not of the size of " + array.count
                    + " numbers of type " + array.type);
        }
        return array;
    }

    /** Reads an array of one number with other things after it. */
    static double readOne(String name, DataInputStream in) throws IOException {
        StoredArray array = headers(name, in, new int[1]);
        if (array.count != 1 || array.type != DataType.FLOAT && array.type != DataType.DOUBLE) {
            throw new DamagedFileException(
                    name + " holds " + array.count + " numbers of type " + array.type + " where one must stand");
        }
        return array.type == DataType.FLOAT ? in.readFloat() : in.readDouble();
    }

    private static StoredArray headers(String name, DataInputStream in, int[] headers) throws IOException {
        try {
            long[] shape = shape(name, in, headers);
            long count = readLength(name, in, headers);
            DataType type = type(name, readText(name, in, headers));
            long elements = 1;
            for (int i = 1; i <= shape[0]; i++) {
                if (shape[i] < 1 || elements != 1) {
                    throw new DamagedFileException(name + " must hold one row of numbers, but has shape "
                            + Arrays.toString(Arrays.copyOfRange(shape, 1, (int) shape[0] + 1)));
                }
                elements = shape[i];
            }
            if (count != elements || count > Integer.MAX_VALUE) {
                throw new DamagedFileException(
                        name + " says that it holds " + count + " numbers, but has a shape for " + elements);
            }
            return new StoredArray(name, in, type, count);
        } catch (EOFException e) {
            throw new DamagedFileException(name + " ends within its header");
        }
    }

    private static long[] shape(String name, DataInputStream in, int[] headers) throws IOException {
        long length = readLength(name, in, headers);
        String type = readText(name, in, headers);
        if (!type.equals("LONG") || length < 4 || length > 2 * HIGHEST_RANK + 4) {
            throw new DamagedFileException(name + " does not begin with the shape of a row of numbers");
        }
        long[] shape = new long[(int) length];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = in.readLong();
            headers[0] += Long.BYTES;
        }
        if (shape[0] < 0 || 2 * shape[0] + 4 != length) {
            throw new DamagedFileException(name + " has a shape of rank " + shape[0]);
        }
        return shape;
    }

    private static long readLength(String name, DataInputStream in, int[] headers) throws IOException {
        String mode = readText(name, in, headers);
        if (!mode.equals("MIXED_DATA_TYPES") && !mode.equals("LONG_SHAPE")) {
            throw new DamagedFileException(name + " is not an array as DL4J 1.0.0 writes it");
        }
        headers[0] += Long.BYTES;
        return in.readLong();
    }

    private static String readText(String name, DataInputStream in, int[] headers) throws IOException {
        int length = in.readUnsignedShort();
        if (length > 32) {
            throw new DamagedFileException(name + " is not an array as ND4J writes it");
        }
        headers[0] += 2 + length;
        return new String(in.readNBytes(length), StandardCharsets.US_ASCII);
    }

    private static DataType type(String name, String type) throws IOException {
        switch (type) {
            case "FLOAT":
            case "DOUBLE":
            case "HALF":
            case "BFLOAT16":
                return DataType.valueOf(type);
            default:
                throw new DamagedFileException(name + " holds values of type " + ShownText.of(type)
                        + ", where FLOAT, DOUBLE, HALF or BFLOAT16 must stand");
        }
    }

    DataType type() {
        return type;
    }

    long count() {
        return count;
    }

    /** How many of the values that went by were NaN or infinite. */
    long nonFinite() {
        return nonFinite;
    }

    /** Reads the values into a new array [1, count]. */
    INDArray read() throws IOException {
        INDArray row;
        if (type == DataType.DOUBLE) {
            double[] numbers = new double[(int) count];
            each((block, at) -> block.asDoubleBuffer().get(numbers, at, block.remaining() / Double.BYTES));
            row = Nd4j.createFromArray(numbers);
        } else {
            float[] numbers = new float[(int) count];
            each((block, at) -> floats(block, numbers, at));
            row = Nd4j.createFromArray(numbers);
        }
        return row.castTo(type).reshape('c', 1, count);
    }

    private void floats(ByteBuffer block, float[] numbers, int at) {
        if (type == DataType.FLOAT) {
            block.asFloatBuffer().get(numbers, at, block.remaining() / Float.BYTES);
            return;
        }
        for (int i = 0; i < block.remaining() / Short.BYTES; i++) {
            short bits = block.getShort(block.position() + i * Short.BYTES);
            numbers[at + i] = type == DataType.FLOAT16 ? HalfIndexer.toFloat(bits) : Float.intBitsToFloat(bits << 16);
        }
    }

    /** Reads the values and keeps none. */
    void skip() throws IOException {
        each((block, at) -> {});
    }

    private interface Block {
        void take(ByteBuffer bigEndian, int at);
    }

    private void each(Block taker) throws IOException {
        byte[] bytes = new byte[BLOCK];
        int width = type.width();
        for (long at = 0; at < count; at += BLOCK / width) {
            int length = (int) Math.min(BLOCK, (count - at) * width);
            if (values.readNBytes(bytes, 0, length) < length) {
                throw new DamagedFileException(name + " is cut off");
            }
            ByteBuffer block = ByteBuffer.wrap(bytes, 0, length);
            for (int i = 0; i < length; i += width) {
                nonFinite += isFinite(block, i) ? 0 : 1;
            }
            taker.take(block, (int) at);
        }
        if (values.read() >= 0) {
            throw new DamagedFileException(name + " holds more than its numbers");
        }
    }

    /** Neither NaN nor infinite: some bit of the exponent is 0. */
    private boolean isFinite(ByteBuffer block, int index) {
        switch (type) {
            case FLOAT:
                return (~block.getInt(index) & 0x7f800000) != 0;
            case DOUBLE:
                return (~block.getLong(index) & 0x7ff0000000000000L) != 0;
            case HALF:
                return (~block.getShort(index) & 0x7c00) != 0;
            default:
                return (~block.getShort(index) & 0x7f80) != 0;
        }
    }

    /** Writes an array as DL4J does. */
    static void write(INDArray array, OutputStream out) throws IOException {
        DataOutputStream data = new DataOutputStream(out);
        Nd4j.write(array, data);
        data.flush();
    }
}
