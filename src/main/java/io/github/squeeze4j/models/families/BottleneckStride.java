package io.github.squeeze4j.models.families;

/** Which convolution of a bottleneck block halves the map. */
public enum BottleneckStride {
    /** The first 1x1: He et al., 1512.03385, and the SENet authors' Caffe networks. */
    FIRST_1X1,
    /** The 3x3: torchvision's "v1.5", moskomule/senet.pytorch, megvii-research/RG-SENet_SP-SENet. */
    MIDDLE_3X3
}
