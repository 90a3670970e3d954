package io.github.squeeze4j.weights;

import io.github.squeeze4j.onednn.Numbers;
import io.github.squeeze4j.onednn.OneDnn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A tensor in a {@link TensorFile}: name, type and shape are known, its elements are read when asked for. Immutable. */
public final class StoredTensor {
    private static final int BLOCK = 1 << 16;

    /** Where the elements are. */
    interface Content {
        /** At the first element of the tensor's span. */
        InputStream open() throws IOException;
    }

    private final Path file;
    private final String name;
    private final TensorType type;
    private final long[] shape;
    private final long[] strides;
    private final ByteOrder order;
    private final boolean certain;
    private final Content content;

    private StoredTensor(
            Path file,
            String name,
            TensorType type,
            long[] shape,
            long[] strides,
            ByteOrder order,
            boolean certain,
            Content content) {
        this.file = file;
        this.name = name;
        this.type = type;
        this.shape = shape;
        this.strides = strides;
        this.order = order;
        this.certain = certain;
        this.content = content;
    }

    /** Elements in row-major order, little-endian, all within the file. */
    static StoredTensor of(Path file, String name, TensorType type, long[] shape, Content content) {
        return new StoredTensor(file, name, type, shape, rowMajor(shape), ByteOrder.LITTLE_ENDIAN, true, content);
    }

    /** The same elements by other strides: a span of memory of which each is read once or never. */
    StoredTensor strided(long[] other) {
        return new StoredTensor(file, name, type, shape, other, order, certain, content);
    }

    StoredTensor ordered(ByteOrder other) {
        return new StoredTensor(file, name, type, shape, strides, other, certain, content);
    }

    /** The file may be too short for what it says, which shows while it is read. */
    StoredTensor uncertain() {
        return new StoredTensor(file, name, type, shape, strides, order, false, content);
    }

    StoredTensor renamed(String other) {
        return new StoredTensor(file, other, type, shape, strides, order, certain, content);
    }

    /**
     * Its name in the file.
     *
     * @return such as {@code layer1.0.conv1.weight}; {@code LAYER#0} for the first blob of a Caffe layer
     */
    public String name() {
        return name;
    }

    /**
     * How the file stores its elements.
     *
     * @return the type
     */
    public TensorType type() {
        return type;
    }

    /**
     * Its sizes.
     *
     * @return a copy; empty for a single number
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * Number of elements.
     *
     * @return the product of the sizes
     */
    public long length() {
        return length(shape);
    }

    /**
     * Reads the elements. 16- and 32-bit floating-point numbers become FLOAT, which holds them exactly, F64 becomes DOUBLE, and
     * integers and booleans become LONG.
     *
     * @return a new array in C order
     * @throws WeightsException if the file is damaged, is closed or cannot be read
     */
    public INDArray read() {
        long span = span();
        try (InputStream in = content.open()) {
            Object values = values(in, span);
            Object ordered = isRowMajor(shape, strides) ? values : gathered(values);
            return array(ordered);
        } catch (IOException e) {
            throw FileBytes.unreadable(file, e);
        }
    }

    /**
     * Reads the elements to where they belong, if the file holds them as memory does.
     *
     * @param target of as many elements
     * @return false if it does not, so that they are to be taken from {@link #read()}
     */
    boolean readInto(INDArray target) {
        boolean alike = type == TensorType.F32
                && OneDnn.supports(target.dataType())
                && order == ByteOrder.nativeOrder()
                && isRowMajor(shape, strides)
                && length() == target.length()
                && length() > 0
                && length() <= Integer.MAX_VALUE / Float.BYTES
                && isRowMajor(target.shape(), target.stride());
        if (!alike) {
            return false;
        }
        try (InputStream in = content.open()) {
            if (in instanceof FileBytes.Cursor) {
                Numbers.fill(target, ((FileBytes.Cursor) in)::into);
                return true;
            }
            return false;
        } catch (IOException e) {
            throw FileBytes.unreadable(file, e);
        }
    }

    private INDArray array(Object values) {
        if (length() == 0) {
            return Nd4j.create(
                    type == TensorType.F64 ? DataType.DOUBLE : type.isReal() ? DataType.FLOAT : DataType.INT64, shape);
        }
        if (values instanceof float[]) {
            return shape.length == 0 ? Nd4j.scalar(((float[]) values)[0]) : Nd4j.create((float[]) values, shape, 'c');
        }
        if (values instanceof double[]) {
            return shape.length == 0 ? Nd4j.scalar(((double[]) values)[0]) : Nd4j.create((double[]) values, shape, 'c');
        }
        long[] longs = (long[]) values;
        return shape.length == 0
                ? Nd4j.scalar(longs[0])
                : Nd4j.createFromArray(longs).reshape('c', shape);
    }

    /** An array of float, double or long with the elements of the span. */
    private Object values(InputStream in, long span) throws IOException {
        int count = (int) span;
        byte[] block = new byte[(int) Math.min(BLOCK, span * type.size())];
        // What a compressed file promises is believed as far as it has come.
        Object values = allocate(certain ? count : Math.min(count, BLOCK));
        int capacity = certain ? count : Math.min(count, BLOCK);
        for (int done = 0; done < count; ) {
            int elements = Math.min(block.length / type.size(), count - done);
            int got = in.readNBytes(block, 0, elements * type.size());
            if (got < elements * type.size()) {
                throw FileBytes.damaged(
                        file,
                        "tensor " + WeightsException.name(name) + " must have " + span + " elements of " + type.size()
                                + " bytes, but ends before");
            }
            if (done + elements > capacity) {
                capacity = (int) Math.min(count, 2L * capacity);
                Object larger = allocate(capacity);
                System.arraycopy(values, 0, larger, 0, done);
                values = larger;
            }
            decode(ByteBuffer.wrap(block, 0, got).order(order), values, done, elements);
            done += elements;
        }
        return values;
    }

    private Object allocate(int count) {
        return type == TensorType.F64 ? new double[count] : type.isReal() ? new float[count] : new long[count];
    }

    private void decode(ByteBuffer bytes, Object values, int from, int count) {
        if (type == TensorType.F32) {
            bytes.asFloatBuffer().get((float[]) values, from, count);
        } else if (type == TensorType.F64) {
            bytes.asDoubleBuffer().get((double[]) values, from, count);
        } else if (type.isReal()) {
            for (int i = from; i < from + count; i++) {
                ((float[]) values)[i] = type.nextFloat(bytes);
            }
        } else {
            for (int i = from; i < from + count; i++) {
                long value = type.nextLong(bytes);
                if (type == TensorType.U64 && value < 0) {
                    throw FileBytes.damaged(
                            file,
                            "tensor " + WeightsException.name(name) + ": values (" + Long.toUnsignedString(value)
                                    + ") must be below 2^63");
                }
                ((long[]) values)[i] = value;
            }
        }
    }

    /** Picks the elements by their strides. */
    private Object gathered(Object values) {
        int count = (int) length();
        Object picked = allocate(count);
        long[] index = new long[shape.length];
        int at = 0;
        for (int i = 0; i < count; i++) {
            System.arraycopy(values, at, picked, i, 1);
            for (int d = shape.length - 1; d >= 0; d--) {
                at += (int) strides[d];
                if (++index[d] < shape[d]) {
                    break;
                }
                at -= (int) (strides[d] * shape[d]);
                index[d] = 0;
            }
        }
        return picked;
    }

    /** Elements from the first to the last, both included. */
    private long span() {
        long span = span(shape, strides);
        if (span > Integer.MAX_VALUE - Byte.SIZE) {
            throw new WeightsException("weights file (" + file + "): tensor " + WeightsException.name(name) + " ("
                    + span + " elements) must fit into an array of Java's; use a file with smaller tensors");
        }
        return span;
    }

    private static boolean isRowMajor(long[] shape, long[] strides) {
        long[] expected = rowMajor(shape);
        for (int d = 0; d < shape.length; d++) {
            if (shape[d] > 1 && strides[d] != expected[d]) {
                return false;
            }
        }
        return true;
    }

    static long[] rowMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int d = shape.length - 1; d >= 0; d--) {
            strides[d] = stride;
            stride *= Math.max(1, shape[d]);
        }
        return strides;
    }

    /** Elements between the first and the last of a tensor whose sizes and strides are not negative; -1 if too many. */
    static long span(long[] shape, long[] strides) {
        long last = 0;
        for (int d = 0; d < shape.length; d++) {
            if (shape[d] == 0) {
                return 0;
            }
            long step = shape[d] - 1;
            if (step > 0 && strides[d] > (Long.MAX_VALUE - 1 - last) / step) {
                return -1;
            }
            last += step * strides[d];
        }
        return last + 1;
    }

    /** The product of sizes; -1 if one is negative or the product too large for the bytes of any file. */
    static long length(long[] shape) {
        long length = 1;
        boolean empty = false;
        for (long size : shape) {
            if (size < 0) {
                return -1;
            }
            empty |= size == 0;
            if (size > 0) {
                if (length > (Long.MAX_VALUE >> 4) / size) {
                    return -1;
                }
                length *= size;
            }
        }
        return empty ? 0 : length;
    }

    /**
     * Name, type and shape.
     *
     * @return one line
     */
    @Override
    public String toString() {
        return WeightsException.name(name) + " " + type + Arrays.toString(shape);
    }
}
