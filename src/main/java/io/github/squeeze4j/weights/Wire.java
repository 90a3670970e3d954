package io.github.squeeze4j.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Reads one message of protobuf's wire format, field by field, without a schema. */
final class Wire {
    /** The wire type of texts, messages and packed numbers. */
    static final int BYTES = 2;

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int FIXED32 = 5;
    private static final int TYPE_BITS = 3;
    private static final int VARINT_BITS = 7;
    private static final int LONGEST_VARINT = 10;

    private final FileBytes bytes;
    private final FileBytes.Cursor in;
    private int field;
    private int type;

    Wire(FileBytes bytes, long start, long end) {
        this(bytes, bytes.from(start, end));
    }

    private Wire(FileBytes bytes, FileBytes.Cursor in) {
        this.bytes = bytes;
        this.in = in;
    }

    /** Goes to the next field; false at the end of the message. */
    boolean nextField() throws IOException {
        if (isAtEnd()) {
            return false;
        }
        long tag = rawVarint("a field");
        type = (int) tag & (1 << TYPE_BITS) - 1;
        long number = tag >>> TYPE_BITS;
        boolean known = type == VARINT || type == FIXED64 || type == BYTES || type == FIXED32;
        if (number < 1 || number >= 1 << Integer.SIZE - TYPE_BITS || !known) {
            throw bytes.damaged("field " + number + " of type " + type + " at byte " + in.position()
                    + " must be one of protobuf's");
        }
        field = (int) number;
        return true;
    }

    int field() {
        return field;
    }

    boolean isMessage() {
        return type == BYTES;
    }

    boolean isAtEnd() {
        return in.remaining() == 0;
    }

    long remaining() {
        return in.remaining();
    }

    long position() {
        return in.position();
    }

    /** The field's bytes as a message of its own. */
    Wire message(String what) throws IOException {
        long length = length(what);
        long start = in.position();
        in.pass(length, what);
        return new Wire(bytes, start, start + length);
    }

    String text(String what, int longest) throws IOException {
        long length = length(what);
        if (length > longest) {
            throw bytes.damaged(what + " (" + length + " bytes) must have at most " + longest);
        }
        return new String(in.next(length, what), StandardCharsets.UTF_8);
    }

    long varint(String what) throws IOException {
        require(VARINT, what);
        return rawVarint(what);
    }

    /** Where a number of fixed size starts, which is passed over. */
    long fixed(int size, String what) throws IOException {
        require(size == Integer.BYTES ? FIXED32 : FIXED64, what);
        long start = in.position();
        in.pass(size, what);
        return start;
    }

    void skip() throws IOException {
        switch (type) {
            case VARINT:
                rawVarint("a field");
                break;
            case BYTES:
                in.pass(length("a field"), "a field");
                break;
            default:
                in.pass(type == FIXED32 ? Integer.BYTES : Long.BYTES, "a field");
        }
    }

    private long length(String what) throws IOException {
        require(BYTES, what);
        return rawVarint("the length of a " + what);
    }

    private void require(int expected, String what) {
        if (type != expected) {
            throw bytes.damaged("a " + what + " must be of protobuf's type " + expected + ", but is of " + type);
        }
    }

    /** A number that stands without a field, as in packed lists. */
    long rawVarint(String what) throws IOException {
        long value = 0;
        for (int i = 0; i < LONGEST_VARINT; i++) {
            int next = in.next(what);
            value |= (long) (next & 0x7f) << VARINT_BITS * i;
            if (next < 0x80) {
                return value;
            }
        }
        throw bytes.damaged("numbers must have at most " + LONGEST_VARINT + " bytes, but one at byte " + in.position()
                + " has more");
    }
}
