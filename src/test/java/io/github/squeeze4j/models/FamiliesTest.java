package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.NamedPackages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Families are found without a list of them in the code. */
@Tag("tiny")
class FamiliesTest {
    private static final Path FOLDER = NamedPackages.SOURCES.resolve("models/families");

    @Test
    void everyFamilyIsFound() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            Set<String> written = new TreeSet<>();
            for (Path file : files.collect(Collectors.toList())) {
                if (Files.readString(file).contains(" implements Family {")) {
                    written.add(file.getFileName().toString().replace(".java", ""));
                }
            }
            assertThat(written).hasSizeGreaterThan(10);
            assertThat(ServiceLoader.load(Family.class).stream()
                            .map(family -> family.type().getSimpleName()))
                    .containsExactlyInAnyOrderElementsOf(written);
        }
    }

    /** Each family's page says which names it has. */
    @Test
    void familiesSayTheirNames() throws IOException {
        for (Family family : ServiceLoader.load(Family.class)) {
            String text = Files.readString(FOLDER.resolve(family.getClass().getSimpleName() + ".java"));
            assertThat(text).as(family.getClass().getSimpleName()).containsPattern("<p>Names?: \\{@code ");
            assertThat(family.networks()).isNotEmpty();
            assertThat(Models.names()).containsAll(family.networks().keySet());
            assertThat(family.networks().keySet()).containsAll(family.aliases().values());
        }
    }

    @Test
    void otherNamesGiveTheSameNetwork() {
        assertThat(Models.builder("cbam_resnet20_cifar").build())
                .hasToString(Models.builder("cbam_resnet20").build().toString());
        assertThat(Models.names()).doesNotContain("cbam_resnet20_cifar");
        assertThatThrownBy(() -> Models.builder("resnet50_cifar")).isInstanceOf(IllegalArgumentException.class);
    }

    /** As in a jar that was merged from others and lost its services. */
    @Test
    void aClassPathWithoutFamiliesIsSaid() {
        assertThatThrownBy(() -> new Registry(new ClassLoader(null) {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("families of networks (none) must be named in META-INF/services/"
                        + "io.github.squeeze4j.models.Family, which the class path lacks; keep that file where jars are merged,"
                        + " as maven-shade-plugin does with its ServicesResourceTransformer");
    }

    @Test
    void aRegisteredNameGoesBeforeAnAlias() {
        Registry registry = new Registry(Family.class.getClassLoader());
        registry.register("resnet20_cifar", () -> Models.builder("resnet50"));
        assertThat(registry.get("resnet20_cifar").get().toString())
                .isEqualTo(Models.builder("resnet50").toString());
    }

    /** What a network was built from may change later, and the builder again. */
    @Test
    void networksAreIndependentOfTheirBuilders() {
        NetworkBuilder<?> builder = Models.builder("mobilenet_v1_050");
        Network before = builder.build();
        String text = before.toString();
        builder.classes(7).inputSize(32).attention(Attention.named("se"));
        assertThat(before).hasToString(text);
        assertThat(builder.build()).asString().contains(", 7 classes").isNotEqualTo(text);
        assertThat(List.of(before.options().classes, before.options().height)).containsExactly(1000, 224);
    }
}
