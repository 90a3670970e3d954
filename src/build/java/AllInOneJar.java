import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Puts the command line and all that it needs into one jar. Entries are copied as they are compressed: compressing a
 * gigabyte of native libraries again would take most of a minute. Run by the build, as a source file.
 *
 * <p>Files that tell Java which classes serve an interface are joined, licences and notices too; those of native libraries stay
 * where they are. Signatures, module descriptors and what only builds, compilers and other languages read stay out. Any other
 * name that two jars give to different files is an error.
 */
final class AllInOneJar {
    private static final Pattern LEFT_OUT = Pattern.compile(
            "META-INF/(MANIFEST\\.MF|INDEX\\.LIST|[^/]+\\.(SF|DSA|RSA|EC)|native-image/.*)|(.*/)?module-info\\.class"
                    + "|org/bytedeco/[^/]+/[^/]+/(include|share(?!/licenses/)|python|lib)/.*"
                    // JavaCPP reads the versions of its own.
                    + "|META-INF/maven/(?!org\\.bytedeco/.*/pom\\.properties).*"
                    // Of OpenCV the parts that read pictures.
                    + "|org/bytedeco/opencv/[^/]+/(lib)?(jni)?opencv_(?!core|imgproc|imgcodecs)[^/]*");
    private static final Pattern JOINED =
            Pattern.compile("META-INF/services/[^/]+|META-INF/(?i:(licen[cs]e|notice|dependencies|contributors)[^/]*)");

    private final ZipArchiveOutputStream out;
    private final long time;
    /** CRC and jar of what is written. */
    private final Map<String, String> written = new HashMap<>();

    private final Map<String, Set<String>> joined = new TreeMap<>();

    private AllInOneJar(ZipArchiveOutputStream out, long time) {
        this.out = out;
        this.time = time;
    }

    /**
     * Writes the jar.
     *
     * @param args the jar; the time of its entries; its main class; packages with their versions, as {@code NAME=VERSION};
     *     files and folders with what they are called inside, as {@code NAME@PATH}; jars, as in a class path
     */
    public static void main(String[] args) throws IOException {
        Path jar = Path.of(args[0]);
        List<String> parts = List.of(args).subList(3, args.length);
        try (ZipArchiveOutputStream out = new ZipArchiveOutputStream(Files.newOutputStream(jar))) {
            AllInOneJar all = new AllInOneJar(out, Instant.parse(args[1]).toEpochMilli());
            all.manifest(args[2], parts);
            for (String part : parts) {
                if (part.contains("@")) {
                    all.files(part.split("@", 2)[0], Path.of(part.split("@", 2)[1]));
                }
            }
            Set<String> jars = parts.stream()
                    .filter(part -> !part.contains("@") && !part.contains("="))
                    .flatMap(part -> Stream.of(part.split(File.pathSeparator)))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            for (String path : jars) {
                all.copy(Path.of(path));
            }
            all.writeJoined();
        }
        System.out.printf("%s: %,d bytes%n", jar.getFileName(), Files.size(jar));
    }

    private void manifest(String mainClass, List<String> parts) throws IOException {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, mainClass);
        // Java 24 and newer warn of native libraries without it.
        attributes.putValue("Enable-Native-Access", "ALL-UNNAMED");
        for (String part : parts) {
            if (part.contains("=") && !part.contains("@")) {
                Attributes version = new Attributes();
                version.put(Attributes.Name.IMPLEMENTATION_VERSION, part.split("=")[1]);
                manifest.getEntries().put(part.split("=")[0], version);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        manifest.write(bytes);
        write("META-INF/MANIFEST.MF", bytes.toByteArray());
    }

    private void files(String name, Path fileOrFolder) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(fileOrFolder)) {
            files = all.filter(Files::isRegularFile).sorted().collect(Collectors.toList());
        }
        for (Path file : files) {
            String inside = fileOrFolder.relativize(file).toString().replace('\\', '/');
            write(inside.isEmpty() ? name : name + "/" + inside, Files.readAllBytes(file));
        }
    }

    private void copy(Path jar) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipArchiveEntry entry : Collections.list(zip.getEntriesInPhysicalOrder())) {
                String name = entry.getName();
                if (LEFT_OUT.matcher(name).matches()) {
                    continue;
                }
                if (!entry.isDirectory() && JOINED.matcher(name).matches()) {
                    try (InputStream in = zip.getInputStream(entry)) {
                        join(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
                    }
                } else if (isNew(name, entry.getCrc(), jar)) {
                    ZipArchiveEntry copy = new ZipArchiveEntry(name);
                    copy.setMethod(entry.getMethod());
                    copy.setSize(entry.getSize());
                    copy.setCompressedSize(entry.getCompressedSize());
                    copy.setCrc(entry.getCrc());
                    copy.setTime(time);
                    out.addRawArchiveEntry(copy, zip.getRawInputStream(entry));
                }
            }
        }
    }

    private boolean isNew(String name, long crc, Path jar) {
        String sum = Long.toHexString(crc);
        String before = written.putIfAbsent(name, sum + " " + jar.getFileName());
        if (before == null) {
            return true;
        }
        if (!name.endsWith("/") && !name.startsWith("META-INF/maven/") && !before.startsWith(sum + " ")) {
            throw new IllegalStateException("file " + name + " must be the same in all jars, but differs between "
                    + before.substring(before.indexOf(' ') + 1) + " and " + jar.getFileName()
                    + "; leave one out in AllInOneJar");
        }
        return false;
    }

    /** Services line by line, other texts as wholes. */
    private void join(String name, String text) {
        Set<String> parts = joined.computeIfAbsent(name, any -> new LinkedHashSet<>());
        if (name.startsWith("META-INF/services/")) {
            text.lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .forEach(parts::add);
        } else {
            parts.add(text.strip());
        }
    }

    private void writeJoined() throws IOException {
        for (Map.Entry<String, Set<String>> file : joined.entrySet()) {
            String between = file.getKey().startsWith("META-INF/services/") ? "\n" : "\n\n" + "=".repeat(80) + "\n\n";
            write(file.getKey(), (String.join(between, file.getValue()) + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    private void write(String name, byte[] bytes) throws IOException {
        ZipArchiveEntry entry = new ZipArchiveEntry(name);
        entry.setTime(time);
        out.putArchiveEntry(entry);
        out.write(bytes);
        out.closeArchiveEntry();
        written.put(name, "");
    }
}
