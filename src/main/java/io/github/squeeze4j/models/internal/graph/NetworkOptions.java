package io.github.squeeze4j.models.internal.graph;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;

/** What a builder of networks was told of the layers, before what was left out is the family's own. */
public final class NetworkOptions implements Cloneable {
    /** 0 for the family's own. */
    public int classes;
    /** 0 for the family's own. */
    public int height;
    /** 0 for the family's own. */
    public int width;

    public int channels = 3;
    public long seed;
    public IUpdater updater;
    public double l2;
    public DataType dataType = DataType.FLOAT;
    public CNN2DFormat format = CNN2DFormat.NCHW;
    /** Null for the family's own. */
    public Double dropout;

    public double stochasticDepth;
    public boolean zeroInitLastGamma;
    /** What every BatchNorm adds to the variance. */
    public double epsilon;

    /** The same in an object of its own. */
    public NetworkOptions copy() {
        try {
            return (NetworkOptions) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** Height, width, channels and format of the images. */
    public InputType.InputTypeConvolutional inputType() {
        return (InputType.InputTypeConvolutional) InputType.convolutional(height, width, channels, format);
    }
}
