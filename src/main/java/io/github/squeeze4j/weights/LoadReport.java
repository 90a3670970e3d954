package io.github.squeeze4j.weights;

import java.util.ArrayList;
import java.util.List;

/** What became of each tensor of a file and of each parameter of a network. Immutable. */
public final class LoadReport {
    private static final int SHOWN = 3;

    private final WeightSource source;
    final List<String> used = new ArrayList<>();
    final List<String> missing = new ArrayList<>();
    final List<String> unexpected = new ArrayList<>();
    final List<String> wrongShape = new ArrayList<>();
    final List<String> renewed = new ArrayList<>();

    LoadReport(WeightSource source) {
        this.source = source;
    }

    /**
     * Where the weights come from.
     *
     * @return the source that the names of the tensors show
     */
    public WeightSource source() {
        return source;
    }

    /**
     * Tensors that parameters were filled from.
     *
     * @return names in the file
     */
    public List<String> used() {
        return List.copyOf(used);
    }

    /**
     * Parameters without a tensor.
     *
     * @return each parameter and the tensor that it wants
     */
    public List<String> missing() {
        return List.copyOf(missing);
    }

    /**
     * Tensors without a parameter. Those that the source's answers do not depend on are not among them.
     *
     * @return names in the file
     */
    public List<String> unexpected() {
        return List.copyOf(unexpected);
    }

    /**
     * Parameters whose tensor has another shape.
     *
     * @return each parameter, its tensor and both shapes
     */
    public List<String> wrongShape() {
        return List.copyOf(wrongShape);
    }

    /**
     * Parameters of a new classifier, which keep their random values.
     *
     * @return the parameters; empty unless {@link Pretrained#newClassifier()} was called
     */
    public List<String> renewed() {
        return List.copyOf(renewed);
    }

    boolean isComplete() {
        return missing.isEmpty() && unexpected.isEmpty() && wrongShape.isEmpty();
    }

    /** Counts, and the first of each kind that is wrong. */
    String complaint() {
        StringBuilder text = new StringBuilder();
        append(text, "wrong shape", wrongShape);
        append(text, "missing", missing);
        append(text, "unexpected", unexpected);
        return text.toString();
    }

    private static void append(StringBuilder text, String kind, List<String> items) {
        if (!items.isEmpty()) {
            text.append(text.length() == 0 ? "" : "; ")
                    .append(items.size())
                    .append(' ')
                    .append(kind)
                    .append(": ");
            text.append(String.join(", ", items.subList(0, Math.min(SHOWN, items.size()))));
            text.append(items.size() > SHOWN ? ", ..." : "");
        }
    }

    /**
     * Source and counts, then what did not fit.
     *
     * @return one line
     */
    @Override
    public String toString() {
        String complaint = complaint();
        return source + ": " + used.size() + " tensors used"
                + (renewed.isEmpty() ? "" : ", " + renewed.size() + " renewed")
                + (complaint.isEmpty() ? "" : "; " + complaint);
    }
}
