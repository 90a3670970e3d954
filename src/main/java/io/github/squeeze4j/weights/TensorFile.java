package io.github.squeeze4j.weights;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open file of named tensors. The format is told from the content:
 *
 * <table>
 * <caption>Formats</caption>
 * <tr><th>format</th><th>as written by</th></tr>
 * <tr><td>safetensors, alone or by a {@code .index.json} of several</td><td>timm, Hugging Face, this library</td></tr>
 * <tr><td>PyTorch, zip archive or the older form</td><td>{@code torch.save} of a state dict, alone or under {@code state_dict} or
 * {@code model}</td></tr>
 * <tr><td>{@code .npz}, {@code .npy}</td><td>NumPy</td></tr>
 * <tr><td>{@code .caffemodel}</td><td>Caffe; blob n of layer L is {@code L#n}</td></tr>
 * </table>
 *
 * <p>Nothing in a file is executed: a pickle may name a few functions of PyTorch, which are read as descriptions of tensors, and
 * is refused if it names any other. Sizes, offsets and types are checked when the file is opened, and memory is only asked for what the
 * file holds. Elements are read when {@link StoredTensor#read()} is called, until the file is closed.
 *
 * <pre>{@code
 * try (TensorFile file = TensorFile.open(Path.of("seresnet50.safetensors"))) {
 *     INDArray stem = file.tensor("conv1.weight").read();
 * }
 * }</pre>
 */
public final class TensorFile implements Closeable {
    private static final int PICKLE = 0x80;
    private static final byte[] ZIP = {'P', 'K'};
    private static final byte[] NPY = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    private final Path path;
    private final Map<String, StoredTensor> tensors;
    private final List<Closeable> open;

    private TensorFile(Path path, Map<String, StoredTensor> tensors, List<Closeable> open) {
        this.path = path;
        this.tensors = tensors;
        this.open = open;
    }

    /** Tensors by name, and the files that they are read from. */
    static final class Contents {
        final Path path;
        private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        private final List<Closeable> open = new ArrayList<>();

        Contents(Path path) {
            this.path = path;
        }

        <T extends Closeable> T keep(T file) {
            open.add(file);
            return file;
        }

        void add(StoredTensor tensor) {
            if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
                throw FileBytes.damaged(
                        path, "tensor " + WeightsException.name(tensor.name()) + " must be there once, but is twice");
            }
        }

        Map<String, StoredTensor> tensors() {
            return tensors;
        }
    }

    /**
     * Opens a file and reads what it says of its tensors.
     *
     * @param file in one of the formats above
     * @return the open file, which the caller closes
     * @throws WeightsException if the file does not exist, cannot be read, is in no known format, or breaks a rule of its format
     */
    public static TensorFile open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new WeightsException("weights file (" + file
                    + ") must be a file that exists; name a .safetensors, .pth, .npz or .caffemodel file");
        }
        Contents contents = new Contents(file);
        boolean done = false;
        try {
            FileBytes bytes = contents.keep(new FileBytes(file));
            read(bytes, contents);
            done = true;
            return new TensorFile(file, contents.tensors, contents.open);
        } catch (IOException e) {
            throw FileBytes.unreadable(file, e);
        } finally {
            if (!done) {
                closeQuietly(contents.open);
            }
        }
    }

    private static void read(FileBytes bytes, Contents contents) throws IOException {
        byte[] start = bytes.from(0).readNBytes(SafetensorsReader.PREFIX + 1);
        // Safetensors first, as its first bytes are a length and may look like any other format's.
        if (SafetensorsReader.isStart(start)) {
            SafetensorsReader.read(bytes, contents);
        } else if (startsWith(start, ZIP)) {
            ZipReader.read(contents);
        } else if (start.length > 0 && (start[0] & 0xff) == PICKLE) {
            TorchReader.readLegacy(bytes, contents);
        } else if (startsWith(start, NPY)) {
            String name = contents.path.getFileName().toString().replaceAll("\\.npy$", "");
            contents.add(NpyReader.read(bytes.path(), name, bytes.from(0), bytes.size(), offset -> bytes.from(offset)));
        } else if (start.length > 0 && start[0] == '{') {
            SafetensorsReader.readIndex(bytes, contents);
        } else if (CaffeReader.isStart(start)) {
            CaffeReader.read(bytes, contents);
        } else {
            String shown = new String(start, StandardCharsets.ISO_8859_1);
            throw new WeightsException("weights file (" + bytes.path() + ", which starts with \"" + shown
                    + "\") must be a safetensors, PyTorch, NumPy or Caffe file; convert it to safetensors");
        }
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        for (int i = 0; i < start.length; i++) {
            if (i >= bytes.length || bytes[i] != start[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * The file.
     *
     * @return as it was given
     */
    public Path path() {
        return path;
    }

    /**
     * Names of all tensors.
     *
     * @return the names in the file's order
     */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /**
     * All tensors.
     *
     * @return tensors by name in the file's order, not to be changed
     */
    public Map<String, StoredTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /**
     * One tensor.
     *
     * @param name as in {@link #names()}
     * @return the tensor
     * @throws WeightsException if there is none of this name
     */
    public StoredTensor tensor(String name) {
        StoredTensor found = tensors.get(name);
        if (found == null) {
            throw new WeightsException("tensor (" + name + ") must be in " + path + ", which has " + tensors.size()
                    + " others; see names()");
        }
        return found;
    }

    /** Closes the file. Arrays that were read stay; tensors cannot be read any more. */
    @Override
    public void close() {
        closeQuietly(open);
    }

    /** Files that were only read have nothing to lose. */
    private static void closeQuietly(List<Closeable> files) {
        for (Closeable file : files) {
            try {
                file.close();
            } catch (IOException e) {
                continue;
            }
        }
    }
}
