package io.github.squeeze4j.training;

import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.ShownText;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What a whole model file holds, as {@link ModelFile#verify} found it. */
public final class ModelReport {
    private final Description description;
    private final Preprocessing preprocessing;
    private final Map<String, String> entries = new LinkedHashMap<>();
    private final Set<String> classes;
    private final String type;
    private final long parameters;
    private final long updaterState;

    ModelReport(
            Description description,
            Preprocessing preprocessing,
            ModelZip zip,
            Map<String, String> checksums,
            Set<String> classes,
            StoredArray parameters,
            StoredArray updaterState) {
        this.description = description;
        this.preprocessing = preprocessing;
        this.classes = Collections.unmodifiableSet(classes);
        type = parameters.type().toString();
        this.parameters = parameters.count();
        this.updaterState = updaterState == null ? 0 : updaterState.count();
        zip.entries()
                .values()
                .forEach(entry -> entries.put(
                        entry.name,
                        String.format(
                                Locale.ROOT,
                                "%-19s %,13d bytes, SHA-256 %s",
                                entry.name,
                                entry.size,
                                checksums.get(entry.name))));
    }

    /**
     * Version of the format.
     *
     * @return from 1 to 3
     */
    public int version() {
        return description.version;
    }

    /**
     * The network's name.
     *
     * @return as the writer gave it
     */
    public String modelName() {
        return description.modelName;
    }

    /**
     * What happens to a picture before the network sees it.
     *
     * @return the preprocessing
     */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /**
     * The classes, in the order of the network's outputs.
     *
     * @return unmodifiable names
     */
    public List<String> classNames() {
        return description.classNames;
    }

    /**
     * What the writer noted besides, such as the pass after which a model was saved.
     *
     * @return unmodifiable texts by name, in the writer's order
     */
    public Map<String, String> notes() {
        return description.notes;
    }

    /**
     * The Java classes that loading the file makes objects of.
     *
     * @return unmodifiable names
     */
    public Set<String> javaClasses() {
        return classes;
    }

    /**
     * Length of the parameter vector, running statistics with it.
     *
     * @return number of values, all of them finite
     */
    public long parameters() {
        return parameters;
    }

    /**
     * Length of the updater's state (momentum and the like).
     *
     * @return number of values; 0 if the file holds none
     */
    public long updaterState() {
        return updaterState;
    }

    /**
     * The report for people.
     *
     * @return several lines
     */
    public String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "model %s, %d classes, images of %dx%d, format version %d%n"
                        + "pictures: %s%n"
                        + "%,d parameters of type %s, %,d values of updater state%n",
                ShownText.of(description.modelName),
                description.classNames.size(),
                description.height,
                description.width,
                description.version,
                preprocessing,
                parameters,
                type,
                updaterState));
        description.notes.forEach(
                (name, note) -> text.append(String.format("note %s: %s%n", ShownText.of(name), ShownText.of(note))));
        entries.values().forEach(entry -> text.append(String.format("%s%n", entry)));
        return text.toString();
    }

    /** The {@link #text()}. */
    @Override
    public String toString() {
        return text();
    }
}
