package io.github.squeeze4j.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A message of protobuf's text format. Fields are asked for by name and type; what nobody asked for is an error in the end, since a
 * field that is passed over silently could change the network.
 */
final class TextMessage {
    /** A value without quotes: a number, a name, true or false. */
    static final class Word {
        private final String text;

        Word(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class Field {
        private final String name;
        private final int line;
        /** A {@link TextMessage}, a {@link Word} or a String that was in quotes. */
        private final Object value;

        Field(String name, int line, Object value) {
            this.name = name;
            this.line = line;
            this.value = value;
        }
    }

    private final Path file;
    private final int line;
    private final TextMessage parent;
    private String subject;
    private final List<Field> fields = new ArrayList<>(4);
    private final Set<String> known = new HashSet<>(8);

    TextMessage(Path file, int line) {
        this(file, line, null, null);
    }

    private TextMessage(Path file, int line, TextMessage parent, String subject) {
        this.file = file;
        this.line = line;
        this.parent = parent;
        this.subject = subject;
    }

    /** A message in a field of this one, which is yet to be added. */
    TextMessage inside(String name, int startLine) {
        return new TextMessage(file, startLine, this, name);
    }

    void add(String name, int at, Object value) {
        fields.add(new Field(name, at, value));
    }

    int line() {
        return line;
    }

    /** What complaints call this message. */
    void named(String text) {
        subject = text;
    }

    /** A complaint about this message. */
    WeightsException wrong(String rule) {
        return wrong(line, rule);
    }

    private WeightsException wrong(int at, String rule) {
        StringBuilder of = new StringBuilder();
        for (TextMessage m = this; m != null; m = m.parent) {
            of.insert(0, m.subject == null ? "" : m.subject + ": ");
        }
        return wrong(file, at, of + rule);
    }

    static WeightsException wrong(Path file, int line, String rule) {
        return new WeightsException(file + ":" + line + ": " + rule);
    }

    /** All fields of a name. */
    private List<Field> all(String name) {
        known.add(name);
        List<Field> found = new ArrayList<>(2);
        for (Field field : fields) {
            if (field.name.equals(name)) {
                found.add(field);
            }
        }
        return found;
    }

    private Field one(String name) {
        List<Field> found = all(name);
        if (found.size() > 1) {
            throw wrong(found.get(1).line, name + " must be there once; delete one of the two");
        }
        return found.isEmpty() ? null : found.get(0);
    }

    boolean has(String name) {
        return !all(name).isEmpty();
    }

    /** Fields that change nothing here. */
    void ignore(String... names) {
        known.addAll(Arrays.asList(names));
    }

    /** The message in a field; an empty one where there is none. */
    TextMessage message(String name) {
        Field field = one(name);
        return field == null ? inside(name, line) : message(field);
    }

    List<TextMessage> messages(String name) {
        List<TextMessage> messages = new ArrayList<>();
        all(name).forEach(field -> messages.add(message(field)));
        return messages;
    }

    private TextMessage message(Field field) {
        if (!(field.value instanceof TextMessage)) {
            throw wrong(field.line, field.name + " (" + shown(field) + ") must be a message in braces");
        }
        return (TextMessage) field.value;
    }

    /** A text in quotes; null where there is none. */
    String text(String name) {
        Field field = one(name);
        return field == null ? null : text(field);
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        all(name).forEach(field -> texts.add(text(field)));
        return texts;
    }

    private String text(Field field) {
        if (!(field.value instanceof String)) {
            throw wrong(field.line, field.name + " (" + shown(field) + ") must be a text in quotes");
        }
        return (String) field.value;
    }

    /** One of the given words, the first where there is none. */
    String choice(String name, String... words) {
        Field field = one(name);
        String found = field == null ? words[0] : String.valueOf(field.value);
        if (field != null && !(field.value instanceof Word)
                || !Arrays.asList(words).contains(found)) {
            throw wrong(field.line, name + " (" + shown(field) + ") must be one of " + String.join(", ", words));
        }
        return found;
    }

    boolean flag(String name, boolean otherwise) {
        String found = choice(name, String.valueOf(otherwise), "true", "false", "True", "False", "t", "f", "1", "0");
        return found.equals("1") || found.toLowerCase(java.util.Locale.ROOT).startsWith("t");
    }

    double real(String name, double otherwise) {
        Field field = one(name);
        if (field == null) {
            return otherwise;
        }
        try {
            return Double.parseDouble(word(field));
        } catch (NumberFormatException e) {
            throw wrong(field.line, name + " (" + shown(field) + ") must be a number");
        }
    }

    /** A whole number within bounds. */
    int number(String name, int otherwise, int least, int most) {
        Field field = one(name);
        return field == null ? otherwise : number(field, least, most);
    }

    int[] numbers(String name, int least, int most) {
        return all(name).stream().mapToInt(field -> number(field, least, most)).toArray();
    }

    private int number(Field field, int least, int most) {
        String text = word(field);
        long value;
        try {
            value = Long.decode(text);
        } catch (NumberFormatException e) {
            throw wrong(field.line, field.name + " (" + shown(field) + ") must be a whole number");
        }
        if (value < least || value > most) {
            throw wrong(field.line, field.name + " (" + value + ") must be from " + least + " to " + most);
        }
        return (int) value;
    }

    private static String word(Field field) {
        return field.value instanceof Word ? field.value.toString() : "";
    }

    private static String shown(Field field) {
        return field.value instanceof TextMessage
                ? "a message"
                : field.value instanceof String
                        ? "\"" + WeightsException.name(field.value) + "\""
                        : WeightsException.name(field.value);
    }

    /** Complains about the first field that nobody asked for. */
    void requireAllKnown() {
        for (Field field : fields) {
            if (!known.contains(field.name)) {
                throw wrong(
                        field.line,
                        "field (" + WeightsException.name(field.name)
                                + ") must be one that is known here; delete it if it does not matter at inference");
            }
        }
    }
}
