package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads Python's pickle format, protocols 2 to 5, as far as state dicts of PyTorch use it. It builds numbers, texts, lists,
 * tuples (as {@link Tuple}), dicts (as Map) and {@link Tensor} descriptions, and calls nothing: a pickle that names a function or
 * class outside a short list is refused, and the message gives the name.
 */
final class Unpickler {
    /** Every instruction is short; what is larger than any state dict could ask for too much memory. */
    private static final long MOST_INSTRUCTIONS = 4_000_000;

    private static final int MOST_DIMENSIONS = 32;
    private static final int LAST_PROTOCOL = 5;
    private static final Object MARK = new Object();
    /** Python's None. */
    static final Object NONE = new Object();

    private static final String ORDERED_DICT = "collections.OrderedDict";
    private static final String REBUILD_TENSOR = "torch._utils._rebuild_tensor";
    private static final String REBUILD_TENSOR_2 = "torch._utils._rebuild_tensor_v2";
    private static final String REBUILD_PARAMETER = "torch._utils._rebuild_parameter";
    private static final String SIZE = "torch.Size";
    private static final Set<String> FUNCTIONS =
            Set.of(ORDERED_DICT, REBUILD_TENSOR, REBUILD_TENSOR_2, REBUILD_PARAMETER, SIZE);
    private static final Map<String, TensorType> STORAGES = Map.ofEntries(
            Map.entry("torch.HalfStorage", TensorType.F16),
            Map.entry("torch.BFloat16Storage", TensorType.BF16),
            Map.entry("torch.FloatStorage", TensorType.F32),
            Map.entry("torch.DoubleStorage", TensorType.F64),
            Map.entry("torch.CharStorage", TensorType.I8),
            Map.entry("torch.ShortStorage", TensorType.I16),
            Map.entry("torch.IntStorage", TensorType.I32),
            Map.entry("torch.LongStorage", TensorType.I64),
            Map.entry("torch.ByteStorage", TensorType.U8),
            Map.entry("torch.BoolStorage", TensorType.BOOL));

    private final InputStream in;
    private final Path file;
    private final Map<String, Storage> storages;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private long left;
    /** Of all dicts that were made of lists. */
    private long items;

    /** Memory that tensors share, by the key that finds it in the file. */
    static final class Storage {
        final String key;
        final TensorType type;
        final long length;

        Storage(String key, TensorType type, long length) {
            this.key = key;
            this.type = type;
            this.length = length;
        }
    }

    /** Part of a storage. */
    static final class Tensor {
        final Storage storage;
        final long offset;
        final long[] shape;
        final long[] strides;

        Tensor(Storage storage, long offset, long[] shape, long[] strides) {
            this.storage = storage;
            this.offset = offset;
            this.shape = shape;
            this.strides = strides;
        }
    }

    /** A tuple of Python's. */
    static final class Tuple {
        final List<Object> items;

        Tuple(List<Object> items) {
            this.items = Collections.unmodifiableList(items);
        }
    }

    /** An allowed function, class or storage type. */
    private static final class Global {
        private final String name;

        Global(String name) {
            this.name = name;
        }
    }

    /**
     * Reads from a stream.
     *
     * @param left bytes that the stream still holds
     * @param storages receives every storage that is named
     * @param file to name in messages
     */
    Unpickler(InputStream in, long left, Map<String, Storage> storages, Path file) {
        this.in = in;
        this.left = left;
        this.storages = storages;
        this.file = file;
    }

    /** The next object of the stream. */
    Object read() throws IOException {
        stack.clear();
        memo.clear();
        for (long i = 0; i < MOST_INSTRUCTIONS; i++) {
            int instruction = next();
            if (instruction == '.') {
                Object result = pop();
                if (!stack.isEmpty()) {
                    throw damaged("the pickle must end with one object");
                }
                return result;
            }
            execute(instruction);
        }
        throw damaged("the pickle must have at most " + MOST_INSTRUCTIONS + " instructions");
    }

    long left() {
        return left;
    }

    private void execute(int instruction) throws IOException {
        switch (instruction) {
            case 0x80: // PROTO
                int protocol = next();
                if (protocol < 2 || protocol > LAST_PROTOCOL) {
                    throw damaged("the pickle's protocol (" + protocol + ") must be 2 to " + LAST_PROTOCOL);
                }
                break;
            case 0x95: // FRAME
                number(Long.BYTES);
                break;
            case '(':
                stack.add(MARK);
                break;
            case '0':
                pop();
                break;
            case '1': // POP_MARK
                popToMark();
                break;
            case '2': // DUP
                stack.add(top());
                break;
            case 'N':
                stack.add(NONE);
                break;
            case 0x88:
                stack.add(Boolean.TRUE);
                break;
            case 0x89:
                stack.add(Boolean.FALSE);
                break;
            case 'K':
                stack.add((long) next());
                break;
            case 'M':
                stack.add(number(Short.BYTES));
                break;
            case 'J':
                stack.add((long) (int) number(Integer.BYTES));
                break;
            case 0x8a: // LONG1
                stack.add(big(bytes(next())));
                break;
            case 'G':
                stack.add(ByteBuffer.wrap(bytes(Double.BYTES)).getDouble());
                break;
            case 'X':
                stack.add(text(number(Integer.BYTES)));
                break;
            case 0x8c: // SHORT_BINUNICODE
                stack.add(text(next()));
                break;
            case 'T': // BINSTRING, of Python 2
                stack.add(text(number(Integer.BYTES)));
                break;
            case 'U':
                stack.add(text(next()));
                break;
            default:
                executeOnObjects(instruction);
        }
    }

    private void executeOnObjects(int instruction) throws IOException {
        switch (instruction) {
            case 'q':
                memo.put((long) next(), top());
                break;
            case 'r':
                memo.put(number(Integer.BYTES), top());
                break;
            case 0x94: // MEMOIZE
                memo.put((long) memo.size(), top());
                break;
            case 'h':
                stack.add(remembered(next()));
                break;
            case 'j':
                stack.add(remembered(number(Integer.BYTES)));
                break;
            case '}':
                stack.add(new LinkedHashMap<>());
                break;
            case ']':
                stack.add(new ArrayList<>());
                break;
            case ')':
                stack.add(new Tuple(List.of()));
                break;
            case 't':
                stack.add(new Tuple(popToMark()));
                break;
            case 0x85: // TUPLE1
            case 0x86:
            case 0x87:
                stack.add(new Tuple(pop(instruction - 0x84)));
                break;
            case 'a':
                append(pop(1));
                break;
            case 'e':
                append(popToMark());
                break;
            case 's':
                set(pop(2));
                break;
            case 'u':
                set(popToMark());
                break;
            case 'c':
                stack.add(global(line(), line()));
                break;
            case 0x93: // STACK_GLOBAL
                List<Object> names = pop(2);
                stack.add(global(as(String.class, names.get(0)), as(String.class, names.get(1))));
                break;
            case 'R':
                List<Object> call = pop(2);
                stack.add(result(as(Global.class, call.get(0)).name, as(Tuple.class, call.get(1)).items));
                break;
            case 'b': // BUILD: attributes of a dict, which state dicts have and nobody needs
                pop();
                as(Map.class, top());
                break;
            case 'Q':
                stack.add(storage(as(Tuple.class, pop()).items));
                break;
            default:
                throw damaged(String.format(
                        "the pickle's instruction 0x%02x must be one of those that state dicts consist of",
                        instruction));
        }
    }

    // ---- what is allowed -------------------------------------------------------------------------------------------

    private Global global(String module, String name) {
        String full = module + "." + name;
        if (!FUNCTIONS.contains(full) && !STORAGES.containsKey(full)) {
            throw new WeightsException("weights file (" + file + "): the pickle names " + WeightsException.name(full)
                    + ", which could run code and is not executed; save model.state_dict() alone, best as safetensors");
        }
        return new Global(full);
    }

    private Object result(String function, List<Object> arguments) {
        switch (function) {
            case ORDERED_DICT:
                Map<Object, Object> map = new LinkedHashMap<>();
                if (!arguments.isEmpty()) {
                    // Python 2: a list of lists of two.
                    for (Object pair : as(List.class, arguments.get(0))) {
                        List<?> item = as(List.class, pair);
                        // A short pickle could call this for one long list again and again.
                        if (item.size() != 2 || ++items > MOST_INSTRUCTIONS) {
                            throw damaged("the items of dicts must be lists of two, at most " + MOST_INSTRUCTIONS);
                        }
                        set(map, item);
                    }
                }
                return map;
            case REBUILD_TENSOR:
            case REBUILD_TENSOR_2:
                return tensor(arguments);
            case REBUILD_PARAMETER:
                return as(Tensor.class, item(arguments, 0));
            case SIZE:
                return as(Tuple.class, item(arguments, 0));
            default:
                throw damaged("the pickle must not call " + function);
        }
    }

    private Tensor tensor(List<Object> arguments) {
        Storage storage = as(Storage.class, item(arguments, 0));
        long offset = as(Long.class, item(arguments, 1));
        long[] shape = longs(item(arguments, 2));
        long[] strides = longs(item(arguments, 3));
        long length = StoredTensor.length(shape);
        if (offset < 0
                || length < 0
                || strides.length != shape.length
                || Arrays.stream(strides).anyMatch(s -> s < 0)) {
            throw damaged("a tensor's offset (" + offset + "), sizes " + Arrays.toString(shape) + " and strides "
                    + Arrays.toString(strides) + " must be 0 or more, and as many strides as sizes");
        }
        long span = StoredTensor.span(shape, strides);
        if (span < 0 || offset > storage.length || span > storage.length - offset || length > span) {
            throw damaged("a tensor of sizes " + Arrays.toString(shape) + " and strides "
                    + Arrays.toString(strides) + " at element " + offset + " must lie within its storage of "
                    + storage.length + " elements, each of which it has at most once");
        }
        return new Tensor(storage, offset, shape, strides);
    }

    /** ('storage', type, key, device, elements), and None or a view in the older form. */
    private Storage storage(List<Object> id) {
        if (id.size() < 5 || !"storage".equals(id.get(0)) || id.size() > 5 && id.get(5) != NONE) {
            throw damaged("a storage of the pickle must have a type, a key, a device and a length");
        }
        TensorType type = STORAGES.get(as(Global.class, id.get(1)).name);
        String key = as(String.class, id.get(2));
        long length = as(Long.class, id.get(4));
        if (type == null || length < 0) {
            throw damaged("a storage (" + WeightsException.name(key) + ", " + length
                    + " elements) must have a type of numbers and a length of 0 or more");
        }
        Storage known = storages.computeIfAbsent(key, k -> new Storage(k, type, length));
        if (known.type != type || known.length != length) {
            throw damaged("storage " + WeightsException.name(key) + " must have one type and length");
        }
        return known;
    }

    private long[] longs(Object tuple) {
        List<Object> items = as(Tuple.class, tuple).items;
        if (items.size() > MOST_DIMENSIONS) {
            throw damaged("a tensor must have at most " + MOST_DIMENSIONS + " sizes");
        }
        return items.stream().mapToLong(item -> as(Long.class, item)).toArray();
    }

    // ---- the stack -------------------------------------------------------------------------------------------------

    private <T> T as(Class<T> type, Object value) {
        if (!type.isInstance(value)) {
            throw damaged("the pickle must give a " + type.getSimpleName() + " where it gives a "
                    + (value == MARK || value == NONE
                            ? "None"
                            : value.getClass().getSimpleName()));
        }
        return type.cast(value);
    }

    private Object item(List<Object> items, int index) {
        if (index >= items.size()) {
            throw damaged("the pickle must give " + (index + 1) + " arguments where it gives " + items.size());
        }
        return items.get(index);
    }

    private Object top() {
        if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
            throw damaged("the pickle must not take from an empty stack");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        Object top = top();
        stack.remove(stack.size() - 1);
        return top;
    }

    private List<Object> pop(int count) {
        Object[] items = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            items[i] = pop();
        }
        return Arrays.asList(items);
    }

    private List<Object> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw damaged("the pickle must have a mark where it looks for one");
        }
        List<Object> above = stack.subList(mark + 1, stack.size());
        List<Object> items = new ArrayList<>(above);
        stack.subList(mark, stack.size()).clear();
        return items;
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> items) {
        as(List.class, top()).addAll(items);
    }

    private void set(List<Object> items) {
        set(as(Map.class, top()), items);
    }

    @SuppressWarnings("unchecked")
    private void set(Map<?, ?> map, List<?> items) {
        if (items.size() % 2 != 0) {
            throw damaged("the pickle must give a dict as many keys as values");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            boolean plain =
                    key instanceof String || key instanceof Long || key instanceof Boolean || key instanceof Double;
            if (!plain) {
                throw damaged("a dict's keys must be texts or numbers");
            }
            ((Map<Object, Object>) map).put(key, items.get(i + 1));
        }
    }

    private Object remembered(long index) {
        Object value = memo.get(index);
        if (value == null) {
            throw damaged("the pickle must have memorised what it asks for (" + index + ")");
        }
        return value;
    }

    // ---- bytes -----------------------------------------------------------------------------------------------------

    private WeightsException damaged(String rule) {
        return FileBytes.damaged(file, rule);
    }

    private int next() throws IOException {
        int value = in.read();
        if (value < 0) {
            throw damaged("the pickle must not end before its last instruction");
        }
        left--;
        return value;
    }

    private long number(int size) throws IOException {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) next() << Byte.SIZE * i;
        }
        return value;
    }

    private byte[] bytes(long length) throws IOException {
        if (length > left) {
            throw damaged("a text of " + length + " bytes must end within the pickle");
        }
        byte[] bytes = in.readNBytes((int) length);
        left -= bytes.length;
        if (bytes.length < length) {
            throw damaged("a text of " + length + " bytes must end within the pickle");
        }
        return bytes;
    }

    private String text(long length) throws IOException {
        if (length > Integer.MAX_VALUE) {
            throw damaged("texts (" + length + " bytes) must be shorter than 2 GiB");
        }
        return new String(bytes(length), StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int character = next(); character != '\n'; character = next()) {
            line.append((char) character);
        }
        return line.toString();
    }

    /** Little-endian, in two's complement. */
    private static Object big(byte[] bytes) {
        if (bytes.length == 0) {
            return 0L;
        }
        byte[] reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        BigInteger value = new BigInteger(reversed);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }
}
