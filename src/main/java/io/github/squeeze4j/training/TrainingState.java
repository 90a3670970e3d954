package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ArrayNode;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * Where a training stands, but for what the network and its updater hold: the place of the next batch, what the pass has
 * brought so far, and the course until here. {@code training.json} of a checkpoint.
 */
final class TrainingState {
    static final String ENTRY = "training.json";
    static final int LARGEST = 1 << 28;
    private static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What else decides the result: a training goes on under the same settings only. */
    final String settings;

    /** Passes that are done. */
    int epoch;
    /** Batches of the pass that are done. */
    int batch;

    double lossSum;
    double hits;
    long images;
    double seconds;
    final History history = new History();

    TrainingState(String settings) {
        this.settings = settings;
    }

    void beginPass() {
        batch = 0;
        lossSum = 0;
        hits = 0;
        images = 0;
        seconds = 0;
    }

    byte[] toJson() throws IOException {
        ObjectNode node = JSON.createObjectNode();
        node.put("version", VERSION);
        node.put("settings", settings);
        node.put("epoch", epoch);
        node.put("batch", batch);
        node.put("lossSum", lossSum);
        node.put("hits", hits);
        node.put("images", images);
        node.put("seconds", seconds);
        ArrayNode epochs = node.putArray("epochs");
        for (EpochResult result : history.epochs()) {
            double[] numbers = result.numbers();
            ArrayNode row = epochs.addArray();
            for (double number : numbers) {
                row.add(number);
            }
        }
        ArrayNode steps = node.putArray("steps");
        for (History.Step step : history.steps()) {
            steps.addArray().add(step.loss).add(step.accuracy).add(step.millis).add(step.rate);
        }
        ArrayNode gates = node.putArray("gates");
        for (int i = 0; i < history.gates().size(); i++) {
            GateReading gate = history.gates().get(i);
            gates.addArray()
                    .add(history.gateSteps().get(i))
                    .add(gate.iteration())
                    .add(gate.layer())
                    .add(gate.gate())
                    .add(gate.shut())
                    .add(gate.open())
                    .add(gate.still());
        }
        return JSON.writeValueAsBytes(node);
    }

    static TrainingState parse(byte[] utf8) throws IOException {
        String text = NetworkText.decoded(utf8, ENTRY);
        NetworkText.scan(text, ENTRY, (parser, depth) -> {});
        JsonNode node = JSON.readTree(text);
        if (number(node.path("version"), "version") != VERSION) {
            throw new DamagedFileException(
                    ENTRY + " has a version other than " + VERSION + "; go on with the Squeeze4j that wrote it");
        }
        if (!node.path("settings").isTextual()) {
            throw new DamagedFileException(ENTRY + " does not say settings");
        }
        TrainingState state = new TrainingState(node.path("settings").asText());
        state.epoch = count(node, "epoch");
        state.batch = count(node, "batch");
        state.lossSum = number(node.path("lossSum"), "lossSum");
        state.hits = number(node.path("hits"), "hits");
        state.images = count(node, "images");
        state.seconds = number(node.path("seconds"), "seconds");
        for (JsonNode row : node.path("epochs")) {
            state.history.add(EpochResult.of(numbers(row, EpochResult.NUMBERS, "epochs")));
        }
        for (JsonNode row : node.path("steps")) {
            double[] step = numbers(row, 4, "steps");
            state.history.add(new History.Step(step[0], step[1], step[2], step[3]));
        }
        for (JsonNode row : node.path("gates")) {
            addGate(row, state.history);
        }
        if (state.history.epochs().size() != state.epoch) {
            throw new DamagedFileException(
                    ENTRY + " lists " + state.history.epochs().size() + " passes where " + state.epoch + " are done");
        }
        return state;
    }

    private static void addGate(JsonNode row, History history) throws IOException {
        boolean whole = row.isArray()
                && row.size() == 7
                && row.path(0).canConvertToInt()
                && row.path(1).canConvertToInt()
                && row.path(2).isTextual()
                && row.path(3).isTextual();
        if (!whole) {
            throw new DamagedFileException(
                    ENTRY + ": gates must hold rows of step, iteration, layer, gate and three shares");
        }
        GateReading gate = new GateReading(
                row.get(1).asInt(),
                row.get(2).asText(),
                row.get(3).asText(),
                number(row.get(4), "gates"),
                number(row.get(5), "gates"),
                number(row.get(6), "gates"));
        history.add(row.get(0).asInt(), gate);
    }

    private static double[] numbers(JsonNode row, int count, String what) throws IOException {
        if (!row.isArray() || row.size() != count) {
            throw new DamagedFileException(ENTRY + ": " + what + " must hold rows of " + count + " numbers");
        }
        List<Double> numbers = new ArrayList<>();
        for (JsonNode value : row) {
            numbers.add(number(value, what));
        }
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double number(JsonNode value, String what) throws IOException {
        if (!value.isNumber()) {
            throw new DamagedFileException(ENTRY + ": " + what + " (" + ShownText.of(value) + ") must be a number");
        }
        return value.asDouble();
    }

    private static int count(JsonNode node, String field) throws IOException {
        JsonNode value = node.path(field);
        if (!value.canConvertToInt() || value.asInt() < 0) {
            throw new DamagedFileException(
                    ENTRY + ": " + field + " (" + ShownText.of(value) + ") must be a whole number from 0");
        }
        return value.asInt();
    }
}
