package io.github.squeeze4j.training;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * A zip file read by the strictest of rules, so that no two readers see different files in it: the entries follow each other
 * without gaps from the first byte to the central directory, which ends the file; every entry stands in both and says the same
 * in both; no name stands twice; no comments, no encryption, no fields of unknown meaning. Only the names that a model file
 * may hold are allowed.
 *
 * <p>Layout after PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.9, 4.3.12 and 4.3.16.
 */
final class ModelZip {
    private static final int LOCAL = 0x04034b50;
    private static final int DIRECTORY = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int DESCRIPTOR = 0x08074b50;
    private static final int LOCAL_SIZE = 30;
    private static final int DIRECTORY_SIZE = 46;
    private static final int END_SIZE = 22;
    private static final int SIZES_FOLLOW = 1 << 3;
    private static final int UTF_8 = 1 << 11;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int MOST_ENTRIES = 16;
    private static final int LONGEST_NAME = 64;
    /** Times with seconds, of Unix and of Windows: what zip programs add and nobody decides by. */
    private static final List<Integer> HARMLESS = List.of(0x5455, 0x000a);

    /** One entry, as the central directory and its local header agree. */
    static final class Entry {
        final String name;
        private final int flags;
        private final int method;
        private final long crc;
        private final long packed;
        final long size;
        private final long offset;
        private long data;

        private Entry(ByteBuffer header, String name) {
            this.name = name;
            flags = Short.toUnsignedInt(header.getShort(8));
            method = Short.toUnsignedInt(header.getShort(10));
            crc = Integer.toUnsignedLong(header.getInt(16));
            packed = Integer.toUnsignedLong(header.getInt(20));
            size = Integer.toUnsignedLong(header.getInt(24));
            offset = Integer.toUnsignedLong(header.getInt(42));
        }

        /** How much larger the content is than what the file holds of it. */
        double ratio() {
            return (double) size / Math.max(1, packed);
        }
    }

    private final FileChannel file;
    private final long length;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private ModelZip(FileChannel file) throws IOException {
        this.file = file;
        length = file.size();
    }

    /** Reads and compares all headers. */
    static ModelZip read(FileChannel file, List<String> names) throws IOException {
        ModelZip zip = new ModelZip(file);
        zip.readHeaders(names);
        return zip;
    }

    private void readHeaders(List<String> names) throws IOException {
        require(length >= END_SIZE, "it is too short for a zip file");
        ByteBuffer end = bytes(length - END_SIZE, END_SIZE);
        require(end.getInt(0) == END, "it does not end as a zip file does");
        int count = Short.toUnsignedInt(end.getShort(10));
        long directorySize = Integer.toUnsignedLong(end.getInt(12));
        long directory = Integer.toUnsignedLong(end.getInt(16));
        require(
                end.getInt(4) == 0 && Short.toUnsignedInt(end.getShort(8)) == count && end.getShort(20) == 0,
                "its end is not that of a zip file of one part without a comment");
        require(count <= MOST_ENTRIES, "it holds " + count + " entries, more than " + MOST_ENTRIES);
        require(directory + directorySize == length - END_SIZE, "its directory does not end where the file ends");
        List<Entry> inOrder = directory(directory, directorySize, count, names);
        inOrder.sort(Comparator.comparingLong(entry -> entry.offset));
        long position = 0;
        for (Entry entry : inOrder) {
            require(entry.offset == position, "there are bytes outside its entries, before " + entry.name);
            position = local(entry);
        }
        require(position == directory, "there are bytes outside its entries, before its directory");
    }

    private List<Entry> directory(long start, long size, int count, List<String> names) throws IOException {
        require(
                size <= (long) count * (DIRECTORY_SIZE + 2 * LONGEST_NAME),
                "its directory is longer than its entries need");
        ByteBuffer all = bytes(start, (int) size);
        List<Entry> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            require(all.remaining() >= DIRECTORY_SIZE, "its directory is cut off");
            ByteBuffer header = all.slice().order(ByteOrder.LITTLE_ENDIAN);
            require(header.getInt(0) == DIRECTORY, "its directory is damaged");
            int nameLength = Short.toUnsignedInt(header.getShort(28));
            int extraLength = Short.toUnsignedInt(header.getShort(30));
            int commentLength = Short.toUnsignedInt(header.getShort(32));
            require(commentLength == 0 && header.getShort(34) == 0, "its directory holds comments or parts");
            require(header.remaining() >= DIRECTORY_SIZE + nameLength + extraLength, "its directory is cut off");
            header.position(DIRECTORY_SIZE);
            String name = name(header, nameLength);
            require(names.contains(name), "it holds " + name + ", which no model file does");
            requireHarmless(header, extraLength, name);
            Entry entry = new Entry(header, name);
            require(
                    (entry.flags & ~(SIZES_FOLLOW | UTF_8 | 6)) == 0
                            && (entry.method == STORED || entry.method == DEFLATED),
                    name + " is encrypted or packed in another way than deflate");
            require(
                    entry.method == DEFLATED || entry.packed == entry.size && (entry.flags & SIZES_FOLLOW) == 0,
                    name + " is stored as it is, but with two sizes");
            require(entries.put(name, entry) == null, name + " stands in it twice");
            found.add(entry);
            all.position(all.position() + DIRECTORY_SIZE + nameLength + extraLength);
        }
        require(!all.hasRemaining(), "its directory is longer than its entries");
        return found;
    }

    /** Compares the local header, and what follows the data, with the directory; returns where the entry ends. */
    private long local(Entry entry) throws IOException {
        ByteBuffer header = bytes(entry.offset, LOCAL_SIZE);
        require(header.getInt(0) == LOCAL, entry.name + " does not stand where the directory says");
        int nameLength = Short.toUnsignedInt(header.getShort(26));
        int extraLength = Short.toUnsignedInt(header.getShort(28));
        require(nameLength <= LONGEST_NAME && extraLength <= LONGEST_NAME, entry.name + " has a header too long");
        ByteBuffer names = bytes(entry.offset + LOCAL_SIZE, nameLength + extraLength);
        require(name(names, nameLength).equals(entry.name), entry.name + " has another name in its own header");
        requireHarmless(names, extraLength, entry.name);
        boolean follow = (entry.flags & SIZES_FOLLOW) != 0;
        boolean same = Integer.toUnsignedLong(header.getInt(14)) == entry.crc
                && Integer.toUnsignedLong(header.getInt(18)) == entry.packed
                && Integer.toUnsignedLong(header.getInt(22)) == entry.size;
        boolean none = header.getInt(14) == 0 && header.getInt(18) == 0 && header.getInt(22) == 0;
        require(
                Short.toUnsignedInt(header.getShort(6)) == entry.flags
                        && Short.toUnsignedInt(header.getShort(8)) == entry.method
                        && (same || follow && none),
                entry.name + " has a header that differs from the directory");
        entry.data = entry.offset + LOCAL_SIZE + nameLength + extraLength;
        long end = entry.data + entry.packed;
        if (follow) {
            ByteBuffer descriptor = bytes(end, 16);
            require(
                    descriptor.getInt(0) == DESCRIPTOR
                            && Integer.toUnsignedLong(descriptor.getInt(4)) == entry.crc
                            && Integer.toUnsignedLong(descriptor.getInt(8)) == entry.packed
                            && Integer.toUnsignedLong(descriptor.getInt(12)) == entry.size,
                    "what follows " + entry.name + " differs from the directory");
            end += 16;
        }
        return end;
    }

    private static String name(ByteBuffer bytes, int nameLength) throws IOException {
        byte[] name = new byte[nameLength];
        bytes.get(name);
        String text = new String(name, StandardCharsets.US_ASCII);
        require(nameLength <= LONGEST_NAME, "it holds an entry with a name of " + nameLength + " bytes");
        return text;
    }

    private static void requireHarmless(ByteBuffer bytes, int extraLength, String name) throws IOException {
        int end = bytes.position() + extraLength;
        while (bytes.position() < end) {
            require(end - bytes.position() >= 4, name + " has a damaged header");
            int kind = Short.toUnsignedInt(bytes.getShort());
            int size = Short.toUnsignedInt(bytes.getShort());
            require(HARMLESS.contains(kind) && size <= end - bytes.position(), name + " has fields of unknown meaning");
            bytes.position(bytes.position() + size);
        }
    }

    private ByteBuffer bytes(long position, int count) throws IOException {
        require(position >= 0 && position + count <= length, "it is cut off");
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            require(file.read(bytes, position + bytes.position()) > 0, "it became shorter while it was read");
        }
        return bytes.flip();
    }

    private static void require(boolean rule, String complaint) throws IOException {
        if (!rule) {
            throw new DamagedFileException(complaint);
        }
    }

    Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** The content of an entry, which ends with an exception if its length or its checksum is not what the headers say. */
    InputStream stream(String name) {
        Entry entry = entries.get(name);
        InputStream stored = new Stored(entry);
        if (entry.method == STORED) {
            return new Checked(stored, entry, null);
        }
        Inflater inflater = new Inflater(true);
        // The byte that java.util.zip.Inflater wants after the data of a bare deflate stream.
        InputStream padded = new java.io.SequenceInputStream(stored, new ByteArrayInputStream(new byte[1]));
        return new Checked(new InflaterInputStream(padded, inflater, 1 << 14), entry, inflater);
    }

    /** The bytes of an entry as they stand in the file, each read once. */
    private final class Stored extends InputStream {
        private final long end;
        private long position;

        Stored(Entry entry) {
            position = entry.data;
            end = entry.data + entry.packed;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            if (position == end) {
                return -1;
            }
            int wanted = (int) Math.min(count, end - position);
            int got = file.read(ByteBuffer.wrap(bytes, offset, wanted), position);
            require(got > 0 || wanted == 0, "it became shorter while it was read");
            position += got;
            return got;
        }
    }

    private static final class Checked extends CheckedInputStream {
        private final Entry entry;
        private final Inflater inflater;
        private long left;

        Checked(InputStream in, Entry entry, Inflater inflater) {
            super(in, new CRC32());
            this.entry = entry;
            this.inflater = inflater;
            left = entry.size;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            if (count == 0) {
                return 0;
            }
            if (left == 0) {
                requireEnd();
                return -1;
            }
            try {
                int got = super.read(bytes, offset, (int) Math.min(count, left));
                require(got > 0, entry.name + " is shorter than its header says");
                left -= got;
                if (left == 0) {
                    requireEnd();
                }
                return got;
            } catch (EOFException | java.util.zip.ZipException e) {
                throw new DamagedFileException(entry.name + " is not what deflate writes");
            }
        }

        private void requireEnd() throws IOException {
            require(in.read() < 0, entry.name + " is longer than its header says");
            require(
                    inflater == null || inflater.getBytesRead() == entry.packed,
                    entry.name + " does not end where its header says");
            require(getChecksum().getValue() == entry.crc, entry.name + " has another checksum than its header says");
        }

        @Override
        public void close() throws IOException {
            super.close();
            if (inflater != null) {
                inflater.end();
            }
        }
    }
}
