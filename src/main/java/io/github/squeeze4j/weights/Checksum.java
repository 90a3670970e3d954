package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/** SHA-256 of files. */
final class Checksum {
    private static final int BLOCK = 1 << 16;
    private static final int DIGITS = 64;

    private Checksum() {}

    /** In hexadecimal digits. */
    static String of(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return of(in);
        }
    }

    /** Of what is left in a stream, which stays open. */
    static String of(InputStream in) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
        byte[] block = new byte[BLOCK];
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            digest.update(block, 0, count);
        }
        StringBuilder text = new StringBuilder(DIGITS);
        for (byte each : digest.digest()) {
            text.append(String.format("%02x", each));
        }
        return text.toString();
    }

    /** @param published all digits or the first ones */
    static void require(Path file, String published, String remedy) {
        String sum;
        try {
            sum = of(file);
        } catch (IOException e) {
            throw new WeightsException("weights file (" + file + ") must be readable (" + e + ")", e);
        }
        if (!sum.startsWith(published)) {
            throw new WeightsException("weights file (" + file + ", SHA-256 " + sum + ") must have the sum " + published
                    + (published.length() < DIGITS ? "..." : "") + "; " + remedy);
        }
    }

    /** The sum that a file had when it was downloaded. */
    static Optional<String> recorded(Path file) {
        Path beside = beside(file);
        try {
            String text = Files.exists(beside)
                    ? Files.readString(beside, StandardCharsets.US_ASCII).strip()
                    : "";
            return text.matches("[0-9a-f]{64}") ? Optional.of(text) : Optional.empty();
        } catch (IOException e) {
            throw new WeightsException(
                    "sum of a weights file (" + beside + ") must be readable (" + e + "); delete it", e);
        }
    }

    static void record(Path file, String sum) {
        WholeFile.write(beside(file), out -> out.write((sum + "\n").getBytes(StandardCharsets.US_ASCII)));
    }

    private static Path beside(Path file) {
        return file.resolveSibling(file.getFileName() + ".sha256");
    }
}
