package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
        putGates(node);
        return JSON.writeValueAsBytes(node);
    }

    /** Names once, since there is a row for each gate and reading. */
    private void putGates(ObjectNode node) {
        ArrayNode names = node.putArray("gateNames");
        ArrayNode rows = node.putArray("gates");
        Map<List<String>, Integer> known = new HashMap<>();
        for (int i = 0; i < history.gates().size(); i++) {
            GateReading gate = history.gates().get(i);
            List<String> name = List.of(gate.layer(), gate.gate());
            if (!known.containsKey(name)) {
                known.put(name, known.size());
                names.addArray().add(gate.layer()).add(gate.gate());
            }
            rows.addArray()
                    .add(history.gateSteps().get(i))
                    .add(gate.iteration())
                    .add(known.get(name))
                    .add(gate.shut())
                    .add(gate.open())
                    .add(gate.still());
        }
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
            addGate(row, node.path("gateNames"), state.history);
        }
        if (state.history.epochs().size() != state.epoch) {
            throw new DamagedFileException(
                    ENTRY + " lists " + state.history.epochs().size() + " passes where " + state.epoch + " are done");
        }
        return state;
    }

    private static void addGate(JsonNode row, JsonNode names, History history) throws IOException {
        double[] numbers = numbers(row, 6, "gates");
        JsonNode name = names.path((int) numbers[2]);
        boolean known =
                name.size() == 2 && name.get(0).isTextual() && name.get(1).isTextual();
        boolean whole = isWhole(numbers[0], history.steps().size()) && isWhole(numbers[1], Integer.MAX_VALUE);
        boolean shares = isShare(numbers[3]) && isShare(numbers[4]) && isShare(numbers[5]);
        if (!known || !whole || !shares) {
            throw new DamagedFileException(ENTRY + ": gates (" + ShownText.of(row)
                    + ") must be a step of the training, an iteration, a name and three shares from 0 to 1");
        }
        GateReading gate = new GateReading(
                (int) numbers[1], name.get(0).asText(), name.get(1).asText(), numbers[3], numbers[4], numbers[5]);
        history.add((int) numbers[0], gate);
    }

    private static boolean isWhole(double number, int most) {
        return number >= 0 && number <= most && number == Math.rint(number);
    }

    private static boolean isShare(double number) {
        return number >= 0 && number <= 1;
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
