package io.github.squeeze4j.weights;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * State dicts of PyTorch. The zip archive has a pickle, {@code data.pkl}, and each storage in an entry of its own. The older form
 * is a row of pickles (a magic number, a version, the writer's machine, the object, the storages' keys) and then for each
 * storage its length and elements.
 */
final class TorchReader {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_VERSION = 1001;
    private static final long LARGEST_PICKLE = 1 << 26;
    private static final List<String> PLACES = List.of("state_dict", "model");

    private TorchReader() {}

    static void readZip(ZipFile zip, Map<String, ZipEntry> entries, String pickle, TensorFile.Contents contents)
            throws IOException {
        String folder = pickle.substring(0, pickle.length() - "data.pkl".length());
        ZipEntry order = entries.get(folder + "byteorder");
        if (order != null) {
            requireLittleEndian(
                    contents, new String(bytes(zip, order, contents), StandardCharsets.UTF_8).equals("little"));
        }
        byte[] bytes = bytes(zip, entries.get(pickle), contents);
        Unpickler unpickler =
                new Unpickler(new ByteArrayInputStream(bytes), bytes.length, new LinkedHashMap<>(), contents.path);
        Object object = unpickler.read();
        if (unpickler.left() > 0) {
            throw damaged(contents, "nothing may follow the pickle");
        }
        for (Map.Entry<String, Unpickler.Tensor> entry :
                stateDict(object, contents).entrySet()) {
            Unpickler.Storage storage = entry.getValue().storage;
            ZipEntry data = entries.get(folder + "data/" + storage.key);
            if (data == null
                    || data.getMethod() != ZipEntry.STORED
                    || storage.length > data.getSize()
                    || data.getSize() != storage.length * storage.type.size()) {
                throw damaged(
                        contents,
                        "storage " + WeightsException.name(storage.key) + " of tensor "
                                + WeightsException.name(entry.getKey()) + " must be an entry of " + storage.length + " "
                                + storage.type + " elements, not compressed");
            }
            long offset = entry.getValue().offset * storage.type.size();
            contents.add(tensor(contents, entry.getKey(), entry.getValue(), () -> {
                InputStream in = zip.getInputStream(data);
                FileBytes.skip(in, offset);
                return in;
            }));
        }
    }

    private static byte[] bytes(ZipFile zip, ZipEntry entry, TensorFile.Contents contents) throws IOException {
        if (entry.getSize() > LARGEST_PICKLE) {
            throw damaged(
                    contents,
                    "entry " + WeightsException.name(entry.getName()) + " (" + entry.getSize()
                            + " bytes) must have at most " + LARGEST_PICKLE);
        }
        try (InputStream in = zip.getInputStream(entry)) {
            return in.readNBytes((int) entry.getSize());
        }
    }

    static void readLegacy(FileBytes bytes, TensorFile.Contents contents) throws IOException {
        FileBytes.Cursor in = bytes.from(0);
        Map<String, Unpickler.Storage> storages = new LinkedHashMap<>();
        Unpickler unpickler = new Unpickler(in, bytes.size(), storages, bytes.path());
        Object magic = unpickler.read();
        if (!MAGIC.equals(magic) || !Long.valueOf(LEGACY_VERSION).equals(unpickler.read())) {
            throw new WeightsException("weights file (" + bytes.path()
                    + "), a pickle, must start with torch.save's magic number and version " + LEGACY_VERSION
                    + "; save the state dict with torch.save or as safetensors");
        }
        Object machine = unpickler.read();
        requireLittleEndian(
                contents, machine instanceof Map && Boolean.TRUE.equals(((Map<?, ?>) machine).get("little_endian")));
        Map<String, Unpickler.Tensor> tensors = stateDict(unpickler.read(), contents);
        Map<String, Long> starts = starts(unpickler.read(), storages, in, bytes);
        tensors.forEach((name, tensor) -> {
            long start = starts.get(tensor.storage.key);
            int size = tensor.storage.type.size();
            contents.add(tensor(
                    contents,
                    name,
                    tensor,
                    () -> bytes.from(start + tensor.offset * size, start + tensor.storage.length * size)));
        });
    }

    private static Map<String, Long> starts(
            Object keys, Map<String, Unpickler.Storage> storages, FileBytes.Cursor in, FileBytes bytes)
            throws IOException {
        List<?> list = keys instanceof List ? (List<?>) keys : null;
        // strings before they are put into a set: a list in a pickle may hold itself
        boolean strings = list != null && list.stream().allMatch(key -> key instanceof String);
        if (!strings || list.size() != storages.size() || !storages.keySet().equals(new HashSet<Object>(list))) {
            throw bytes.damaged("the keys behind the pickle must be those of the " + storages.size() + " storages");
        }
        Map<String, Long> starts = new LinkedHashMap<>();
        for (Object key : list) {
            Unpickler.Storage storage = storages.get(key);
            String shown = "storage " + WeightsException.name(key);
            long length = in.nextLittleEndian(Long.BYTES, "the length of " + shown);
            if (length != storage.length || length > bytes.size()) {
                throw bytes.damaged(
                        shown + " must have the " + storage.length + " elements that the pickle says, not " + length);
            }
            starts.put(storage.key, in.position());
            in.pass(length * storage.type.size(), shown);
        }
        if (in.remaining() > 0) {
            throw bytes.damaged("nothing may follow the last storage");
        }
        return starts;
    }

    private static StoredTensor tensor(
            TensorFile.Contents contents, String name, Unpickler.Tensor tensor, StoredTensor.Content content) {
        return StoredTensor.of(contents.path, name, tensor.storage.type, tensor.shape, content)
                .strided(tensor.strides);
    }

    /** The tensors of a state dict, which may lie within a checkpoint. */
    private static Map<String, Unpickler.Tensor> stateDict(Object object, TensorFile.Contents contents) {
        Object found = object;
        for (String place : PLACES) {
            if (object instanceof Map && ((Map<?, ?>) object).get(place) instanceof Map) {
                found = ((Map<?, ?>) object).get(place);
                break;
            }
        }
        if (!(found instanceof Map)) {
            throw new WeightsException("weights file (" + contents.path
                    + ") must hold a state dict, alone or under one of " + PLACES + "; save model.state_dict()");
        }
        Map<String, Unpickler.Tensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) found).entrySet()) {
            if (!(entry.getKey() instanceof String) || !(entry.getValue() instanceof Unpickler.Tensor)) {
                throw new WeightsException("weights file (" + contents.path + "): entry "
                        + WeightsException.name(entry.getKey())
                        + " of the state dict must be a tensor; save model.state_dict(), alone or under one of "
                        + PLACES);
            }
            tensors.put((String) entry.getKey(), (Unpickler.Tensor) entry.getValue());
        }
        return tensors;
    }

    private static void requireLittleEndian(TensorFile.Contents contents, boolean little) {
        if (!little) {
            throw new WeightsException("weights file (" + contents.path
                    + ") must be written on a little-endian machine; save it as safetensors there");
        }
    }

    private static WeightsException damaged(TensorFile.Contents contents, String rule) {
        return FileBytes.damaged(contents.path, rule);
    }
}
