package io.github.squeeze4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Safetensors: the length of a JSON text (8 bytes, little-endian), the text, the elements. As the format demands, tensors must
 * not overlap and must fill the file.
 *
 * <p>An index, {@code model.safetensors.index.json}, names the file beside it that holds each tensor.
 */
final class SafetensorsReader {
    /** Bytes before the text. */
    static final int PREFIX = 8;
    /** The format's own bound. */
    private static final long LONGEST_TEXT = 100_000_000;

    private static final int MOST_FILES = 1000;
    private static final String METADATA = "__metadata__";

    private SafetensorsReader() {}

    /** Whether a file may be of this format: a length that is no text's of another format, and a brace. */
    static boolean isStart(byte[] start) {
        boolean found = start.length > PREFIX && start[PREFIX] == '{';
        for (int i = Integer.BYTES + 1; found && i < PREFIX; i++) {
            found = start[i] == 0;
        }
        return found;
    }

    private static final class Part {
        private TensorType type;
        private long[] shape;
        private long[] offsets;
    }

    static void read(FileBytes bytes, TensorFile.Contents contents) throws IOException {
        FileBytes.Cursor in = bytes.from(0);
        long length = in.nextLittleEndian(PREFIX, "the header's length");
        if (length < 0 || length > LONGEST_TEXT) {
            throw bytes.damaged("the header's length (" + Long.toUnsignedString(length) + " bytes) must be at most "
                    + LONGEST_TEXT);
        }
        Json json = new Json(text(bytes, in.next(length, "the header")), bytes::damaged);
        Map<String, Part> parts = json.object(name -> {
            if (name.equals(METADATA)) {
                json.object(key -> json.string());
                return null;
            }
            return part(json, name, bytes);
        });
        json.end();
        parts.remove(METADATA);
        long start = PREFIX + length;
        requireFilled(parts, bytes, bytes.size() - start);
        parts.forEach((name, part) -> contents.add(StoredTensor.of(
                bytes.path(),
                name,
                part.type,
                part.shape,
                () -> bytes.from(start + part.offsets[0], start + part.offsets[1]))));
    }

    private static String text(FileBytes bytes, byte[] text) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bytes.damaged("the header must be UTF-8 text");
        }
    }

    private static Part part(Json json, String name, FileBytes bytes) {
        Part part = new Part();
        String tensor = "tensor " + WeightsException.name(name);
        json.object(key -> {
            switch (key) {
                case "dtype":
                    part.type = type(json.string(), tensor, bytes);
                    break;
                case "shape":
                    part.shape = json.naturals();
                    break;
                case "data_offsets":
                    part.offsets = json.naturals();
                    break;
                default:
                    throw bytes.damaged(
                            tensor + ": key (" + WeightsException.name(key) + ") must be dtype, shape or data_offsets");
            }
            return key;
        });
        if (part.type == null || part.shape == null || part.offsets == null || part.offsets.length != 2) {
            throw bytes.damaged(tensor + " must have dtype, shape and two data_offsets");
        }
        long elements = StoredTensor.length(part.shape);
        long found = part.offsets[1] - part.offsets[0];
        if (elements < 0 || found != elements * part.type.size()) {
            throw bytes.damaged(tensor + " of shape " + Arrays.toString(part.shape) + " must have its " + part.type
                    + " elements between its data_offsets " + Arrays.toString(part.offsets));
        }
        return part;
    }

    private static TensorType type(String name, String tensor, FileBytes bytes) {
        for (TensorType type : TensorType.values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        throw new WeightsException("weights file (" + bytes.path() + "): " + tensor + ": dtype ("
                + WeightsException.name(name) + ") must be one of " + Arrays.toString(TensorType.values())
                + "; convert the tensor to F32");
    }

    private static void requireFilled(Map<String, Part> parts, FileBytes bytes, long size) {
        List<Map.Entry<String, Part>> sorted = new ArrayList<>(parts.entrySet());
        sorted.sort(Comparator.<Map.Entry<String, Part>>comparingLong(entry -> entry.getValue().offsets[0])
                .thenComparingLong(entry -> entry.getValue().offsets[1]));
        long end = 0;
        for (Map.Entry<String, Part> entry : sorted) {
            if (entry.getValue().offsets[0] != end) {
                throw bytes.damaged("tensor " + WeightsException.name(entry.getKey()) + " must start at byte " + end
                        + ", where the one before ends, but does at " + entry.getValue().offsets[0]);
            }
            end = entry.getValue().offsets[1];
        }
        if (end != size) {
            throw bytes.damaged("elements (" + end + " bytes) must fill the " + size + " bytes behind the header");
        }
    }

    static void readIndex(FileBytes bytes, TensorFile.Contents contents) throws IOException {
        if (bytes.size() > LONGEST_TEXT) {
            throw bytes.damaged("an index must have at most " + LONGEST_TEXT + " bytes");
        }
        Json json = new Json(text(bytes, bytes.from(0).next(bytes.size(), "the index")), bytes::damaged);
        Map<String, Map<String, String>> index = json.object(key -> {
            if (key.equals("weight_map")) {
                return json.object(name -> json.string());
            }
            json.skip();
            return Map.of();
        });
        json.end();
        Map<String, String> files = index.get("weight_map");
        if (files == null) {
            throw new WeightsException("weights file (" + bytes.path()
                    + ") must be an index of safetensors files with a weight_map; name the weights themselves");
        }
        Map<String, TensorFile.Contents> shards = new HashMap<>();
        for (Map.Entry<String, String> entry : files.entrySet()) {
            String file = entry.getValue();
            if (!shards.containsKey(file)) {
                shards.put(file, shard(file, shards.size(), bytes, contents));
            }
            StoredTensor tensor = shards.get(file).tensors().remove(entry.getKey());
            if (tensor == null) {
                throw bytes.damaged("tensor " + WeightsException.name(entry.getKey()) + " must be in "
                        + WeightsException.name(file));
            }
            contents.add(tensor);
        }
        shards.forEach((file, shard) -> {
            for (String name : shard.tensors().keySet()) {
                throw bytes.damaged("tensor " + WeightsException.name(name) + " of " + file + " must be in the index");
            }
        });
    }

    private static TensorFile.Contents shard(String file, int others, FileBytes index, TensorFile.Contents contents)
            throws IOException {
        if (!file.matches("[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\\.safetensors") || others >= MOST_FILES) {
            throw index.damaged("file (" + WeightsException.name(file) + ") must be the name of one of at most "
                    + MOST_FILES + " .safetensors files beside the index");
        }
        Path path = index.path().toAbsolutePath().resolveSibling(file);
        if (!Files.isRegularFile(path)) {
            throw new WeightsException("weights file (" + path + ") must stand beside its index "
                    + index.path().getFileName() + "; fetch it, too");
        }
        TensorFile.Contents shard = new TensorFile.Contents(path);
        read(contents.keep(new FileBytes(path)), shard);
        return shard;
    }
}
