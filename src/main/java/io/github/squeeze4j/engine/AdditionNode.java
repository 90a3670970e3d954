package io.github.squeeze4j.engine;

import java.util.Arrays;

/** The sum of results of equal shape. */
final class AdditionNode extends Node {
    AdditionNode(String name, int vertex, int... inputs) {
        super(name, vertex, inputs);
    }

    @Override
    void forward(Emission emission) {
        emission.defineRectified(vertex, Arrays.stream(inputs).allMatch(emission::isRectified));
        if (inputs.length == 2 && inputs[0] != inputs[1]) {
            for (int i = 0; i < 2; i++) {
                Pending branch = emission.absorbable(inputs[i]);
                if (branch != null && branch.takesAddend()) {
                    branch.addend = inputs[1 - i];
                    emission.place(branch.addend); // before the branch's own pass
                    emission.defer(vertex, branch);
                    return;
                }
            }
        }
        emission.defer(vertex, new Sum());
    }

    @Override
    void backward(Emission emission) {
        for (int input : inputs) {
            emission.contribute(input, emission.gradient(vertex));
        }
    }

    private final class Sum extends Pending {
        @Override
        boolean takesAddend() {
            return false;
        }

        @Override
        int emit(Emission emission) {
            int sum = emission.place(inputs[0]);
            for (int i = 1; i < inputs.length; i++) {
                int other = emission.program.as(emission.place(inputs[i]), emission.program.kind(sum));
                boolean last = i == inputs.length - 1;
                sum = emission.steps.add(
                        sum, other, -1, last ? following(emission) : new io.github.squeeze4j.onednn.PostOps());
            }
            return sum;
        }
    }
}
