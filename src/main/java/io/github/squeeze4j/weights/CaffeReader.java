package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The blobs of a {@code .caffemodel}, a protobuf NetParameter: blob n of layer L is the tensor {@code L#n}. Layers are V1's
 * (field 2) or today's (field 100); a blob's shape is a list of sizes or the older num, channels, height and width; its elements
 * are packed or one by one, float or double. Everything else is passed over.
 */
final class CaffeReader {
    private static final int LAYERS_V1 = 2;
    private static final int LAYER = 100;
    private static final int NAME_V1 = 4;
    private static final int BLOBS_V1 = 6;
    private static final int NAME = 1;
    private static final int BLOBS = 7;
    private static final int DATA = 5;
    private static final int SHAPE = 7;
    private static final int DOUBLE_DATA = 8;
    /** num, channels, height and width are fields 1 to 4. */
    private static final int OLD_SIZES = 4;

    private static final int MOST_DIMENSIONS = 32;
    private static final int LONGEST_NAME = 1000;

    private CaffeReader() {}

    /** Whether a file may be a NetParameter: its first field is one of those that Caffe wrote first. */
    static boolean isStart(byte[] start) {
        int first = start.length < 2 ? 0 : start[0] & 0xff;
        boolean layer = first == (LAYER << 3 & 0x7f | 0x80 | Wire.BYTES) && start[1] == LAYER >> 4;
        return layer
                || first == (1 << 3 | Wire.BYTES)
                || first == (LAYERS_V1 << 3 | Wire.BYTES)
                || first == (3 << 3 | Wire.BYTES);
    }

    static void read(FileBytes bytes, TensorFile.Contents contents) throws IOException {
        Wire net = new Wire(bytes, 0, bytes.size());
        while (net.nextField()) {
            if (net.field() == LAYER || net.field() == LAYERS_V1) {
                layer(net.message("layer"), net.field() == LAYERS_V1, bytes, contents);
            } else {
                net.skip();
            }
        }
        if (contents.tensors().isEmpty()) {
            throw new WeightsException("weights file (" + bytes.path()
                    + ") must be a caffemodel with at least one blob; name the file with the trained weights");
        }
    }

    private static void layer(Wire layer, boolean old, FileBytes bytes, TensorFile.Contents contents)
            throws IOException {
        String name = null;
        List<Blob> blobs = new ArrayList<>();
        while (layer.nextField()) {
            if (layer.field() == (old ? NAME_V1 : NAME)) {
                name = layer.text("layer name", LONGEST_NAME);
            } else if (layer.field() == (old ? BLOBS_V1 : BLOBS)) {
                blobs.add(blob(layer.message("blob"), bytes));
            } else {
                layer.skip();
            }
        }
        for (int i = 0; i < blobs.size(); i++) {
            if (name == null) {
                throw bytes.damaged("a layer with blobs must have a name");
            }
            Blob blob = blobs.get(i);
            long[] shape = blob.shape();
            if (StoredTensor.length(shape) != blob.count || blob.mixed) {
                throw bytes.damaged("blob " + i + " of layer " + WeightsException.name(name) + ", of shape "
                        + Arrays.toString(shape) + ", must have as many elements, of one type, but has " + blob.count);
            }
            contents.add(
                    StoredTensor.of(bytes.path(), name + "#" + i, blob.type, shape, () -> new Elements(blob, bytes)));
        }
    }

    private static Blob blob(Wire in, FileBytes bytes) throws IOException {
        Blob blob = new Blob();
        while (in.nextField()) {
            int field = in.field();
            if (field >= 1 && field <= OLD_SIZES) {
                blob.oldSizes[field - 1] = in.varint("size");
                blob.old = true;
            } else if (field == SHAPE) {
                blob.sizes = shape(in.message("shape"), bytes);
            } else if (field == DATA || field == DOUBLE_DATA) {
                blob.elements(in, field == DATA ? TensorType.F32 : TensorType.F64, bytes);
            } else {
                in.skip();
            }
        }
        return blob;
    }

    private static long[] shape(Wire in, FileBytes bytes) throws IOException {
        long[] sizes = new long[MOST_DIMENSIONS];
        int count = 0;
        while (in.nextField()) {
            if (in.field() != 1) {
                in.skip();
                continue;
            }
            Wire packed = in.isMessage() ? in.message("sizes") : null;
            do {
                if (packed != null && packed.isAtEnd()) {
                    break;
                }
                if (count == sizes.length) {
                    throw bytes.damaged("blobs must have at most " + MOST_DIMENSIONS + " sizes");
                }
                sizes[count++] = packed == null ? in.varint("size") : packed.rawVarint("size");
            } while (packed != null);
        }
        return Arrays.copyOf(sizes, count);
    }

    private static final class Blob {
        private final long[] oldSizes = {1, 1, 1, 1};
        private boolean old;
        private long[] sizes;
        private TensorType type = TensorType.F32;
        private boolean mixed;
        private long count;
        /** Runs of elements: position of the first, number, and bytes from one to the next. */
        private final List<long[]> runs = new ArrayList<>();

        long[] shape() {
            return sizes != null ? sizes : old ? oldSizes : new long[0];
        }

        void elements(Wire in, TensorType found, FileBytes bytes) throws IOException {
            mixed |= count > 0 && type != found;
            type = found;
            int size = found.size();
            if (!in.isMessage()) {
                add(in.fixed(size, "element"), size);
                return;
            }
            Wire packed = in.message("elements");
            long length = packed.remaining();
            if (length % size != 0) {
                throw bytes.damaged("a blob's elements (" + length + " bytes) must have " + size + " bytes each");
            }
            if (length > 0) {
                runs.add(new long[] {packed.position(), length / size, size});
                count += length / size;
            }
        }

        /** One element, in a row with those before where the distance is the same. */
        private void add(long position, int size) {
            long[] last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            if (last != null && last[1] == 1 && last[2] == size && position - last[0] <= size + 2) {
                last[2] = position - last[0];
            }
            if (last != null && position == last[0] + last[1] * last[2]) {
                last[1]++;
            } else {
                runs.add(new long[] {position, 1, size});
            }
            count++;
        }
    }

    /** The elements of all runs, one after another. */
    private static final class Elements extends InputStream {
        private final Blob blob;
        private final FileBytes bytes;
        private FileBytes.Cursor cursor;
        private int run;
        private long inElement;

        Elements(Blob blob, FileBytes bytes) {
            this.blob = blob;
            this.bytes = bytes;
        }

        /** Stands before the next byte of an element, or says that there is none. */
        private boolean hasNext() {
            int size = blob.type.size();
            while (cursor == null || cursor.remaining() == 0) {
                if (run == blob.runs.size()) {
                    return false;
                }
                long[] next = blob.runs.get(run++);
                cursor = bytes.from(next[0], next[0] + (next[1] - 1) * next[2] + size);
                inElement = 0;
            }
            if (inElement == size) {
                cursor.skip(blob.runs.get(run - 1)[2] - size);
                inElement = 0;
            }
            return true;
        }

        @Override
        public int read() throws IOException {
            if (!hasNext()) {
                return -1;
            }
            inElement++;
            return cursor.read();
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (!hasNext()) {
                return -1;
            }
            int size = blob.type.size();
            boolean together = blob.runs.get(run - 1)[2] == size;
            int count = cursor.read(into, offset, together ? length : (int) Math.min(length, size - inElement));
            inElement = together ? 0 : inElement + count;
            return count;
        }
    }
}
