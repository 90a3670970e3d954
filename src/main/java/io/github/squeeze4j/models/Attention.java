package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.Checks;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.Layer;

/**
 * Which attention block, if any, stands at a place of a network: the one contract between networks and blocks.
 *
 * <p>A network asks once per {@link Site} and puts the layer there under the name {@code stageS.blockB.attention}. The
 * layer must keep the shape of the map, [N, C, H, W] or [N, H, W, C].
 *
 * <pre>{@code
 * ResNet.builder().depth(50).attention(Attention.named("se")).build();
 * ResNet.builder().depth(50).attention(Attention.of(SqueezeExcitation.builder().reduction(8).build())).build();
 * ResNet.builder().depth(50).attention(site -> site.stage() < 3 ? null : myLayer(site.channels())).build();
 * }</pre>
 */
@FunctionalInterface
public interface Attention {
    /**
     * The layer for one place.
     *
     * @param site the place
     * @return a layer configuration of its own, which the network may change; null for no attention there
     */
    Layer at(Site site);

    /**
     * No attention anywhere: the plain network.
     *
     * @return null at every site
     */
    static Attention none() {
        return named("none");
    }

    /**
     * The same block everywhere.
     *
     * @param prototype any layer configuration that keeps the map's shape; each site receives a clone, with all its
     *     options
     * @return the block at every site
     */
    static Attention of(Layer prototype) {
        Layer original = Checks.notNull("prototype", prototype, "use Attention.none() for no attention")
                .clone();
        return new SameEverywhere(null, original);
    }

    /**
     * A block by name, with its default options.
     *
     * @param name one of {@link #names()}
     * @return the block at every site
     * @throws IllegalArgumentException if the name is unknown
     */
    static Attention named(String name) {
        return NamedAttention.get(name);
    }

    /**
     * The names that {@link #named} takes.
     *
     * @return none, se, salient, spse, rgse, cbam, eca, gct, ese, simam, gc, scse, ca, ge, bam, sk
     */
    static List<String> names() {
        return NamedAttention.names();
    }
}
