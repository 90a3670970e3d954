package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.internal.summary.LayerCount;
import io.github.squeeze4j.models.internal.summary.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;

/**
 * What a network costs: learned parameters, BatchNorm running statistics and multiply-accumulates, in total and per layer,
 * counted from the configuration alone, so that no array is allocated. Immutable.
 *
 * <p>Parameters are the learned ones, BatchNorm scale and shift included; running means and variances, which DL4J's
 * {@code numParams()} adds to them, are counted apart. Multiply-accumulates (not doubled) are those of convolutions and
 * linear layers for one image, inside attention blocks too; pooling, re-weighting, BatchNorm, activations and biases are
 * not counted, nor are layers of a user's own.
 *
 * <p>The GFLOPs columns of the papers are multiply-accumulates, too, but with one operation per element for each pass in
 * which an attention block pools or re-weights its map: {@link #published()}.
 */
public final class ModelSummary {
    /** First line of the CSV form. */
    public static final String CSV_HEADER = "model,input,params,bn_stats,macs";

    private static final String ATTENTION_NAME = ".attention";

    private final String model;
    private final String input;
    private final List<Row> rows;

    private ModelSummary(String model, String input, List<Row> rows) {
        this.model = model;
        this.input = input;
        this.rows = List.copyOf(rows);
    }

    /**
     * Counts a network.
     *
     * @param model the name to print
     * @param configuration any graph of one input, which stays as it is
     * @param inputType height, width and channels of the images
     * @return the counts
     */
    public static ModelSummary of(
            String model, ComputationGraphConfiguration configuration, InputType.InputTypeConvolutional inputType) {
        Checks.notNull("model", model, "use the model's name, such as se_resnet50");
        if (configuration.getNetworkInputs().size() != 1) {
            throw new IllegalArgumentException("configuration of " + model + ": network inputs ("
                    + configuration.getNetworkInputs() + ") must be one; use a graph with one input");
        }
        ComputationGraphConfiguration copy = configuration.clone();
        Map<String, InputType> outputs = copy.getLayerActivationTypes(inputType);
        List<Row> rows = new ArrayList<>();
        for (Map.Entry<String, InputType> output : outputs.entrySet()) {
            GraphVertex vertex = copy.getVertices().get(output.getKey());
            if (vertex instanceof FrozenVertex) {
                vertex = ((FrozenVertex) vertex).getUnderlying();
            }
            if (vertex instanceof LayerVertex) {
                LayerVertex layerVertex = (LayerVertex) vertex;
                InputType in =
                        outputs.get(copy.getVertexInputs().get(output.getKey()).get(0));
                if (layerVertex.getPreProcessor() != null) {
                    in = layerVertex.getPreProcessor().getOutputType(in);
                }
                rows.add(new Row(output.getKey(), layerVertex.getLayerConf().getLayer(), in, output.getValue()));
            }
        }
        long height = inputType.getHeight();
        long width = inputType.getWidth();
        return new ModelSummary(model, height == width ? "" + height : height + "x" + width, rows);
    }

    /**
     * The name given.
     *
     * @return the model's name
     */
    public String model() {
        return model;
    }

    /**
     * The size of the images.
     *
     * @return pixels, such as 224, or 224x160 (height x width) where they differ
     */
    public String input() {
        return input;
    }

    /**
     * Learned parameters.
     *
     * @return the total
     */
    public long params() {
        return total(Row::params);
    }

    /**
     * BatchNorm running means and variances.
     *
     * @return the total
     */
    public long runningStatistics() {
        return total(Row::runningStatistics);
    }

    /**
     * Multiply-accumulates for one image.
     *
     * @return the total
     */
    public long macs() {
        return total(Row::macs);
    }

    /**
     * Learned parameters of the attention blocks.
     *
     * @return their part of {@link #params()}
     */
    public long attentionParams() {
        return total(row -> row.isAttention() ? row.params() : 0);
    }

    /**
     * Running statistics of the attention blocks.
     *
     * @return their part of {@link #runningStatistics()}
     */
    public long attentionRunningStatistics() {
        return total(row -> row.isAttention() ? row.runningStatistics() : 0);
    }

    /**
     * Multiply-accumulates of the attention blocks.
     *
     * @return their part of {@link #macs()}
     */
    public long attentionMacs() {
        return total(row -> row.isAttention() ? row.macs() : 0);
    }

    /**
     * What the GFLOPs columns of the papers count: multiply-accumulates and, for each pooling pass and each re-weighting
     * pass of an attention block, one operation per element of its map.
     *
     * @return the total, not in billions
     */
    public long published() {
        return total(Row::published);
    }

    /**
     * The attention blocks' part of what the papers count.
     *
     * @return their part of {@link #published()}
     */
    public long attentionPublished() {
        return total(row -> row.isAttention() ? row.published() : 0);
    }

    private long total(ToLongFunction<Row> count) {
        return rows.stream().mapToLong(count).sum();
    }

    /**
     * The layers in the order in which they are computed.
     *
     * @return one row per layer
     */
    public List<Row> rows() {
        return rows;
    }

    /**
     * One line of comma-separated values, as {@link #CSV_HEADER} names them.
     *
     * @return the line, without a line end
     */
    public String toCsv() {
        return model + "," + input + "," + params() + "," + runningStatistics() + "," + macs();
    }

    /**
     * A table for reading: one line per layer, then the totals and the attention's share of them. The last column is
     * {@link #published()}.
     *
     * @return lines that each end in a line feed
     */
    public String toTable() {
        TextTable table = new TextTable(3, "layer", "type", "output", "params", "bn_stats", "macs", "published");
        for (Row row : rows) {
            table.row(
                    row.name(),
                    row.type(),
                    row.output(),
                    row.params(),
                    row.runningStatistics(),
                    row.macs(),
                    row.published());
        }
        return table.row(model, "total", "", params(), runningStatistics(), macs(), published())
                .row(
                        "",
                        "attention",
                        "",
                        attentionParams(),
                        attentionRunningStatistics(),
                        attentionMacs(),
                        attentionPublished())
                .row(
                        "",
                        "",
                        "",
                        TextTable.share(attentionParams(), params()),
                        TextTable.share(attentionRunningStatistics(), runningStatistics()),
                        TextTable.share(attentionMacs(), macs()),
                        TextTable.share(attentionPublished(), published()))
                .toString();
    }

    /**
     * Several networks as a table for reading: a line for each, with the attention's share of parameters and of {@link
     * #published()}.
     *
     * @param summaries the networks, in the order of the lines
     * @return lines that each end in a line feed
     */
    public static String toTable(Iterable<ModelSummary> summaries) {
        TextTable table = new TextTable(
                1,
                "model",
                "input",
                "params",
                "bn_stats",
                "macs",
                "published",
                "attention params",
                "attention published");
        for (ModelSummary summary : summaries) {
            table.row(
                    summary.model,
                    summary.input,
                    summary.params(),
                    summary.runningStatistics(),
                    summary.macs(),
                    summary.published(),
                    TextTable.share(summary.attentionParams(), summary.params()),
                    TextTable.share(summary.attentionPublished(), summary.published()));
        }
        return table.toString();
    }

    @Override
    public String toString() {
        return toTable();
    }

    /** One layer's part. */
    public static final class Row {
        private final String name;
        private final String type;
        private final String output;
        private final long params;
        private final long runningStatistics;
        private final long macs;
        private final long published;
        private final boolean attention;

        private Row(String name, Layer outer, InputType in, InputType out) {
            Layer layer = LayerCount.unwrapped(outer);
            this.name = name;
            type = layer.getClass().getSimpleName();
            output = Arrays.toString(out.getShape());
            params = LayerCount.learnedParameters(layer);
            runningStatistics = LayerCount.runningStatistics(layer);
            macs = LayerCount.macs(layer, in, out);
            published = macs + LayerCount.mapOperations(layer, in);
            attention = layer instanceof AttentionBlock || name.endsWith(ATTENTION_NAME);
        }

        /**
         * The layer's name in the graph.
         *
         * @return the name
         */
        public String name() {
            return name;
        }

        /**
         * What the layer is.
         *
         * @return the simple name of its configuration class
         */
        public String type() {
            return type;
        }

        /**
         * The shape of its output for one image.
         *
         * @return for example [64, 56, 56], in the network's format
         */
        public String output() {
            return output;
        }

        /**
         * Learned parameters.
         *
         * @return their number
         */
        public long params() {
            return params;
        }

        /**
         * BatchNorm running means and variances.
         *
         * @return their number
         */
        public long runningStatistics() {
            return runningStatistics;
        }

        /**
         * Multiply-accumulates for one image.
         *
         * @return their number
         */
        public long macs() {
            return macs;
        }

        /**
         * Multiply-accumulates and, in an attention block, one operation per element of the map for each pooling and each
         * re-weighting pass.
         *
         * @return their number, for one image
         */
        public long published() {
            return published;
        }

        /**
         * Whether the layer is attention.
         *
         * @return true for the library's blocks and for layers whose name ends in {@code .attention}
         */
        public boolean isAttention() {
            return attention;
        }
    }
}
