package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.Eca;
import io.github.squeeze4j.blocks.SimAm;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.internal.OpenMp;
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
 *       the stride in the first 1x1 convolution, ceil-mode pooling and biases in the blocks.
 *   <li>{@code se_resnet18}, {@code se_resnet34} and the CIFAR ones: moskomule/senet.pytorch, without biases in the blocks.
 * </ul>
 *
 * <p>{@code resnext50_32x4d}, {@code resnext101_32x4d}, {@code resnext101_32x8d}, {@code resnext29_8x64d_cifar} (see {@link
 * ResNeXt}) and {@code mobilenet_v2} (see {@link MobileNetV2}), alone and behind the same prefixes, with the blocks' default
 * options; {@code se_resnext50_32x4d} and {@code se_resnext101_32x4d} have the SENet authors' ceil-mode pooling.
 *
 * <p>{@code senet154} ({@link SENet154}); {@code bn_inception}, {@code se_bn_inception} ({@link BnInception}); {@code
 * inception_v3}, {@code se_inception_v3} ({@link InceptionV3}; the second as moskomule/senet.pytorch declares it); {@code
 * mobilenet_v1} alone and behind the same prefixes, {@code mobilenet_v1_075}, {@code _050}, {@code _025} ({@link MobileNetV1});
 * {@code mobilenet_v3_large}, {@code mobilenet_v3_small} ({@link MobileNetV3}); {@code efficientnet_b0} to {@code
 * efficientnet_b3} ({@link EfficientNet}); {@code efficientnet_lite0} to {@code efficientnet_lite4} ({@link EfficientNetLite}); {@code regnety_400mf}, {@code regnety_4gf} ({@link RegNetY}).
 *
 * <p>Of the later blocks what their papers report: {@code eca_} with the ImageNet ResNets and {@code mobilenet_v2}, {@code ge_}
 * with {@code resnet50} and {@code 101}, {@code simam_} with {@code resnet18} to {@code 101} and {@code mobilenet_v2}, {@code
 * ca_mobilenet_v2}, {@code gc_resnet50} and {@code ese_resnet50}. {@code eca_} networks have the kernels that BangguWu/ECANet
 * published, by stage 3, 5, 7, 7 for depth 18, 3, 5, 5, 7 for 50 and 3, 3, 5, 7 for 34, 101 and 152, and for {@code
 * eca_mobilenet_v2}, whose blocks stand behind the projection, 1 below 96 channels and 3 from there; {@code simam_} networks have
 * a lambda of 0.1, as ZjjConan/SimAM for ImageNet. Any other pair is {@code builder(name).attention(
 * Attention.named(block))}.
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         Models.builder("se_resnet20").inputSize(28).inputChannels(1).build().init();
 * Models.register("mine", () -> ResNet.builder().depth(34).attention(site -> myLayer(site.channels())));
 * }</pre>
 */
public final class Models {
    static {
        OpenMp.spinBriefly();
    }

    private static final int LISTED_WHOLE = 10;
    private static final String CIFAR_SUFFIX = "_cifar";
    private static final int EFFICIENTNETS = 4;
    private static final int EFFICIENTNETS_LITE = 5;
    private static final int[] RESNET_DEPTHS = {18, 34, 50, 101, 152, 20, 32, 44, 56, 110};
    /** The attention, or its absence, that every residual family is registered with. */
    private static final List<String> EVERYWHERE = List.of("none", "se", "salient", "spse", "rgse", "cbam");

    /** ECA's kernels by stage, by depth, in the published networks. */
    private static final Map<Integer, int[]> PUBLISHED_KERNELS =
            Map.of(18, new int[] {3, 5, 7, 7}, 50, new int[] {3, 5, 5, 7});

    private static final int[] OTHER_PUBLISHED_KERNELS = {3, 3, 5, 7};
    /** SimAM's lambda in the published networks. */
    private static final double PUBLISHED_LAMBDA = 0.1;

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
        for (int depth : new int[] {50, 101}) {
            BUILDERS.put(
                    "se_resnext" + depth + "_32x4d",
                    () -> ResNeXt.builder()
                            .depth(depth)
                            .stemPooling(StemPooling.CEIL_MODE)
                            .attention(Attention.named("se")));
        }
        BUILDERS.put("senet154", SENet154::builder);
        BUILDERS.put("bn_inception", BnInception::builder);
        BUILDERS.put("se_bn_inception", () -> BnInception.builder().attention(Attention.named("se")));
        BUILDERS.put("inception_v3", InceptionV3::builder);
        BUILDERS.put(
                "se_inception_v3",
                () -> InceptionV3.builder()
                        .attentionPlace(InceptionV3.AttentionPlace.MODULE_INPUT)
                        .attention(Attention.of(
                                SqueezeExcitation.builder().biases(false).build())));
        withAttention("mobilenet_v1", MobileNetV1::builder);
        BUILDERS.put("mobilenet_v1_075", () -> MobileNetV1.builder().width(0.75));
        BUILDERS.put("mobilenet_v1_050", () -> MobileNetV1.builder().width(0.5));
        BUILDERS.put("mobilenet_v1_025", () -> MobileNetV1.builder().width(0.25));
        BUILDERS.put("mobilenet_v3_large", MobileNetV3::large);
        BUILDERS.put("mobilenet_v3_small", MobileNetV3::small);
        for (int variant = 0; variant < EFFICIENTNETS; variant++) {
            int b = variant;
            BUILDERS.put("efficientnet_b" + b, () -> EfficientNet.b(b));
        }
        for (int variant = 0; variant < EFFICIENTNETS_LITE; variant++) {
            int lite = variant;
            BUILDERS.put("efficientnet_lite" + lite, () -> EfficientNetLite.lite(lite));
        }
        BUILDERS.put("regnety_400mf", RegNetY::megaFlops400);
        BUILDERS.put("regnety_4gf", RegNetY::gigaFlops4);
        putPublished();
    }

    private Models() {}

    /** The combinations that the papers of the later blocks report. */
    private static void putPublished() {
        for (int depth : new int[] {18, 34, 50, 101, 152}) {
            BUILDERS.put(
                    "eca_resnet" + depth, () -> ResNet.builder().depth(depth).attention(publishedEca(depth)));
        }
        putResNets("ese", 50);
        putResNets("gc", 50);
        putResNets("ge", 50, 101);
        putResNets("simam", 18, 34, 50, 101);
        for (String attention : new String[] {"ca", "simam"}) {
            BUILDERS.put(
                    attention + "_mobilenet_v2", () -> MobileNetV2.builder().attention(published(attention)));
        }
        BUILDERS.put(
                "eca_mobilenet_v2",
                () -> MobileNetV2.builder()
                        .attentionPlace(MobileNetV2.AttentionPlace.PROJECTED)
                        .attention(site -> eca(site.channels() < 96 ? 1 : 3)));
    }

    /** The named block with the options of its published ImageNet networks. */
    private static Attention published(String attention) {
        return attention.equals("simam")
                ? Attention.of(SimAm.builder().lambda(PUBLISHED_LAMBDA).build())
                : Attention.named(attention);
    }

    private static Attention publishedEca(int depth) {
        int[] kernels = PUBLISHED_KERNELS.getOrDefault(depth, OTHER_PUBLISHED_KERNELS);
        return site -> eca(kernels[site.stage() - 1]);
    }

    private static Eca eca(int kernel) {
        return Eca.builder().kernel(kernel).build();
    }

    private static void putResNets(String attention, int... depths) {
        for (int depth : depths) {
            BUILDERS.put(
                    attention + "_resnet" + depth,
                    () -> ResNet.builder().depth(depth).attention(published(attention)));
        }
    }

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
            return builder.attention(Attention.named("se"))
                    .bottleneckStride(BottleneckStride.FIRST_1X1)
                    .stemPooling(StemPooling.CEIL_MODE);
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
                throw Checks.unknown(
                        "model", name, BUILDERS.keySet(), LISTED_WHOLE, "Models.names() or the command list");
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
