package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Every preconfigured network by name.
 *
 * <p>{@code resnet18}, {@code 34}, {@code 50}, {@code 101}, {@code 152} (ImageNet form) and {@code resnet20}, {@code 32},
 * {@code 44}, {@code 56}, {@code 110} (CIFAR form), each alone and behind the prefixes {@code se_}, {@code salient_},
 * {@code spse_}, {@code rgse_} and {@code cbam_}. CIFAR names may end in {@code _cifar}. All have the stride in the 3x3
 * convolution and the blocks' default options, with these exceptions:
 *
 * <ul>
 *   <li>{@code se_resnet50}, {@code se_resnet101}, {@code se_resnet152}: the SENet authors' form, hujie-frank/SENet, with
 *       the stride in the first 1x1 convolution and biases in the blocks.
 *   <li>{@code se_resnet18}, {@code se_resnet34} and the CIFAR ones: moskomule/senet.pytorch, without biases in the blocks.
 * </ul>
 *
 * <p>{@code resnext50_32x4d}, {@code resnext101_32x4d}, {@code resnext101_32x8d}, {@code resnext29_8x64d_cifar} (see {@link
 * ResNeXt}) and {@code mobilenet_v2} (see {@link MobileNetV2}), alone and behind the same prefixes, with the blocks' default
 * options; {@code senet154} (see {@link SENet154}).
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         Models.builder("se_resnet20").inputSize(28).inputChannels(1).build().init();
 * Models.register("mine", () -> ResNet.builder().depth(34).attention(site -> myLayer(site.channels())));
 * }</pre>
 */
public final class Models {
    private static final int LISTED_WHOLE = 10;
    private static final String CIFAR_SUFFIX = "_cifar";
    private static final int[] RESNET_DEPTHS = {18, 34, 50, 101, 152, 20, 32, 44, 56, 110};
    /** The attention, or its absence, that every residual family is registered with. */
    private static final List<String> EVERYWHERE = List.of("none", "se", "salient", "spse", "rgse", "cbam");

    private static final Map<String, Supplier<? extends NetworkBuilder<?>>> BUILDERS = new TreeMap<>();

    static {
        for (int depth : RESNET_DEPTHS) {
            for (String attention : EVERYWHERE) {
                String prefix = attention.equals("none") ? "" : attention + "_";
                BUILDERS.put(prefix + "resnet" + depth, () -> resNet(depth, attention));
            }
        }
        withAttention("resnext50_32x4d", () -> ResNeXt.builder().depth(50));
        withAttention("resnext101_32x4d", () -> ResNeXt.builder().depth(101));
        withAttention("resnext101_32x8d", () -> ResNeXt.builder().depth(101).baseWidth(8));
        withAttention("resnext29_8x64d_cifar", () -> ResNeXt.builder().depth(29));
        withAttention("mobilenet_v2", MobileNetV2::builder);
        BUILDERS.put("senet154", SENet154::builder);
    }

    private Models() {}

    private static void withAttention(String name, Supplier<? extends NetworkBuilder<?>> plain) {
        for (String attention : EVERYWHERE) {
            String prefix = attention.equals("none") ? "" : attention + "_";
            BUILDERS.put(prefix + name, () -> plain.get().attention(Attention.named(attention)));
        }
    }

    private static ResNet.Builder resNet(int depth, String attention) {
        ResNet.Builder builder = ResNet.builder().depth(depth);
        if (!attention.equals("se")) {
            return builder.attention(Attention.named(attention));
        }
        if (ResNet.hasBottlenecks(depth)) {
            return builder.attention(Attention.named("se")).bottleneckStride(BottleneckStride.FIRST_1X1);
        }
        return builder.attention(
                Attention.of(SqueezeExcitation.builder().biases(false).build()));
    }

    /**
     * A new builder with the named network's options, all of which may be changed.
     *
     * @param name a registered name
     * @return a builder that is ready to build
     * @throws IllegalArgumentException if the name is unknown; the message lists the nearest names
     */
    public static NetworkBuilder<?> builder(String name) {
        Supplier<? extends NetworkBuilder<?>> found;
        synchronized (BUILDERS) {
            found = BUILDERS.get(name == null ? "" : name);
            if (found == null && isCifarAlias(name)) {
                found = BUILDERS.get(name.substring(0, name.length() - CIFAR_SUFFIX.length()));
            }
            if (found == null) {
                throw Checks.unknown("model", name, BUILDERS.keySet(), LISTED_WHOLE);
            }
        }
        return found.get();
    }

    private static boolean isCifarAlias(String name) {
        if (name == null || !name.endsWith(CIFAR_SUFFIX)) {
            return false;
        }
        for (int depth : RESNET_DEPTHS) {
            if (ResNet.isCifar(depth) && name.endsWith("resnet" + depth + CIFAR_SUFFIX)) {
                return true;
            }
        }
        return false;
    }

    /**
     * All names, aliases left out.
     *
     * @return the names in alphabetical order
     */
    public static List<String> names() {
        synchronized (BUILDERS) {
            return List.copyOf(BUILDERS.keySet());
        }
    }

    /**
     * Adds a network under a name of the user's own.
     *
     * @param name a new name: lower-case letters, digits and underscores, a letter first
     * @param builder gives a new, complete builder at each call
     * @throws IllegalArgumentException if the name is taken or malformed
     */
    public static void register(String name, Supplier<? extends NetworkBuilder<?>> builder) {
        if (name == null || !name.matches("[a-z][a-z0-9_]*")) {
            throw new IllegalArgumentException("model name (" + name
                    + ") must consist of lower-case letters, digits and underscores; use a name like my_resnet50");
        }
        Checks.notNull("builder", builder, "use () -> ResNet.builder().depth(50)");
        synchronized (BUILDERS) {
            if (BUILDERS.putIfAbsent(name, builder) != null) {
                throw new IllegalArgumentException(
                        "model name (" + name + ") must be new; " + name + " is already registered");
            }
        }
    }
}
