package io.github.squeeze4j.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Classes under a name that is known only at run time. DL4J's {@code summary()} prints the class of what stands in a network's
 * vertices and layers; what stands there in place of something else therefore carries that one's name.
 */
public final class ClassNames {
    private static final int UTF8 = 1;
    private static final Map<String, Class<?>> DEFINED = new ConcurrentHashMap<>();

    private ClassNames() {}

    /**
     * The same class under another simple name, defined once for each name.
     *
     * @param lookup of the template's package
     * @param template a top-level class that names itself nowhere but in its declaration
     * @param name the simple name; no dot, semicolon, bracket or slash
     * @return a class with the template's constructors, or the template itself where the name cannot be given
     */
    public static Class<?> renamed(MethodHandles.Lookup lookup, Class<?> template, String name) {
        String packageName = template.getPackageName();
        return DEFINED.computeIfAbsent(packageName + "." + name, full -> {
            try {
                return lookup.defineClass(renamed(bytes(template), internal(template.getName()), internal(full)));
            } catch (IllegalAccessException | LinkageError e) {
                return template; // only what is printed depends on it
            }
        });
    }

    private static String internal(String name) {
        return name.replace('.', '/');
    }

    private static byte[] bytes(Class<?> type) {
        try (InputStream file = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Replaces one string of the constant pool (Java Virtual Machine Specification, section 4.4). */
    private static byte[] renamed(byte[] bytes, String from, String to) {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
            ByteArrayOutputStream result = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(result);
            out.writeLong(in.readLong()); // magic number and version
            int constants = in.readUnsignedShort();
            out.writeShort(constants);
            for (int i = 1; i < constants; i++) {
                int tag = in.readUnsignedByte();
                out.writeByte(tag);
                if (tag == UTF8) {
                    String text = in.readUTF();
                    out.writeUTF(text.equals(from) ? to : text);
                } else {
                    out.write(in.readNBytes(length(tag)));
                    i += isWide(tag) ? 1 : 0;
                }
            }
            in.transferTo(out);
            return result.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isWide(int tag) {
        return tag == 5 || tag == 6; // long and double take two numbers of the pool
    }

    private static int length(int tag) {
        switch (tag) {
            case 7: // class
            case 8: // string
            case 16: // method type
            case 19: // module
            case 20: // package
                return 2;
            case 15: // method handle
                return 3;
            case 5:
            case 6:
                return 8;
            default:
                return 4;
        }
    }
}
