package io.github.squeeze4j.weights;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Strict reader of JSON text, item by item. The caller says what must come next, so that nesting is never deeper than he asks. */
final class Json {
    private static final int DEEPEST = 32;
    private static final int HEX = 16;
    private static final int HEX_DIGITS = 4;
    private static final int LONGEST_NUMBER = 18;

    private final String text;
    private final Function<String, WeightsException> complaint;
    private int at;

    Json(String text, Function<String, WeightsException> complaint) {
        this.text = text;
        this.complaint = complaint;
    }

    /** Reads the value of a key. */
    interface Value<T> {
        T read(String key);
    }

    <T> Map<String, T> object(Value<T> value) {
        Map<String, T> entries = new LinkedHashMap<>();
        expect('{');
        if (!accept('}')) {
            do {
                String key = string();
                expect(':');
                T read = value.read(key);
                if (entries.containsKey(key)) {
                    throw wrong("key \"" + WeightsException.name(key) + "\" must be there once");
                }
                entries.put(key, read);
            } while (accept(','));
            expect('}');
        }
        return entries;
    }

    /** Integers from 0 below 10^18. */
    long[] naturals() {
        long[] numbers = new long[DEEPEST];
        int count = 0;
        expect('[');
        if (!accept(']')) {
            do {
                if (count == numbers.length) {
                    throw wrong("lists of numbers must have at most " + DEEPEST + " items");
                }
                numbers[count++] = natural();
            } while (accept(','));
            expect(']');
        }
        return java.util.Arrays.copyOf(numbers, count);
    }

    private long natural() {
        space();
        int start = at;
        long value = 0;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            value = value * 10 + text.charAt(at++) - '0';
            if (at - start > LONGEST_NUMBER) {
                throw wrong("numbers must have at most " + LONGEST_NUMBER + " digits");
            }
        }
        if (at == start || at - start > 1 && text.charAt(start) == '0') {
            throw wrong("sizes and offsets must be integers of 0 or more");
        }
        return value;
    }

    String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (true) {
            char character = take();
            if (character == '"') {
                return string.toString();
            }
            if (character < ' ') {
                throw wrong("strings must not hold control characters");
            }
            string.append(character == '\\' ? escaped() : character);
        }
    }

    private char escaped() {
        char character = take();
        switch (character) {
            case '"':
            case '\\':
            case '/':
                return character;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int code = 0;
                for (int i = 0; i < HEX_DIGITS; i++) {
                    int digit = Character.digit(take(), HEX);
                    if (digit < 0) {
                        throw wrong("\\u must be followed by four hexadecimal digits");
                    }
                    code = code * HEX + digit;
                }
                return (char) code;
            default:
                throw wrong("a backslash must be followed by one of \"\\/bfnrtu");
        }
    }

    /** Passes over a value of any kind, of which brackets and strings are looked at. */
    void skip() {
        int depth = 0;
        do {
            space();
            char next = take();
            if (next == '{' || next == '[') {
                if (++depth > DEEPEST) {
                    throw wrong("values must be nested at most " + DEEPEST + " deep");
                }
            } else if (next == '}' || next == ']') {
                if (--depth < 0) {
                    throw wrong("a value must come");
                }
            } else if (next == '"') {
                at--;
                string();
            } else {
                while (at < text.length() && ",:]} \t\r\n".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
            }
            if (depth > 0) {
                space();
                if (at < text.length() && ",:".indexOf(text.charAt(at)) >= 0) {
                    at++;
                }
            }
        } while (depth > 0);
    }

    void end() {
        space();
        if (at < text.length()) {
            throw wrong("nothing may follow");
        }
    }

    boolean accept(char expected) {
        space();
        if (at < text.length() && text.charAt(at) == expected) {
            at++;
            return true;
        }
        return false;
    }

    void expect(char expected) {
        if (!accept(expected)) {
            throw wrong("'" + expected + "' must come");
        }
    }

    private char take() {
        if (at >= text.length()) {
            throw wrong("the text must not end here");
        }
        return text.charAt(at++);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private WeightsException wrong(String rule) {
        return complaint.apply("JSON text must be well-formed: at character " + at + " " + rule);
    }
}
