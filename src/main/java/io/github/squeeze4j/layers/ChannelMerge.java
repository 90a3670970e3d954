package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.conf.graph.MergeVertex;

/**
 * DL4J's {@link MergeVertex} with a copy that is equal: M2.1's forgets the axis, so that clones of networks with channels last
 * fail.
 *
 * <p>Inputs [N, Ci, H, W] (or [N, H, W, Ci]), output the channels of all inputs, one after another.
 *
 * <pre>{@code
 * .addVertex("concat", new ChannelMerge(), "branch1", "branch2")
 * }</pre>
 */
public final class ChannelMerge extends MergeVertex {
    private static final long serialVersionUID = 1;

    /** A vertex without options: the axis follows the format of its inputs. */
    public ChannelMerge() {}

    @Override
    public ChannelMerge clone() {
        ChannelMerge copy = new ChannelMerge();
        copy.mergeAxis = mergeAxis;
        copy.modified = modified;
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChannelMerge && ((ChannelMerge) other).mergeAxis == mergeAxis;
    }

    @Override
    public int hashCode() {
        return ChannelMerge.class.hashCode();
    }
}
