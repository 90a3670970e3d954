package io.github.squeeze4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads protobuf's text format, in which Caffe describes networks: {@code name: value}, {@code name { ... }}, {@code name <...>},
 * lists {@code [a, b]}, comments from {@code #} to the end of the line, texts in either quotes with C's escapes. Extensions and names
 * of message types in brackets are refused.
 */
final class Prototxt {
    /** Bytes; SENet-154 has 150,000. */
    private static final int LARGEST = 1 << 24;

    private static final int DEEPEST = 32;
    private static final int MOST_FIELDS = 500_000;
    private static final int LONGEST_VALUE = 10_000;
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern VALUE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*"
            + "|-?(0[xX][0-9a-fA-F]+|(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[fF]?|inf|infinity|nan)");

    private final Path file;
    private final String text;
    private int at;
    private int line = 1;
    private int fields;
    /** One copy of each name, of which files repeat a few. */
    private final Map<String, String> names = new HashMap<>();

    private Prototxt(Path file, String text) {
        this.file = file;
        this.text = text;
    }

    /** @throws WeightsException if the file cannot be read or is not such a text; a rule's is named by file and line */
    static TextMessage read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new WeightsException("network file (" + file + ") must be a file that exists; name a .prototxt file");
        }
        try (FileBytes bytes = new FileBytes(file)) {
            if (bytes.size() > LARGEST) {
                throw new WeightsException("network file (" + file + ", " + bytes.size() + " bytes) must have at most "
                        + LARGEST + "; name the .prototxt file, not the weights");
            }
            byte[] content = bytes.from(0).next(bytes.size(), "the network");
            return new Prototxt(file, decoded(file, content)).whole();
        } catch (IOException e) {
            throw FileBytes.unreadable(file, e);
        }
    }

    private static String decoded(Path file, byte[] content) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new WeightsException(
                    "network file (" + file
                            + ") must be text in UTF-8; name the .prototxt file, not the weights, or save it as UTF-8",
                    e);
        }
    }

    private TextMessage whole() {
        TextMessage message = new TextMessage(file, line);
        fill(message, '\0', 0);
        return message;
    }

    /** Reads fields up to a closing character, or to the end of the text for 0. */
    private void fill(TextMessage message, char closing, int depth) {
        if (depth > DEEPEST) {
            throw wrong("messages must be nested at most " + DEEPEST + " deep");
        }
        for (char next = next(); next != closing; next = next()) {
            if (next == 0) {
                throw wrong("the message from line " + message.line() + " must be closed by " + closing);
            }
            field(message, depth);
            char separator = next();
            if (separator == ',' || separator == ';') {
                at++;
            }
        }
        at += closing == 0 ? 0 : 1;
    }

    private void field(TextMessage message, int depth) {
        int started = line;
        String name = word();
        if (!NAME.matcher(name).matches()) {
            throw wrong(shown(name) + " must be the name of a field");
        }
        name = names.computeIfAbsent(name, itself -> itself);
        boolean colon = next() == ':';
        at += colon ? 1 : 0;
        if (next() != '[' || !colon) {
            value(message, name, started, colon, depth);
            return;
        }
        at++;
        count();
        while (next() != ']') {
            value(message, name, line, true, depth);
            if (next() == ',') {
                at++;
            } else if (next() != ']') {
                throw wrong("elements of " + name + " must be separated by commas and closed by ]");
            }
        }
        at++;
    }

    /** Of values and lists, which may be empty. */
    private void count() {
        if (++fields > MOST_FIELDS) {
            throw wrong("a network must have at most " + MOST_FIELDS + " fields and elements of lists");
        }
    }

    private void value(TextMessage message, String name, int started, boolean colon, int depth) {
        count();
        char next = next();
        if (next == '{' || next == '<') {
            at++;
            TextMessage inner = message.inside(name, started);
            fill(inner, next == '{' ? '}' : '>', depth + 1);
            message.add(name, started, inner);
        } else if (!colon) {
            throw wrong(name + " must be followed by a colon or a brace");
        } else if (next == '"' || next == '\'') {
            message.add(name, started, quoted());
        } else {
            String value = word();
            if (!VALUE.matcher(value).matches()) {
                throw wrong(name + " (" + shown(value) + ") must be a number, a word or a text in quotes");
            }
            message.add(name, started, new TextMessage.Word(value));
        }
    }

    /** The next character that is no space and in no comment; 0 at the end. */
    private char next() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '#') {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == 0x0b) {
                line += c == '\n' ? 1 : 0;
                at++;
            } else if (c == 0) {
                throw wrong("texts must not hold the character 0");
            } else {
                return c;
            }
        }
        return 0;
    }

    /** A name or a number: what stands up to a space or a character with a meaning. May be empty. */
    private String word() {
        int start = at;
        while (at < text.length() && isOfWord(text.charAt(at))) {
            at++;
        }
        if (at - start > LONGEST_VALUE) {
            throw wrong("values must have at most " + LONGEST_VALUE + " characters");
        }
        return text.substring(start, at);
    }

    private static boolean isOfWord(char c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || c == '_'
                || c == '.'
                || c == '+'
                || c == '-';
    }

    /** What was to be a word, or the character in its place. */
    private String shown(String word) {
        String found = word.isEmpty() && at < text.length() ? text.substring(at, at + 1) : word;
        return found.isEmpty() ? "the end of the file" : WeightsException.name(found);
    }

    /** One text; those that follow it at once are parts of it. */
    private String quoted() {
        StringBuilder value = new StringBuilder();
        for (char quote = next(); quote == '"' || quote == '\''; quote = next()) {
            at++;
            while (at < text.length() && text.charAt(at) != quote) {
                char c = text.charAt(at++);
                if (c == '\n') {
                    throw wrong("a text must end on the line on which it starts");
                }
                value.append(c == '\\' ? escaped() : String.valueOf(c));
                if (value.length() > LONGEST_VALUE) {
                    throw wrong("texts must have at most " + LONGEST_VALUE + " characters");
                }
            }
            if (at == text.length()) {
                throw wrong("a text must be closed by " + quote);
            }
            at++;
        }
        return value.toString();
    }

    private String escaped() {
        char c = at < text.length() ? text.charAt(at++) : 0;
        int plain = "abfnrtv\\'\"?".indexOf(c);
        if (plain >= 0) {
            return String.valueOf("\u0007\b\f\n\r\t\u000b\\'\"?".charAt(plain));
        }
        switch (c) {
            case 'x':
            case 'X':
                return code(16, 1, 2);
            case 'u':
                return code(16, 4, 4);
            case 'U':
                return code(16, 8, 8);
            default:
                at--;
                return code(8, 1, 3);
        }
    }

    /** A character by its number; those of one byte are taken for characters, as names are ASCII. */
    private String code(int radix, int least, int most) {
        int start = at;
        while (at < text.length() && at - start < most && Character.digit(text.charAt(at), radix) >= 0) {
            at++;
        }
        long point = at - start < least ? -1 : Long.parseLong(text.substring(start, at), radix);
        if (point < 0 || point > Character.MAX_CODE_POINT) {
            throw wrong("escapes in texts must be \\n and the like, \\ooo, \\xhh, \\uhhhh or \\Uhhhhhhhh");
        }
        return Character.toString((int) point);
    }

    private WeightsException wrong(String rule) {
        return TextMessage.wrong(file, line, rule);
    }
}
