package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** NumPy arrays, version 1 to 3 of the format: a header in Python's notation, then the elements, rows or columns first. */
final class NpyReader {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LONGEST_HEADER = 1 << 16;
    private static final int LAST_VERSION = 3;
    private static final int MOST_DIMENSIONS = 32;
    /** No text fits in more than one way, as trying all ways takes for ever. */
    private static final Pattern HEADER = Pattern.compile("\\{'descr': '([<>|])([A-Za-z])(\\d{0,9})', "
            + "'fortran_order': (True|False), 'shape': \\(((?:\\d{1,18}+(?:, ?\\d{1,18}+){0,"
            + (MOST_DIMENSIONS - 1) + "},?)?)\\),? ?\\}\\s*");

    private static final Map<String, TensorType> TYPES = Map.ofEntries(
            Map.entry("f2", TensorType.F16),
            Map.entry("f4", TensorType.F32),
            Map.entry("f8", TensorType.F64),
            Map.entry("i1", TensorType.I8),
            Map.entry("i2", TensorType.I16),
            Map.entry("i4", TensorType.I32),
            Map.entry("i8", TensorType.I64),
            Map.entry("u1", TensorType.U8),
            Map.entry("u2", TensorType.U16),
            Map.entry("u4", TensorType.U32),
            Map.entry("u8", TensorType.U64),
            Map.entry("b1", TensorType.BOOL));

    private NpyReader() {}

    /** Opens the array's file at an offset. */
    interface Opener {
        InputStream open(long offset) throws IOException;
    }

    /** Reads the header from {@code in}; {@code size} is what the whole array takes with it. */
    static StoredTensor read(Path file, String name, InputStream in, long size, Opener opener) throws IOException {
        String array = "array " + WeightsException.name(name);
        byte[] start = in.readNBytes(MAGIC.length + 2);
        boolean known = start.length == MAGIC.length + 2;
        for (int i = 0; known && i < MAGIC.length; i++) {
            known = start[i] == MAGIC[i];
        }
        int version = known ? start[MAGIC.length] : 0;
        if (version < 1 || version > LAST_VERSION) {
            throw FileBytes.damaged(file, array + " must start as NumPy's of version 1 to " + LAST_VERSION);
        }
        int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
        byte[] lengths = in.readNBytes(lengthBytes);
        long length = 0;
        for (int i = 0; i < lengths.length; i++) {
            length |= (lengths[i] & 0xffL) << Byte.SIZE * i;
        }
        long offset = start.length + lengthBytes + length;
        if (length > LONGEST_HEADER || offset > size) {
            throw FileBytes.damaged(
                    file,
                    array + ": the header (" + length + " bytes) must have at most " + LONGEST_HEADER
                            + " and end within the " + size + " that are there");
        }
        String header = new String(in.readNBytes((int) length), StandardCharsets.ISO_8859_1);
        Matcher matcher = HEADER.matcher(header);
        if (!matcher.matches()) {
            throw FileBytes.damaged(
                    file, array + ": the header (" + WeightsException.name(header.strip()) + ") must be NumPy's");
        }
        long[] shape = shape(matcher.group(5));
        TensorType type = type(file, array, matcher);
        long elements = StoredTensor.length(shape);
        if (elements < 0 || elements * type.size() != size - offset) {
            throw FileBytes.damaged(
                    file,
                    array + " must have " + type + " elements of shape (" + matcher.group(5) + ") in the "
                            + (size - offset) + " bytes behind its header");
        }
        StoredTensor tensor = StoredTensor.of(file, name, type, shape, () -> opener.open(offset));
        if (matcher.group(1).equals(">")) {
            tensor = tensor.ordered(ByteOrder.BIG_ENDIAN);
        }
        return matcher.group(4).equals("True") ? tensor.strided(columnMajor(shape)) : tensor;
    }

    private static TensorType type(Path file, String array, Matcher header) {
        String code = header.group(2) + header.group(3);
        TensorType type = TYPES.get(code);
        boolean ordered = type != null && (type.size() == 1) == header.group(1).equals("|");
        if (!ordered) {
            throw new WeightsException("weights file (" + file + "): " + array + ": type (" + header.group(1) + code
                    + ") must be one of numbers or booleans"
                    + (header.group(2).equals("O") ? ", and Python objects are not read as they could run code" : "")
                    + "; save the array as float32");
        }
        return type;
    }

    private static long[] shape(String text) {
        String[] sizes = text.isBlank() ? new String[0] : text.strip().split("[, ]+");
        long[] shape = new long[sizes.length];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = Long.parseLong(sizes[i]);
        }
        return shape;
    }

    private static long[] columnMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int d = 0; d < shape.length; d++) {
            strides[d] = stride;
            stride *= Math.max(1, shape[d]);
        }
        return strides;
    }
}
