package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.IdxFolder;
import io.github.squeeze4j.training.ImageSet;
import java.io.File;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a program of its own: what it knows of its jar, its sample, its networks. */
class ProgramTest {
    @TempDir
    private Path folder;

    @Test
    void versionSaysWhatRunsHere() {
        List<String> lines = Run.of("--version").ok().out.lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("squeeze4j ");
        assertThat(lines.get(1)).matches("Deeplearning4j .+, native build (linux|macosx|windows)-.+");
        assertThat(lines.get(2)).startsWith("Java " + System.getProperty("java.version") + ", ");
    }

    @Test
    void listTakesPartsOfNamesAndWholeOnes() {
        List<String> seNetworks = Run.of("list", "se_*").ok().out.lines().toList();
        assertThat(seNetworks.get(0)).isEqualTo("name                         parameters  input  weights  tables");
        assertThat(seNetworks.subList(1, seNetworks.size())).allMatch(line -> line.startsWith("se_"));
        assertThat(seNetworks)
                .contains(
                        "se_resnet20                     274,490     32        -   93.00",
                        "se_resnet50                  28,088,024    224    77.65   77.63")
                .allMatch(line -> line.length() <= 65);

        assertThat(Run.of("list", "spse_resnet50").ok().out.lines().toList())
                .contains("spse_resnet50                28,480,728    224        -   77.60");
        assertThat(Run.of("list", "*_resnet20").ok().out.lines()).hasSize(6);
        assertThat(Run.of("list", "lite").ok().out.lines()).hasSize(6);
        Run.of("list", "se_resnet5").ok();
        assertThat(Run.of("list", "SPSE_ResNet50").ok().out)
                .isEqualTo(Run.of("list", "spse_resnet50").ok().out);
        Run.of("list", "resnet5?")
                .complains("pattern (resnet5?) must match one of the "
                        + Models.names().size() + " networks, with * for anything; did you mean resnet50?");
        Run.of("list", "*transformer*").complains(" networks, with * for anything; leave it out to see all");
    }

    @Test
    void withoutWhatItNeedsItSaysSo() throws Exception {
        assertThat(Needed.complaint(Main.class.getClassLoader())).isNull();
        try (URLClassLoader nothing = new URLClassLoader(new URL[0], null)) {
            assertThat(Needed.complaint(nothing))
                    .isEqualTo("class path (without org.deeplearning4j:deeplearning4j-nn, an ND4J backend,"
                            + " info.picocli:picocli, org.knowm.xchart:xchart) must hold what the command line needs,"
                            + " which the library's jar does not bring; run squeeze4j-VERSION-all.jar, or add them");
        }
    }

    @Test
    void saysHowItWasStarted() throws Exception {
        // From the current folder any file does for a jar.
        for (String own : List.of("pom.xml", "./pom.xml", "src/../pom.xml")) {
            assertThat(Invocation.of("list", own, Path.of("pom.xml").toAbsolutePath()))
                    .isEqualTo("java -jar " + own + " list");
        }
        Path jar = Files.createFile(Files.createDirectory(folder.resolve("a b")).resolve("c.jar"));
        String up = folder.resolve("a b") + "/../a b/c.jar";
        assertThat(Invocation.of("list", up, jar)).isEqualTo("java -jar \"" + up + "\" list");

        // Maven's own class path is a jar, too; others have several, or none that is there
        Path other = Files.createFile(folder.resolve("plexus-classworlds.jar"));
        for (String classPath : List.of(
                other.toString(), jar + File.pathSeparator + jar, "C:\\a.jar;C:\\b.jar", "gone.jar", "", "\0.jar")) {
            assertThat(Invocation.of("list", classPath, jar))
                    .isEqualTo("mvn -q compile exec:java -Dexec.args=\"list\"");
        }
        assertThat(Invocation.of("list", jar.toString(), null)).startsWith("mvn ");
        assertThat(Invocation.of("list")).startsWith("mvn ");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links are for administrators")
    void saysHowItWasStartedByALink() throws Exception {
        Path jar = Files.createFile(folder.resolve("c.jar"));
        Path link = Files.createSymbolicLink(folder.resolve("link.jar"), jar);
        assertThat(Invocation.of("list", link.toString(), jar)).isEqualTo("java -jar " + link + " list");
    }

    @Test
    void findsTheSampleInItsJar() throws Exception {
        assertThat(Sample.folder()).isEqualTo(IdxFolder.SAMPLE);
        Path data = IdxFolder.cut(folder.resolve("data"), 20, 10);
        Files.writeString(data.resolve("classes.txt"), String.join("\n", "a b c d e f g h i j".split(" ")));
        Path jar = folder.resolve("with sample.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file);
                Stream<Path> all = Files.list(data)) {
            for (Path each : all.toList()) {
                zip.putNextEntry(new ZipEntry("sample/fashion-mnist/" + each.getFileName()));
                Files.copy(each, zip);
            }
        }
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            ImageSet train = ImageSet.train(Sample.inside(loader));
            assertThat(train.size()).isEqualTo(20);
            assertThat(train.classNames()).startsWith("a", "b").hasSize(10);
        }
        try (URLClassLoader nothing = new URLClassLoader(new URL[0], null)) {
            assertThatThrownBy(() -> Sample.inside(nothing))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageEndingWith(
                            ") must lie under the current folder; run from the root of the project or give --data DIR");
        }
    }
}
