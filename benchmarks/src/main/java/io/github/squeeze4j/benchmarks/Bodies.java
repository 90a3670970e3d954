package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.Computation;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Precision;
import io.github.squeeze4j.models.Models;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * Every benchmark by name, for the worker, JMH and the tests.
 *
 * <ul>
 *   <li>{@code block.NAME.CHANNELSxSIZE.forward} or {@code .both}: batch 8; both is a training-mode forward and a backward pass
 *   <li>{@code MODEL.inference.bBATCH} or {@code .train.bBATCH}: a network of {@link Models} or {@code zoo_resnet50}, 224x224
 *       and 1000 classes, or 32x32 and 10 classes for a CIFAR form; with {@code .bf16} behind it in bfloat16
 *   <li>{@code convolutions.MODEL.inference.bBATCH}, with {@code .bf16} or without: those of such a network alone
 * </ul>
 */
final class Bodies {
    static final int BLOCK_BATCH = 8;
    static final String ZOO = "zoo_resnet50";

    private static final Pattern BLOCK = Pattern.compile("block\\.([a-z]+)\\.(\\d+)x(\\d+)\\.(forward|both)");
    private static final Pattern NETWORK =
            Pattern.compile("(convolutions\\.)?([a-z0-9_]+)\\.(inference|train)\\.b(\\d+)(\\.bf16)?");
    private static final Pattern CIFAR = Pattern.compile(".*resnet(20|32|44|56|110)");
    /** Small, so that many steps on one batch of noise stay finite. */
    private static final double LEARNING_RATE = 1e-3;
    /** The zoo's network has gradients of norm 10,000 at the start. */
    private static final double ZOO_LEARNING_RATE = 1e-6;

    /** The names in papers and in the worker's cases, where they differ from the library's. */
    private static final Map<String, String> ALIASES =
            Map.of("mobilenet_v2_se", "se_mobilenet_v2", "se_resnext50", "se_resnext50_32x4d");

    private Bodies() {}

    /** Every block's builder by name. */
    static Map<String, Supplier<AttentionBlock.Builder<?>>> blocks() {
        Map<String, Supplier<AttentionBlock.Builder<?>>> blocks = new LinkedHashMap<>();
        blocks.put("se", SqueezeExcitation::builder);
        blocks.put("salient", Salient::builder);
        blocks.put("spse", Spse::builder);
        blocks.put("rgse", Rgse::builder);
        blocks.put("cbam", Cbam::builder);
        return blocks;
    }

    /** A block with its default options. */
    static BlockBody block(String name, Computation computation, int channels, int size, int batch, boolean backward) {
        AttentionBlock block = blocks().get(name).get().computation(computation).build();
        return new BlockBody(block, channels, size, batch, backward);
    }

    /**
     * A network.
     *
     * @param stock whether without anything of this library; {@link #ZOO} only
     * @throws UnavailableException if this version has no such network
     */
    static NetworkBody network(String model, boolean stock, int batch, int size, int classes, boolean training) {
        return network(model, stock, batch, size, classes, training, Precision.FLOAT32);
    }

    private static NetworkBody network(
            String model, boolean stock, int batch, int size, int classes, boolean training, Precision precision) {
        if (training && precision != Precision.FLOAT32) {
            throw new UnavailableException("this version trains in float32");
        }
        Nesterovs updater = new Nesterovs(model.equals(ZOO) ? ZOO_LEARNING_RATE : LEARNING_RATE, 0.9);
        ComputationGraph graph;
        if (model.equals(ZOO)) {
            graph = ZooResNet50.create(!stock, size, classes, updater);
        } else if (!stock && Models.names().contains(ALIASES.getOrDefault(model, model))) {
            graph = Models.builder(ALIASES.getOrDefault(model, model))
                    .inputSize(size)
                    .classes(classes)
                    .updater(updater)
                    .build()
                    .init();
        } else {
            throw new UnavailableException("this version has no network of that name");
        }
        return new NetworkBody(
                graph, stock ? Inference::stock : g -> Inference.of(g, precision), batch, size, classes, training);
    }

    /**
     * The body of a case.
     *
     * @param stock whether without anything of this library
     * @throws UnavailableException if this version has no such case
     */
    static Body of(String name, boolean stock) {
        Matcher block = BLOCK.matcher(name);
        if (block.matches() && !stock && blocks().containsKey(block.group(1))) {
            int channels = Integer.parseInt(block.group(2));
            int size = Integer.parseInt(block.group(3));
            boolean backward = block.group(4).equals("both");
            return block(block.group(1), Computation.FUSED, channels, size, BLOCK_BATCH, backward);
        }
        Matcher network = NETWORK.matcher(name);
        if (network.matches() && network.group(1) != null && !stock) {
            return convolutions(network);
        }
        if (network.matches() && network.group(1) == null) {
            boolean cifar = CIFAR.matcher(network.group(2)).matches();
            return network(
                    network.group(2),
                    stock,
                    Integer.parseInt(network.group(4)),
                    cifar ? 32 : 224,
                    cifar ? 10 : 1000,
                    network.group(3).equals("train"),
                    network.group(5) == null ? Precision.FLOAT32 : Precision.BFLOAT16);
        }
        throw new UnavailableException("this version has no case of that name");
    }

    private static Body convolutions(Matcher network) {
        String model = ALIASES.getOrDefault(network.group(2), network.group(2));
        if (!Models.names().contains(model) || network.group(3).equals("train")) {
            throw new UnavailableException("this version has no case of that name");
        }
        int size = CIFAR.matcher(model).matches() ? 32 : 224;
        ComputationGraph graph = Models.builder(model).inputSize(size).build().init();
        DataType type = network.group(5) == null ? DataType.FLOAT : DataType.BFLOAT16;
        return new Convolutions(graph, Long.parseLong(network.group(4)), size, type);
    }

    /** There is no such case in this version. */
    static final class UnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UnavailableException(String message) {
            super(message);
        }
    }
}
