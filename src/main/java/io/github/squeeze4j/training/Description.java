package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.ShownText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * What {@code squeeze4j.json} says of a model: its name, its classes, the size of its images, the writer's notes, and since
 * version 2 a table of the other entries with the size and the SHA-256 of each. Since version 3 what happens to pictures stands
 * in an entry of its own, {@link #PREPROCESSING}.
 */
final class Description {
    static final String ENTRY = "squeeze4j.json";
    static final String PREPROCESSING = "preprocessing.json";
    static final int VERSION = 3;
    static final int LARGEST_SIDE = 4096;
    static final int MOST_CLASSES = 100_000;
    private static final int MOST_TEXT = 1000;
    private static final int MOST_NOTES = 1000;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Size and checksum of one entry. */
    static final class Line {
        final long size;
        final String sha256;

        Line(long size, String sha256) {
            this.size = size;
            this.sha256 = sha256;
        }
    }

    final int version;
    final String modelName;
    final int height;
    final int width;
    final List<String> classNames;
    final Map<String, String> notes;
    /** By the entry's name; empty in version 1, which had no table. */
    final Map<String, Line> table;

    private Description(
            int version,
            String modelName,
            int height,
            int width,
            List<String> classNames,
            Map<String, String> notes,
            Map<String, Line> table) {
        this.version = version;
        this.modelName = modelName;
        this.height = height;
        this.width = width;
        this.classNames = classNames;
        this.notes = Collections.unmodifiableMap(notes);
        this.table = Collections.unmodifiableMap(table);
    }

    static Description of(ImageClassifier classifier, Map<String, String> notes, Map<String, Line> table) {
        return new Description(
                VERSION,
                classifier.modelName(),
                classifier.preprocessing().height(),
                classifier.preprocessing().width(),
                classifier.classNames(),
                notes,
                table);
    }

    byte[] toJson() throws IOException {
        ObjectNode node = JSON.createObjectNode();
        node.put("version", version);
        node.put("model", modelName);
        node.put("height", height);
        node.put("width", width);
        classNames.forEach(node.putArray("classes")::add);
        notes.forEach(node.putObject("notes")::put);
        ObjectNode lines = node.putObject("entries");
        table.forEach(
                (name, line) -> lines.putObject(name).put("size", line.size).put("sha256", line.sha256));
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(node);
    }

    static Description parse(byte[] utf8) throws IOException {
        String text = NetworkText.decoded(utf8, ENTRY);
        NetworkText.scan(text, ENTRY, (parser, depth) -> {});
        JsonNode node = JSON.readTree(text);
        long version = whole(node, "version", 1, Integer.MAX_VALUE);
        if (version > VERSION) {
            throw new DamagedFileException(
                    "its version (" + version + ") is none of those that this Squeeze4j reads, 1 to " + VERSION
                            + "; read it with the Squeeze4j that wrote it");
        }
        List<String> classNames = new ArrayList<>();
        for (JsonNode name : required(node, "classes")) {
            classNames.add(text(name, "a class name"));
        }
        Description description = new Description(
                (int) version,
                text(required(node, "model"), "model"),
                (int) whole(node, "height", 1, LARGEST_SIDE),
                (int) whole(node, "width", 1, LARGEST_SIDE),
                List.copyOf(classNames),
                notes(node),
                version == 1 ? Map.of() : table(required(node, "entries")));
        try {
            requireSane(description.classNames, description.height, description.width);
        } catch (BadInputException e) {
            throw new DamagedFileException(ENTRY + ": " + e.getMessage());
        }
        return description;
    }

    /** The rules that a classifier keeps when it is made, so that it can be read again when it is saved. */
    static void requireSane(List<String> classNames, int height, int width) {
        if (height < 1 || height > LARGEST_SIDE || width < 1 || width > LARGEST_SIDE) {
            throw new BadInputException("image size (" + height + "x" + width + ") must be from 1x1 to " + LARGEST_SIDE
                    + "x" + LARGEST_SIDE + "; scale the images");
        }
        if (classNames.size() < 2 || classNames.size() > MOST_CLASSES) {
            throw new BadInputException("number of class names (" + classNames.size() + ") must be from 2 to "
                    + MOST_CLASSES + "; name each class once");
        }
        Set<String> seen = new HashSet<>();
        for (String name : classNames) {
            if (name.isBlank() || name.length() > MOST_TEXT) {
                throw new BadInputException(
                        "class name (" + name + ") must be a word; write from 1 to " + MOST_TEXT + " characters");
            }
            if (!seen.add(name)) {
                throw new BadInputException("class name (" + name + ") must stand for one class; it stands twice");
            }
        }
    }

    private static Map<String, String> notes(JsonNode node) throws IOException {
        Map<String, String> notes = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> all = node.path("notes").fields(); all.hasNext(); ) {
            Map.Entry<String, JsonNode> note = all.next();
            notes.put(note.getKey(), text(note.getValue(), "a note"));
        }
        return notes;
    }

    static void requireModest(Map<String, String> notes) {
        if (notes.size() > MOST_NOTES
                || notes.entrySet().stream()
                        .anyMatch(note -> note.getKey().length() > MOST_TEXT
                                || note.getValue().length() > MOST_TEXT)) {
            throw new BadInputException("notes (" + notes.size() + ") must be at most " + MOST_NOTES + " of at most "
                    + MOST_TEXT + " characters; keep long texts in a file beside");
        }
    }

    private static Map<String, Line> table(JsonNode node) throws IOException {
        Map<String, Line> table = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> all = node.fields(); all.hasNext(); ) {
            Map.Entry<String, JsonNode> line = all.next();
            String sha256 = text(required(line.getValue(), "sha256"), "sha256");
            table.put(line.getKey(), new Line(whole(line.getValue(), "size", 0, Integer.MAX_VALUE), sha256));
        }
        return table;
    }

    private static JsonNode required(JsonNode node, String field) throws IOException {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            throw new DamagedFileException(ENTRY + " does not say " + field);
        }
        return value;
    }

    private static long whole(JsonNode node, String field, long least, long most) throws IOException {
        JsonNode value = required(node, field);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < least || value.asLong() > most) {
            throw new DamagedFileException(ENTRY + ": " + field + " (" + ShownText.of(value)
                    + ") must be a whole number from " + least + " to " + most);
        }
        return value.asLong();
    }

    private static String text(JsonNode value, String what) throws IOException {
        if (!value.isTextual() || value.asText().length() > MOST_TEXT) {
            throw new DamagedFileException(ENTRY + ": " + what + " (" + ShownText.of(value)
                    + ") must be text of at most " + MOST_TEXT + " characters");
        }
        return value.asText();
    }
}
