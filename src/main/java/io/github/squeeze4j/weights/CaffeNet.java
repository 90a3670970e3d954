package io.github.squeeze4j.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network as its text describes it, checked: its input, and its layers in the order in which they run. */
final class CaffeNet {
    private static final int MOST_LAYERS = 5_000;
    /** DL4J takes very long for hundreds of thousands. */
    private static final int MOST_BOTTOMS = 20_000;

    private static final int LARGEST_SIDE = 1 << 16;

    final Path file;
    final String name;
    final List<CaffeStep> steps = new ArrayList<>();
    /** By the names of the layers. */
    final Map<String, CaffeStep> byName = new HashMap<>();

    private final TextMessage text;
    private CaffeBlob input;
    private int bottomsOfAll;
    private final Map<String, CaffeBlob> blobs = new LinkedHashMap<>();

    private CaffeNet(Path file, TextMessage text) {
        this.file = file;
        this.text = text;
        String given = text.has("name") ? text.text("name") : "";
        if (given.length() > CaffeLayer.LONGEST_NAME) {
            throw text.wrong("name (of " + given.length() + " characters) must have at most " + CaffeLayer.LONGEST_NAME
                    + "; give a shorter one");
        }
        name = given.isBlank() ? "network" : given;
    }

    /** @throws WeightsException if the text or the network breaks a rule */
    static CaffeNet read(Path file) {
        CaffeNet net = new CaffeNet(file, Prototxt.read(file));
        net.read();
        return net;
    }

    CaffeBlob input() {
        return input;
    }

    CaffeBlob output() {
        return steps.get(steps.size() - 1).output;
    }

    private void read() {
        text.ignore("force_backward", "debug_info");
        readHead();
        List<CaffeLayer> layers = layers();
        text.requireAllKnown();
        for (CaffeLayer layer : layers) {
            if (layer.type.equals("Input")) {
                readInput(layer);
            }
        }
        if (input == null) {
            throw text.wrong("the network must have an input; add a layer of type Input with the shape [N, C, H, W]");
        }
        for (CaffeLayer layer : layers) {
            if (!layer.type.equals("Input")) {
                add(layer, layers);
            }
        }
        if (steps.isEmpty()) {
            throw text.wrong("the network must have layers besides its input; name the whole network");
        }
        requireUsed();
        steps.forEach(CaffeStep::merge);
        requireFewParameters();
    }

    private void requireFewParameters() {
        double sum = 0;
        for (CaffeStep step : steps) {
            for (CaffeStep.Learned learned : step.learned()) {
                sum += Arrays.stream(learned.shape).asDoubleStream().reduce(1, (a, b) -> a * b);
            }
            if (sum > Integer.MAX_VALUE) {
                throw step.layer.wrong(
                        "blobs up to here must have less than 2^31 elements together; use less num_output");
            }
        }
    }

    private List<CaffeLayer> layers() {
        List<TextMessage> today = text.messages("layer");
        List<TextMessage> old = text.messages("layers");
        if (!today.isEmpty() && !old.isEmpty()) {
            throw old.get(0).wrong("layers must all be of one form; write layer instead");
        }
        if (today.size() + old.size() > MOST_LAYERS) {
            throw text.wrong(
                    "layers (" + (today.size() + old.size()) + ") must be at most " + MOST_LAYERS + "; use fewer");
        }
        List<CaffeLayer> layers = new ArrayList<>();
        today.forEach(fields -> layers.add(CaffeLayer.of(fields, false)));
        old.forEach(fields -> layers.add(CaffeLayer.of(fields, true)));
        layers.removeIf(layer -> !layer.isOfInference);
        return layers;
    }

    // ---- the input -------------------------------------------------------------------------------------------------

    /** The input in the head of the text, as older files have it. */
    private void readHead() {
        List<String> names = text.texts("input");
        int[] sizes = text.numbers("input_dim", 1, LARGEST_SIDE);
        List<TextMessage> shapes = text.messages("input_shape");
        if (names.isEmpty() && sizes.length == 0 && shapes.isEmpty()) {
            return;
        }
        if (names.size() != 1 || sizes.length > 0 == shapes.size() > 0 || shapes.size() > 1) {
            throw text.wrong("input (" + names + ") must be one, with four input_dim or one input_shape");
        }
        setInput(names.get(0), sizes.length > 0 ? sizes : shape(shapes.get(0)), text);
    }

    private void readInput(CaffeLayer layer) {
        TextMessage options = layer.options("input_param");
        List<TextMessage> shapes = options.messages("shape");
        if (layer.tops.size() != 1 || shapes.size() != 1 || !layer.bottoms.isEmpty() || input != null) {
            throw layer.wrong(
                    "the network must have one input, of one top and one shape; delete the others, such as labels");
        }
        setInput(layer.tops.get(0), shape(shapes.get(0)), shapes.get(0));
        options.requireAllKnown();
        layer.requireAllKnown();
    }

    private static int[] shape(TextMessage shape) {
        int[] sizes = shape.numbers("dim", 1, LARGEST_SIDE);
        shape.requireAllKnown();
        return sizes;
    }

    private void setInput(String blob, int[] sizes, TextMessage where) {
        if (sizes.length != 4 || (long) sizes[1] * sizes[2] * sizes[3] > Integer.MAX_VALUE) {
            throw where.wrong("input (" + WeightsException.name(blob) + ", of shape " + Arrays.toString(sizes)
                    + ") must be images, [N, C, H, W] of less than 2^31 values; give four sizes");
        }
        input = new CaffeBlob(blob, Arrays.stream(sizes).asLongStream().toArray(), null);
        blobs.put(blob, input);
    }

    // ---- layers ----------------------------------------------------------------------------------------------------

    private void add(CaffeLayer layer, List<CaffeLayer> all) {
        bottomsOfAll += layer.bottoms.size();
        if (bottomsOfAll > MOST_BOTTOMS) {
            throw layer.wrong("bottoms of all layers up to here (" + bottomsOfAll + ") must be at most " + MOST_BOTTOMS
                    + "; use fewer layers");
        }
        List<CaffeBlob> bottoms = new ArrayList<>();
        for (String bottom : layer.bottoms) {
            CaffeBlob blob = blobs.get(bottom);
            if (blob == null) {
                throw unknown(bottom, layer, all);
            }
            bottoms.add(blob);
        }
        CaffeStep step = CaffeStep.of(layer, bottoms);
        layer.requireAllKnown();
        if (layer.tops.size() != 1) {
            throw layer.wrong("tops (" + layer.tops.size() + ") must be 1; write one top");
        }
        String top = layer.tops.get(0);
        boolean inPlace = layer.bottoms.get(0).equals(top);
        if (inPlace && !step.mayBeInPlace()) {
            throw layer.wrong("top (" + WeightsException.name(top)
                    + ") must be another than the bottom, which layers of type " + layer.type
                    + " cannot write over; rename it");
        }
        if (!inPlace && blobs.containsKey(top)) {
            CaffeStep maker = blobs.get(top).maker;
            throw layer.wrong("top (" + WeightsException.name(top) + ") must be made once, but "
                    + (maker == null
                            ? "is the input"
                            : "layer " + WeightsException.name(maker.layer.name) + " of line " + maker.layer.line()
                                    + " makes it, too")
                    + "; rename one");
        }
        CaffeStep other = byName.putIfAbsent(layer.name, step);
        if (other != null || layer.name.equals(input.name)) {
            throw layer.wrong("name must be there once, but "
                    + (other == null ? "the input" : "the layer of line " + other.layer.line())
                    + " has it, too; rename one");
        }
        long[] shape = step.shape();
        step.requireSane(shape);
        step.output = new CaffeBlob(top, shape, step);
        bottoms.forEach(blob -> blob.readers.add(step));
        blobs.put(top, step.output);
        steps.add(step);
    }

    private static WeightsException unknown(String bottom, CaffeLayer layer, List<CaffeLayer> all) {
        String shown = WeightsException.name(bottom);
        for (CaffeLayer later : all) {
            if (later.tops.contains(bottom)) {
                return layer.wrong("bottom (" + shown + ") must be made by a layer above, but "
                        + (later == layer
                                ? "is its own top"
                                : "layer " + WeightsException.name(later.name) + " of line " + later.line()
                                        + " makes it")
                        + "; layers must stand in the order in which they run, without cycles");
            }
        }
        return layer.wrong("bottom (" + shown + ") must be the input or a top of a layer above; correct the name");
    }

    /** Caffe would give what nobody reads out as a result. */
    private void requireUsed() {
        if (input.readers.isEmpty()) {
            throw text.wrong("input (" + WeightsException.name(input.name) + ") must be read by a layer");
        }
        for (CaffeStep step : steps.subList(0, steps.size() - 1)) {
            if (step.output.readers.isEmpty()) {
                throw step.layer.wrong("top (" + WeightsException.name(step.output.name)
                        + ") must be read by another layer, as only the last layer's is the result;"
                        + " delete the layer or move it to the end");
            }
        }
    }
}
