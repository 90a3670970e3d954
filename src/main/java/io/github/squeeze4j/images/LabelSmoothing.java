package io.github.squeeze4j.images;

/** Labels drawn towards the mean (Szegedy et al., 1512.00567, section 7). */
final class LabelSmoothing implements BatchTransform {
    private final double epsilon;

    LabelSmoothing(double epsilon) {
        this.epsilon = Rules.within("label smoothing", epsilon, 0, 0.999);
    }

    @Override
    public void apply(float[] features, float[] labels, int[] shape, Draws draws) {
        float kept = (float) (1 - epsilon);
        float added = (float) (epsilon * shape[0] / labels.length);
        for (int i = 0; i < labels.length; i++) {
            labels[i] = labels[i] * kept + added;
        }
    }

    @Override
    public String toString() {
        return "labelSmoothing(" + epsilon + ")";
    }
}
