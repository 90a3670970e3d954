import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;

/**
 * Cuts the sample from the full Fashion-MNIST: for each of the ten classes the first 500 training images and the first
 * 100 test images, in the order of the files. The same input gives the same bytes at every run.
 *
 * <pre>java src/sample/MakeSample.java DIR src/sample/fashion-mnist</pre>
 *
 * <p>DIR holds the four files of github.com/zalandoresearch/fashion-mnist; Debian's package dataset-fashion-mnist puts
 * them into /usr/share/datasets/fashion-mnist.
 */
public final class MakeSample {
    private static final int CLASSES = 10;
    private static final int TRAIN_PER_CLASS = 500;
    private static final int TEST_PER_CLASS = 100;

    private static final String CLASS_NAMES =
            "T-shirt/top\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\nSneaker\nBag\nAnkle boot\n";

    private MakeSample() {}

    /** Writes the five files of the sample and prints the SHA-256 of each. */
    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: java src/sample/MakeSample.java DIR OUT");
            System.exit(2);
        }
        Path in = Path.of(args[0]);
        Path out = Files.createDirectories(Path.of(args[1]));
        StringBuilder sums = new StringBuilder();
        cut(in, out, "train", TRAIN_PER_CLASS, sums);
        cut(in, out, "t10k", TEST_PER_CLASS, sums);
        write(out, "classes.txt", CLASS_NAMES.getBytes(StandardCharsets.UTF_8), sums);
        Files.writeString(out.resolve("SHA256SUMS"), sums);
        System.out.print(sums);
    }

    private static void cut(Path in, Path out, String part, int perClass, StringBuilder sums) throws Exception {
        ByteBuffer images = read(in.resolve(part + "-images-idx3-ubyte.gz"), 0x803);
        ByteBuffer labels = read(in.resolve(part + "-labels-idx1-ubyte.gz"), 0x801);
        int count = images.getInt();
        int height = images.getInt();
        int width = images.getInt();
        if (labels.getInt() != count) {
            throw new IOException(part + ": images and labels differ in number");
        }
        int total = CLASSES * perClass;
        ByteBuffer cutImages = ByteBuffer.allocate(16 + total * height * width);
        ByteBuffer cutLabels = ByteBuffer.allocate(8 + total);
        cutImages.putInt(0x803).putInt(total).putInt(height).putInt(width);
        cutLabels.putInt(0x801).putInt(total);
        int[] taken = new int[CLASSES];
        byte[] image = new byte[height * width];
        for (int i = 0; i < count; i++) {
            images.get(image);
            byte label = labels.get();
            if (taken[label]++ < perClass) {
                cutImages.put(image);
                cutLabels.put(label);
            }
        }
        if (cutLabels.hasRemaining()) {
            throw new IOException(part + ": too few images in a class");
        }
        write(out, part + "-images-idx3-ubyte.gz", gzip(cutImages.array()), sums);
        write(out, part + "-labels-idx1-ubyte.gz", gzip(cutLabels.array()), sums);
    }

    private static ByteBuffer read(Path file, int magic) throws IOException {
        try (InputStream stream = new GZIPInputStream(Files.newInputStream(file))) {
            ByteBuffer data = ByteBuffer.wrap(stream.readAllBytes());
            if (data.getInt() != magic) {
                throw new IOException(file + " is no IDX file of the expected kind");
            }
            return data;
        }
    }

    /** A gzip file whose header names no time and no system, so that the bytes depend on the data alone. */
    private static byte[] gzip(byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 2, (byte) 0xff});
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
        deflater.setInput(data);
        deflater.finish();
        byte[] buffer = new byte[1 << 16];
        while (!deflater.finished()) {
            out.write(buffer, 0, deflater.deflate(buffer));
        }
        deflater.end();
        CRC32 crc = new CRC32();
        crc.update(data);
        ByteBuffer trailer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        trailer.putInt((int) crc.getValue()).putInt(data.length);
        out.writeBytes(trailer.array());
        return out.toByteArray();
    }

    private static void write(Path out, String name, byte[] data, StringBuilder sums) throws Exception {
        Files.write(out.resolve(name), data);
        String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
        sums.append(sum).append("  ").append(name).append('\n');
    }
}
