package io.github.squeeze4j.training;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/** Zip files with anything in them, written header by header. */
final class ModelZips {
    /** One entry, as its own header and the directory say; null for a side that does not know of it. */
    static final class Part {
        String local;
        String directory;
        byte[] content;
        boolean deflated;
        int flags;
        int crcChange;
        byte[] extra = {};
        byte[] before = {};

        Part(String name, byte[] content) {
            local = name;
            directory = name;
            this.content = content;
        }
    }

    private ModelZips() {}

    static List<Part> parts(Path file) throws IOException {
        List<Part> parts = new ArrayList<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : java.util.Collections.list(zip.entries())) {
                parts.add(new Part(entry.getName(), zip.getInputStream(entry).readAllBytes()));
            }
        }
        return parts;
    }

    static Part part(List<Part> parts, String name) {
        return parts.stream().filter(p -> name.equals(p.local)).findFirst().orElseThrow();
    }

    /** A file with one entry changed and a table that says so: what somebody writes who knows the format. */
    static byte[] changed(Path file, String entry, UnaryOperator<byte[]> change) throws IOException {
        List<Part> parts = parts(file);
        Part part = part(parts, entry);
        part.content = change.apply(part.content);
        return bytes(entry.equals(Description.ENTRY) ? parts : tabled(parts));
    }

    /** Brings the table up to date. */
    static List<Part> tabled(List<Part> parts) throws IOException {
        Part description = part(parts, Description.ENTRY);
        ObjectMapper json = new ObjectMapper();
        ObjectNode node = (ObjectNode) json.readTree(description.content);
        ObjectNode entries = node.putObject("entries");
        for (Part part : parts) {
            if (part != description && part.local != null) {
                entries.putObject(part.local).put("size", part.content.length).put("sha256", sha256(part.content));
            }
        }
        description.content = json.writeValueAsBytes(node);
        return parts;
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] bytes(List<Part> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Map<Part, Integer> offsets = new LinkedHashMap<>();
        Map<Part, byte[]> packed = new LinkedHashMap<>();
        for (Part part : parts) {
            packed.put(part, part.deflated ? deflate(part.content) : part.content);
            out.writeBytes(part.before);
            offsets.put(part, out.size());
            if (part.local != null) {
                byte[] name = part.local.getBytes(StandardCharsets.UTF_8);
                ByteBuffer header = header(30 + name.length + part.extra.length)
                        .putInt(0x04034b50)
                        .putShort((short) 20);
                common(header, part, packed.get(part).length, name.length);
                out.writeBytes(header.put(name).put(part.extra).array());
                out.writeBytes(packed.get(part));
            }
        }
        int directory = out.size();
        int count = 0;
        for (Part part : parts) {
            if (part.directory != null) {
                byte[] name = part.directory.getBytes(StandardCharsets.UTF_8);
                ByteBuffer header = header(46 + name.length).putInt(0x02014b50).putInt(20 << 16 | 20);
                common(header, part, packed.get(part).length, name.length);
                // The length of the directory's own fields: none.
                header.putShort(30, (short) 0);
                out.writeBytes(header.putShort((short) 0)
                        .putInt(0)
                        .putInt(0)
                        .putInt(offsets.get(part))
                        .put(name)
                        .array());
                count++;
            }
        }
        int size = out.size() - directory;
        out.writeBytes(header(22)
                .putInt(0x06054b50)
                .putInt(0)
                .putShort((short) count)
                .putShort((short) count)
                .putInt(size)
                .putInt(directory)
                .array());
        return out.toByteArray();
    }

    private static void common(ByteBuffer header, Part part, int packed, int nameLength) {
        CRC32 crc = new CRC32();
        crc.update(part.content);
        header.putShort((short) part.flags)
                .putShort((short) (part.deflated ? 8 : 0))
                .putInt(0)
                .putInt((int) crc.getValue() + part.crcChange)
                .putInt(packed)
                .putInt(part.content.length)
                .putShort((short) nameLength)
                .putShort((short) part.extra.length);
    }

    private static ByteBuffer header(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] deflate(byte[] content) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(content);
        deflater.finish();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] block = new byte[1 << 16];
        while (!deflater.finished()) {
            out.write(block, 0, deflater.deflate(block));
        }
        deflater.end();
        return out.toByteArray();
    }
}
