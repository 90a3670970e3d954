import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lays the pages of the documentation out for Maven's site plugin: README.md as the first one, the others where they are in the
 * repository, with their pictures. Headings get the anchors that the pages link to, links to files that are no pages lead
 * to the repository, and every section goes into the index that the site's search reads. Run by the build, as a source file.
 */
final class SitePages {
    private static final List<String> SINGLE =
            List.of("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:|#)([^)#\\s]+)(#[^)]*)?\\)");
    private static final Pattern HEADING = Pattern.compile("(#{1,4}) +(.*)");

    private final Path root;
    private final Path out;
    private final String repository;
    private final List<String> index = new ArrayList<>();

    private SitePages(Path root, Path out, String repository) {
        this.root = root;
        this.out = out;
        this.repository = repository;
    }

    /**
     * Writes the pages.
     *
     * @param args the repository's folder; the folder to write; the repository's page
     */
    public static void main(String[] args) throws IOException {
        new SitePages(Path.of(args[0]).toAbsolutePath().normalize(), Path.of(args[1]), args[2]).write();
    }

    private void write() throws IOException {
        List<String> files = new ArrayList<>(SINGLE);
        try (Stream<Path> docs = Files.walk(root.resolve("docs"))) {
            docs.filter(Files::isRegularFile)
                    .sorted()
                    .map(file -> root.relativize(file).toString().replace('\\', '/'))
                    .forEach(files::add);
        }
        String menu = Files.readString(root.resolve("src/site/site.xml"));
        for (String file : files) {
            if (file.endsWith(".md")) {
                String page = file.equals("README.md") ? "index.md" : file;
                String html = page.replaceAll("md$", "html");
                if (!menu.contains("href=\"" + html + "\"")) {
                    throw new IllegalStateException(
                            "page " + file + " must be in the menu of src/site/site.xml, but is not; add " + html);
                }
                save("markdown/" + page, page(file, files, html));
            } else {
                Path picture = out.resolve("resources").resolve(file);
                Files.createDirectories(picture.getParent());
                Files.copy(root.resolve(file), picture, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        save("resources/js/search-index.js", "var searchIndex = [\n" + String.join(",\n", index) + "\n];\n");
    }

    private void save(String name, String text) throws IOException {
        Path file = out.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private String page(String file, List<String> pages, String html) throws IOException {
        StringBuilder text = new StringBuilder();
        Map<String, Integer> anchors = new HashMap<>();
        String title = "";
        String heading = "";
        String anchor = "";
        StringBuilder section = new StringBuilder();
        boolean code = false;
        for (String line : Files.readAllLines(root.resolve(file), StandardCharsets.UTF_8)) {
            code ^= line.startsWith("```");
            Matcher found = HEADING.matcher(line);
            if (!code && found.matches()) {
                add(html, title, heading, anchor, section);
                section.setLength(0);
                heading = plain(found.group(2));
                title = title.isEmpty() ? heading : title;
                anchor = anchor(heading, anchors);
                text.append("<a id=\"").append(anchor).append("\"></a>\n\n");
            } else {
                section.append(plain(line)).append(' ');
            }
            text.append(code ? line : links(line, file, pages)).append('\n');
        }
        add(html, title, heading, anchor, section);
        return "---\ntitle: " + title.replaceAll(":.*", "") + "\n---\n\n" + text;
    }

    /** As GitHub makes them. */
    private static String anchor(String heading, Map<String, Integer> before) {
        String anchor = heading.toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
        int count = before.merge(anchor, 1, Integer::sum);
        return count == 1 ? anchor : anchor + "-" + (count - 1);
    }

    private String links(String line, String file, List<String> pages) {
        return LINK.matcher(line).replaceAll(link -> {
            Path target = root.resolve(file).getParent().resolve(link.group(1)).normalize();
            if (!Files.exists(target)) {
                throw new IllegalStateException(
                        "link " + link.group(1) + " in " + file + " must lead to a file, but leads nowhere; mend it");
            }
            String name = root.relativize(target).toString().replace('\\', '/');
            String rest = link.group(2) == null ? "" : link.group(2);
            if (name.equals("README.md")) {
                String up = "../".repeat(file.length() - file.replace("/", "").length());
                return Matcher.quoteReplacement("](" + up + "index.md" + rest + ")");
            }
            return Matcher.quoteReplacement(
                    pages.contains(name) ? link.group() : "](" + repository + "/blob/main/" + name + rest + ")");
        });
    }

    private static String plain(String markdown) {
        return markdown.replaceAll("!?\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
                .replaceAll("<!--.*?-->", "")
                .replaceAll("[`*|]", " ")
                .replaceAll("-{3,}:?", " ")
                .replaceAll("\\s+", " ")
                .strip();
    }

    private void add(String html, String title, String heading, String anchor, StringBuilder section) {
        if (heading.isEmpty()) {
            return;
        }
        String text = section.toString().replaceAll("\\s+", " ").strip();
        index.add(Stream.of(html + "#" + anchor, title, heading, text)
                .map(part ->
                        "\"" + part.replace("\\", "\\\\").replace("\"", "\\\"").replace("</", "<\\/") + "\"")
                .collect(Collectors.joining(",", "[", "]")));
    }
}
