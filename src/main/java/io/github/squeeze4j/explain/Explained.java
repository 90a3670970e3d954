package io.github.squeeze4j.explain;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What {@link Explanation#explain} found. All arrays are the caller's, outside of workspaces, in the network's type. */
public final class Explained {
    private final INDArray output;
    private final INDArray scores;
    private final int[] classes;
    private final List<StageMaps> stages;
    private final List<BlockMaps> blocks;
    private final INDArray inputGradient;

    Explained(
            INDArray output,
            INDArray scores,
            int[] classes,
            List<StageMaps> stages,
            List<BlockMaps> blocks,
            INDArray inputGradient) {
        this.output = output;
        this.scores = scores;
        this.classes = classes;
        this.stages = List.copyOf(stages);
        this.blocks = List.copyOf(blocks);
        this.inputGradient = inputGradient;
    }

    /**
     * What the network gives.
     *
     * @return [N, classes], such as probabilities
     */
    public INDArray output() {
        return output;
    }

    /**
     * The scores of the classes, before the output layer's activation.
     *
     * @return [N, classes]
     */
    public INDArray scores() {
        return scores;
    }

    /**
     * The classes that the maps explain.
     *
     * @return for each picture the index of the class, from 0
     */
    public int[] classes() {
        return classes.clone();
    }

    /**
     * Grad-CAM and Grad-CAM++ at each stage or chosen layer.
     *
     * @return unmodifiable, from the input to the output
     */
    public List<StageMaps> stages() {
        return stages;
    }

    /**
     * The gates of every attention block.
     *
     * @return unmodifiable, from the input to the output; empty where the network has no blocks
     */
    public List<BlockMaps> blocks() {
        return blocks;
    }

    /**
     * The gradient of each picture's score with respect to the picture.
     *
     * @return of the input's shape
     */
    public INDArray inputGradient() {
        return inputGradient;
    }
}
