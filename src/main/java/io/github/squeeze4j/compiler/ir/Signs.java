package io.github.squeeze4j.compiler.ir;

/** What a graph makes of numbers that are not negative. */
public final class Signs {
    private Signs() {}

    /**
     * Whether no output is negative where no input is, and none is more than 0 where inputs that are 0 are by a little less.
     *
     * @param graph any
     * @return true if that is certain for every value of the parameters
     */
    public static boolean areKept(Graph graph) {
        return graph.outputs().stream().allMatch(Signs::isKept);
    }

    private static boolean isKept(Value value) {
        switch (value.op()) {
            case INPUT:
            case RELU:
            case RELU6:
            case SIGMOID:
            case HARD_SIGMOID:
            case SOFTMAX:
                return true;
            case CAST:
            case RESHAPE:
            case REPEAT:
            case MEAN:
            case MAX:
            case SUM:
                return isKept(value.input(0));
            case AFFINE:
                return value.number("alpha") >= 0 && value.number("beta") >= 0 && isKept(value.input(0));
            case ADD:
            case MULTIPLY:
            case MAXIMUM:
                return value.inputs().stream().allMatch(Signs::isKept);
            default:
                return false;
        }
    }
}
