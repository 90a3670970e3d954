package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.BuilderText;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.NetworkOptions;
import io.github.squeeze4j.weights.Pretrained;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * The options that all networks share. Workspace modes are DL4J's defaults; set others on {@link Network#conf()}.
 *
 * @param <B> the builder itself
 */
public abstract class NetworkBuilder<B extends NetworkBuilder<B>> implements Cloneable {
    /** Default {@link #seed}. */
    public static final long DEFAULT_SEED = 42;

    /** Learning rate of the default {@link #updater}. */
    public static final double DEFAULT_LEARNING_RATE = 0.1;

    /** Momentum of the default {@link #updater}. */
    public static final double DEFAULT_MOMENTUM = 0.9;

    NetworkOptions options = new NetworkOptions();
    Attention attention = Attention.none();
    Pretrained pretrained;

    /** Begins with the defaults. */
    protected NetworkBuilder() {
        options.seed = DEFAULT_SEED;
        options.updater = new Nesterovs(DEFAULT_LEARNING_RATE, DEFAULT_MOMENTUM);
    }

    /**
     * Lays the layers out.
     *
     * @param graph what to lay them into
     */
    protected abstract void layers(NetworkGraph graph);

    /**
     * Checks that options are complete and fit together.
     *
     * @throws IllegalArgumentException if not
     */
    protected void check() {}

    /**
     * Classes where the user says nothing.
     *
     * @return 1000 in most families
     */
    protected int defaultClasses() {
        return 1000;
    }

    /**
     * Height and width of the images where the user says nothing.
     *
     * @return pixels; 224 in most families
     */
    protected int defaultSize() {
        return 224;
    }

    /**
     * Dropout where the user says nothing.
     *
     * @return a probability; 0 in most families
     */
    protected double defaultDropout() {
        return 0;
    }

    /**
     * What every BatchNorm of the network adds to the variance.
     *
     * @return 1e-5 in most families
     */
    protected double batchNormEpsilon() {
        return NativeBatchNormalization.EPSILON;
    }

    @SuppressWarnings("unchecked")
    private B self() {
        return (B) this;
    }

    /**
     * Number of classes.
     *
     * @param classes at least 2; default 1000 for ImageNet forms, 10 for CIFAR forms
     * @return this
     */
    public B classes(int classes) {
        if (classes < 2) {
            throw new IllegalArgumentException(
                    "classes (" + classes + ") must be at least 2; use one class for each label");
        }
        options.classes = classes;
        return self();
    }

    /**
     * Height and width of the images. Never decides what is built: the same layers take any size.
     *
     * @param size pixels; default 224 for ImageNet forms, 32 for CIFAR forms
     * @return this
     */
    public B inputSize(int size) {
        return inputSize(size, size);
    }

    /**
     * Height and width of the images. Never decides what is built: the same layers take any size.
     *
     * @param height pixels
     * @param width pixels
     * @return this
     */
    public B inputSize(int height, int width) {
        options.height = Checks.positive("input height", height, "use inputSize(224)");
        options.width = Checks.positive("input width", width, "use inputSize(224)");
        return self();
    }

    /**
     * Channels of the images.
     *
     * @param channels at least 1; default 3
     * @return this
     */
    public B inputChannels(int channels) {
        options.channels = Checks.positive("inputChannels", channels, "use 3 for colour and 1 for grey images");
        return self();
    }

    /**
     * Seed of the random weights.
     *
     * @param seed any number; default 42
     * @return this
     */
    public B seed(long seed) {
        options.seed = seed;
        return self();
    }

    /**
     * How gradients become steps.
     *
     * @param updater default Nesterov momentum 0.9 with learning rate 0.1
     * @return this
     */
    public B updater(IUpdater updater) {
        options.updater = Checks.notNull("updater", updater, "use new Nesterovs(0.1, 0.9)");
        return self();
    }

    /**
     * What is added to the gradient of each weight, as a multiple of the weight: what PyTorch's SGD calls weight decay.
     * Biases and BatchNorm are spared.
     *
     * @param l2 0 or more; default 0, the papers' recipes use 1e-4
     * @return this
     */
    public B l2(double l2) {
        options.l2 = Checks.notNegative("l2", l2, "use l2(1e-4)");
        return self();
    }

    /**
     * Type of parameters and activations.
     *
     * @param dataType FLOAT (default) or DOUBLE
     * @return this
     */
    public B dataType(DataType dataType) {
        if (dataType != DataType.FLOAT && dataType != DataType.DOUBLE) {
            throw new IllegalArgumentException(
                    "dataType (" + dataType + ") must be FLOAT or DOUBLE; use dataType(DataType.FLOAT)");
        }
        options.dataType = dataType;
        return self();
    }

    /**
     * Layout of images and maps.
     *
     * @param format NCHW (default) or NHWC
     * @return this
     */
    public B format(CNN2DFormat format) {
        options.format = Checks.notNull("format", format, "use CNN2DFormat.NCHW");
        return self();
    }

    /**
     * Which attention block stands where.
     *
     * @param attention default {@link Attention#none()}
     * @return this
     */
    public B attention(Attention attention) {
        this.attention = Checks.notNull("attention", attention, "use Attention.none()");
        return self();
    }

    /**
     * Dropout before the classifier.
     *
     * @param dropout the probability to drop a value, from 0 to below 1; default the network's own, 0 in most
     * @return this
     */
    public B dropout(double dropout) {
        options.dropout = Checks.probability("dropout", dropout, "use dropout(0.2)");
        return self();
    }

    /**
     * Stochastic depth: how often training leaves out the last residual branch for an example. Block l of L is left out with
     * l / L of this probability (Huang et al., 1603.09382, equation 4).
     *
     * @param stochasticDepth the probability, from 0 to below 1; default 0
     * @return this
     * @see io.github.squeeze4j.layers.StochasticDepth
     */
    public B stochasticDepth(double stochasticDepth) {
        options.stochasticDepth = Checks.probability("stochasticDepth", stochasticDepth, "use stochasticDepth(0.1)");
        return self();
    }

    /**
     * Whether the last BatchNorm of each residual branch starts with gamma 0, so that every block starts as its shortcut
     * (Goyal et al., 1706.02677, section 5.1).
     *
     * @param zeroInitLastGamma default false
     * @return this
     */
    public B zeroInitLastGamma(boolean zeroInitLastGamma) {
        options.zeroInitLastGamma = zeroInitLastGamma;
        return self();
    }

    /**
     * Weights of another library to start from instead of random ones: those of a file of timm, torchvision, Cadene and others,
     * with the file's classes.
     *
     * @param file as {@link io.github.squeeze4j.weights.TensorFile} reads it; it is opened when the network is initialised
     * @return this
     * @see io.github.squeeze4j.weights.WeightSource
     */
    public B weights(Path file) {
        return weights(Pretrained.from(file));
    }

    /**
     * Weights of another library, loaded as it says: {@code Pretrained.from(file).newClassifier()} for other classes than the
     * file's.
     *
     * @param pretrained the file and how to load it; default none
     * @return this
     */
    public B weights(Pretrained pretrained) {
        this.pretrained = Checks.notNull("weights", pretrained, "use Pretrained.from(file)");
        return self();
    }

    /** What is described so far, whatever becomes of this builder. */
    Network describe() {
        check();
        try {
            NetworkBuilder<?> copy = (NetworkBuilder<?>) clone();
            NetworkOptions whole = options.copy();
            whole.classes = whole.classes == 0 ? defaultClasses() : whole.classes;
            whole.height = whole.height == 0 ? defaultSize() : whole.height;
            whole.width = whole.width == 0 ? defaultSize() : whole.width;
            whole.dropout = whole.dropout == null ? defaultDropout() : whole.dropout;
            whole.epsilon = batchNormEpsilon();
            copy.options = whole;
            return new Network(copy);
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** The class around the builder. */
    String family() {
        Class<?> around = getClass().getEnclosingClass();
        return (around == null ? getClass() : around).getSimpleName();
    }

    /**
     * Describes the network and checks that every block fits its place.
     *
     * @return the description
     * @throws IllegalArgumentException if options are missing or do not fit together
     */
    public Network build() {
        Network network = describe();
        if (options.stochasticDepth > 0 && network.residualBlocks() == 0) {
            throw new IllegalArgumentException("stochasticDepth (" + options.stochasticDepth
                    + ") must not be set for a network without residual branches; leave it out");
        }
        if (options.zeroInitLastGamma && network.lastNormalizations() == 0) {
            throw new IllegalArgumentException("zeroInitLastGamma (true) must not be set for a network without residual"
                    + " branches that end in a BatchNorm; leave it out");
        }
        network.conf();
        return network;
    }

    /** What it would build; what is still missing, if something is. */
    @Override
    public String toString() {
        return BuilderText.of(this, this::describe);
    }
}
