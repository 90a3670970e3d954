package io.github.squeeze4j.explain;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Where one layer of a network finds what speaks for a class. */
public final class StageMaps {
    private final int number;
    private final int stride;
    private final String layer;
    private final INDArray gradCam;
    private final INDArray gradCamPlusPlus;

    StageMaps(int number, int stride, String layer, INDArray gradCam, INDArray gradCamPlusPlus) {
        this.number = number;
        this.stride = stride;
        this.layer = layer;
        this.gradCam = gradCam;
        this.gradCamPlusPlus = gradCamPlusPlus;
    }

    /**
     * The stage's number.
     *
     * @return from 1, in the order of the strides; 0 for a layer that was chosen by its name
     */
    public int number() {
        return number;
    }

    /**
     * How many pixels of the picture one position of the maps stands for, along each side.
     *
     * @return the stride
     */
    public int stride() {
        return stride;
    }

    /**
     * The vertex of the graph.
     *
     * @return its name, such as {@code stage4.block3.relu}
     */
    public String layer() {
        return layer;
    }

    /**
     * Grad-CAM of the class's score.
     *
     * @return [N, h, w] of the layer's own size, at least 0 and not scaled; FLOAT where the network is HALF, else of its type
     */
    public INDArray gradCam() {
        return gradCam;
    }

    /**
     * Grad-CAM++ of the class's score.
     *
     * @return [N, h, w] of the layer's own size, at least 0 and not scaled; FLOAT where the network is HALF, else of its type
     */
    public INDArray gradCamPlusPlus() {
        return gradCamPlusPlus;
    }

    @Override
    public String toString() {
        return layer + ", stride " + stride;
    }
}
