package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Zip archives: PyTorch's and NumPy's. What their directory says of sizes is held against the file's. */
final class ZipReader {
    /** Deflate packs at most 258 bytes into 2 bits. */
    private static final long LARGEST_RATIO = 1032;

    private static final String NPY = ".npy";

    private ZipReader() {}

    static void read(TensorFile.Contents contents) throws IOException {
        ZipFile zip = contents.keep(new ZipFile(contents.path.toFile()));
        Map<String, ZipEntry> entries = entries(zip, contents);
        for (String name : entries.keySet()) {
            if (name.equals("data.pkl") || name.endsWith("/data.pkl")) {
                TorchReader.readZip(zip, entries, name, contents);
                return;
            }
        }
        for (String name : entries.keySet()) {
            if (!name.endsWith(NPY)) {
                throw new WeightsException("weights file (" + contents.path + "), a zip archive, must hold data.pkl as "
                        + "PyTorch's or only .npy files as NumPy's, but holds " + WeightsException.name(name)
                        + "; name an archive of one of them");
            }
        }
        for (ZipEntry entry : entries.values()) {
            readNpy(zip, entry, contents);
        }
    }

    /** Java decodes names when they are listed, and reports malformed ones so. */
    private static List<ZipEntry> list(ZipFile zip) throws IOException {
        try {
            return new ArrayList<>(Collections.list(zip.entries()));
        } catch (IllegalArgumentException e) {
            throw new IOException("names in the zip archive are malformed", e);
        }
    }

    private static Map<String, ZipEntry> entries(ZipFile zip, TensorFile.Contents contents) throws IOException {
        Map<String, ZipEntry> entries = new LinkedHashMap<>();
        long size = contents.path.toFile().length();
        long left = size;
        for (ZipEntry entry : list(zip)) {
            String shown = "entry " + WeightsException.name(entry.getName());
            if (entries.put(entry.getName(), entry) != null) {
                throw FileBytes.damaged(contents.path, shown + " must be there once");
            }
            long packed = entry.getCompressedSize();
            left -= packed;
            if (packed < 0 || packed > size || left < 0) {
                throw FileBytes.damaged(
                        contents.path,
                        shown + " (" + packed + " bytes) must, with those before, fit into the file's " + size
                                + " bytes");
            }
            boolean fits = entry.getMethod() == ZipEntry.STORED
                    ? entry.getSize() == packed
                    : entry.getSize() >= 0 && entry.getSize() <= packed * LARGEST_RATIO;
            if (!fits) {
                throw FileBytes.damaged(
                        contents.path, shown + " (" + packed + " bytes) cannot hold " + entry.getSize() + " bytes");
            }
        }
        return entries;
    }

    private static void readNpy(ZipFile zip, ZipEntry entry, TensorFile.Contents contents) throws IOException {
        String name = entry.getName().substring(0, entry.getName().length() - NPY.length());
        NpyReader.Opener opener = offset -> {
            InputStream in = new CheckedEntry(zip.getInputStream(entry), entry);
            FileBytes.skip(in, offset);
            return in;
        };
        StoredTensor tensor;
        try (InputStream in = opener.open(0)) {
            tensor = NpyReader.read(contents.path, name, in, entry.getSize(), opener);
        }
        contents.add(entry.getMethod() == ZipEntry.STORED ? tensor : tensor.uncertain());
    }

    /** Compares the checksum when all has been read. */
    private static final class CheckedEntry extends CheckedInputStream {
        private final ZipEntry entry;
        private long left;

        CheckedEntry(InputStream in, ZipEntry entry) {
            super(in, new CRC32());
            this.entry = entry;
            left = entry.getSize();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            passed(count);
            return count;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            passed(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public long skip(long count) throws IOException {
            // Through read, so that the checksum sees it.
            return readNBytes((int) Math.min(count, 1 << 16)).length;
        }

        private void passed(int count) throws IOException {
            left -= Math.max(0, count);
            if (count > 0 && left == 0 && getChecksum().getValue() != entry.getCrc()) {
                throw new IOException("the checksum of " + WeightsException.name(entry.getName()) + " differs");
            }
        }
    }
}
