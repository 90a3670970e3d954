package io.github.squeeze4j.weights;

import java.util.List;
import java.util.Map;

/** One layer as the text describes it. */
final class CaffeLayer {
    static final int LONGEST_NAME = 1000;
    private static final String INFERENCE = "TEST";

    /** Caffe's first form of layers has types of its own. */
    private static final Map<String, String> OLD_TYPES = Map.of(
            "CONCAT", "Concat",
            "CONVOLUTION", "Convolution",
            "DROPOUT", "Dropout",
            "INNER_PRODUCT", "InnerProduct",
            "POOLING", "Pooling",
            "RELU", "ReLU",
            "SIGMOID", "Sigmoid",
            "SOFTMAX", "Softmax");

    final String name;
    final String type;
    /** Whether it belongs to the network that answers: not one of those that only train. */
    final boolean isOfInference;

    final List<String> bottoms;
    final List<String> tops;
    private final TextMessage fields;

    private CaffeLayer(TextMessage fields, boolean old) {
        this.fields = fields;
        name = required("name");
        fields.named("layer " + WeightsException.name(name));
        isOfInference = obeysRules();
        // those that only train may be of any type
        type = old && isOfInference
                ? OLD_TYPES.get(fields.choice(
                        "type", OLD_TYPES.keySet().stream().sorted().toArray(String[]::new)))
                : old ? "" : required("type");
        bottoms = fields.texts("bottom");
        tops = fields.texts("top");
        // what training and other devices want
        fields.ignore("param", "blobs_lr", "weight_decay", "loss_weight", "propagate_down");
    }

    /** @param old whether it is of Caffe's first form, {@code layers} */
    static CaffeLayer of(TextMessage fields, boolean old) {
        if (old && !fields.has("type")) {
            throw fields.wrong("type must be set; add type: RELU or another");
        }
        return new CaffeLayer(fields, old);
    }

    private String required(String field) {
        String found = fields.text(field);
        if (found == null || found.isEmpty() || found.length() > LONGEST_NAME) {
            throw fields.wrong(
                    field + " must be a text of 1 to " + LONGEST_NAME + " characters; add " + field + ": \"...\"");
        }
        return found;
    }

    private boolean obeysRules() {
        List<TextMessage> included = fields.messages("include");
        List<TextMessage> excluded = fields.messages("exclude");
        boolean in = included.isEmpty();
        for (TextMessage rule : included) {
            in |= isOfInference(rule);
        }
        for (TextMessage rule : excluded) {
            in &= !isOfInference(rule);
        }
        return in;
    }

    private static boolean isOfInference(TextMessage rule) {
        String phase = rule.has("phase") ? rule.choice("phase", "TRAIN", INFERENCE) : INFERENCE;
        rule.requireAllKnown();
        return phase.equals(INFERENCE);
    }

    /** Its message of options, empty where there is none. */
    TextMessage options(String field) {
        return fields.message(field);
    }

    int line() {
        return fields.line();
    }

    /** Once its options are read. */
    void requireAllKnown() {
        fields.requireAllKnown();
    }

    /** A complaint: value, rule and remedy. */
    WeightsException wrong(String rule) {
        return fields.wrong(rule);
    }
}
