package io.github.squeeze4j.compiler.ir;

import java.util.Arrays;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A value's shape, data type and storage. Immutable. The size of the batch is not part of it: {@link #BATCH} stands for
 * whatever it is at a call.
 */
public final class TensorType {
    /** The size of the first axis of what each example has its own of. */
    public static final long BATCH = -1;

    private final DataType dataType;
    private final long[] shape;
    private final Storage storage;

    private TensorType(DataType dataType, long[] shape, Storage storage) {
        this.dataType = dataType;
        this.shape = shape;
        this.storage = storage;
    }

    /**
     * A type.
     *
     * @param dataType FLOAT or DOUBLE
     * @param shape sizes of the axes, the first may be {@link #BATCH}
     * @return the type, in no storage yet
     */
    public static TensorType of(DataType dataType, long... shape) {
        return new TensorType(dataType, shape.clone(), Storage.UNCHOSEN);
    }

    /**
     * The same numbers in another data type.
     *
     * @param other FLOAT or DOUBLE
     * @return a type
     */
    public TensorType with(DataType other) {
        return new TensorType(other, shape, storage);
    }

    /**
     * The same numbers in a storage.
     *
     * @param other any
     * @return a type
     */
    public TensorType with(Storage other) {
        return new TensorType(dataType, shape, other);
    }

    /**
     * Another shape.
     *
     * @param other sizes of the axes
     * @return a type of the same data type, in no storage yet
     */
    public TensorType withShape(long... other) {
        return of(dataType, other);
    }

    /**
     * The data type.
     *
     * @return FLOAT or DOUBLE
     */
    public DataType dataType() {
        return dataType;
    }

    /**
     * The storage.
     *
     * @return never null
     */
    public Storage storage() {
        return storage;
    }

    /**
     * The number of axes.
     *
     * @return 0 or more
     */
    public int rank() {
        return shape.length;
    }

    /**
     * An axis's size.
     *
     * @param axis from 0
     * @return the size, or {@link #BATCH}
     */
    public long size(int axis) {
        return shape[axis];
    }

    /**
     * The sizes of all axes.
     *
     * @return a copy
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * The sizes of all axes for a batch.
     *
     * @param batch the number of examples
     * @return a new array
     */
    public long[] shape(long batch) {
        long[] sizes = shape.clone();
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = sizes[i] == BATCH ? batch : sizes[i];
        }
        return sizes;
    }

    /**
     * How many numbers there are, of one example where each has its own.
     *
     * @return the product of the sizes but the batch's
     */
    public long elements() {
        long elements = 1;
        for (long size : shape) {
            elements *= size == BATCH ? 1 : size;
        }
        return elements;
    }

    /**
     * Whether each example has its own numbers.
     *
     * @return true if the first axis is the batch
     */
    public boolean isBatched() {
        return shape.length > 0 && shape[0] == BATCH;
    }

    /**
     * Whether the shapes are the same.
     *
     * @param other a type
     * @return true even where data type or storage differ
     */
    public boolean sameShape(TensorType other) {
        return Arrays.equals(shape, other.shape);
    }

    /**
     * Whether it is [N, C, H, W] with these sizes behind the batch.
     *
     * @param channels C
     * @param height H
     * @param width W
     * @return true if so
     */
    public boolean isMap(long channels, long height, long width) {
        return Arrays.equals(shape, new long[] {BATCH, channels, height, width});
    }

    /** The shape as messages and printed graphs show it. */
    String shapeText() {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < shape.length; i++) {
            text.append(i == 0 ? "" : ", ").append(shape[i] == BATCH ? "N" : Long.toString(shape[i]));
        }
        return text.append(']').toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorType
                && sameShape((TensorType) other)
                && dataType == ((TensorType) other).dataType
                && storage == ((TensorType) other).storage;
    }

    @Override
    public int hashCode() {
        return Objects.hash(Arrays.hashCode(shape), dataType, storage);
    }

    @Override
    public String toString() {
        String type = dataType == DataType.FLOAT ? "f32" : dataType == DataType.DOUBLE ? "f64" : dataType.toString();
        return type + shapeText() + (storage == Storage.UNCHOSEN ? "" : " " + storage.text);
    }
}
