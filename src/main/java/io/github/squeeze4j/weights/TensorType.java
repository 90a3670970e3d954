package io.github.squeeze4j.weights;

import java.nio.ByteBuffer;

/** How a file stores the elements of a tensor. */
public enum TensorType {
    /** IEEE half precision. */
    F16(2),
    /** The upper half of a float. */
    BF16(2),
    /** IEEE single precision. */
    F32(4),
    /** IEEE double precision. */
    F64(8),
    /** Signed byte. */
    I8(1),
    /** Signed 16-bit integer. */
    I16(2),
    /** Signed 32-bit integer. */
    I32(4),
    /** Signed 64-bit integer. */
    I64(8),
    /** Unsigned byte. */
    U8(1),
    /** Unsigned 16-bit integer. */
    U16(2),
    /** Unsigned 32-bit integer. */
    U32(4),
    /** Unsigned 64-bit integer; values from 2^63 cannot be read. */
    U64(8),
    /** One byte, 0 or 1. */
    BOOL(1);

    private static final int HALF_SIGN = 0x8000;
    private static final int HALF_FRACTION_BITS = 10;
    private static final int HALF_FRACTION = (1 << HALF_FRACTION_BITS) - 1;
    private static final int HALF_EXPONENT = 0x1f;
    private static final int FLOAT_FRACTION_BITS = 23;
    private static final int BIAS_DIFFERENCE = 112;
    private static final float SMALLEST_HALF = 0x1p-24f;

    private final int size;

    TensorType(int size) {
        this.size = size;
    }

    /**
     * Size of an element.
     *
     * @return bytes
     */
    public int size() {
        return size;
    }

    /**
     * Whether elements are floating-point numbers.
     *
     * @return false for integers and booleans
     */
    public boolean isReal() {
        return this == F16 || this == BF16 || this == F32 || this == F64;
    }

    /** The next element of a type of at most 32 bits with a fraction. */
    float nextFloat(ByteBuffer bytes) {
        switch (this) {
            case F16:
                return half(bytes.getShort() & 0xffff);
            case BF16:
                return Float.intBitsToFloat(bytes.getShort() << Short.SIZE);
            default:
                return bytes.getFloat();
        }
    }

    /** The next element of an integer type. */
    long nextLong(ByteBuffer bytes) {
        switch (this) {
            case I8:
                return bytes.get();
            case U8:
            case BOOL:
                return bytes.get() & 0xff;
            case I16:
                return bytes.getShort();
            case U16:
                return bytes.getShort() & 0xffff;
            case I32:
                return bytes.getInt();
            case U32:
                return bytes.getInt() & 0xffffffffL;
            default:
                return bytes.getLong();
        }
    }

    private static float half(int bits) {
        int exponent = bits >> HALF_FRACTION_BITS & HALF_EXPONENT;
        int fraction = bits & HALF_FRACTION;
        float value;
        if (exponent == 0) {
            value = fraction * SMALLEST_HALF;
        } else {
            int wide = exponent == HALF_EXPONENT ? 0xff : exponent + BIAS_DIFFERENCE;
            value = Float.intBitsToFloat(
                    wide << FLOAT_FRACTION_BITS | fraction << FLOAT_FRACTION_BITS - HALF_FRACTION_BITS);
        }
        return (bits & HALF_SIGN) == 0 ? value : -value;
    }
}
