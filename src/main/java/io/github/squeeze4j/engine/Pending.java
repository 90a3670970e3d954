package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.PostOps;
import java.util.ArrayList;
import java.util.List;

/** A result that is not computed yet, since what follows may become part of the same pass. */
abstract class Pending {
    /** The vertex whose result is added, or -1. */
    int addend = -1;
    /** What is applied last. */
    Function function = Function.IDENTITY;

    /** The vertices that it reads. */
    final List<Integer> reads = new ArrayList<>();

    private int place = -1;

    /** Whether an addition can become part of it. */
    boolean takesAddend() {
        return addend < 0 && function == Function.IDENTITY;
    }

    /** Whether a function can become part of it. */
    boolean takesFunction(Function next) {
        return function == Function.IDENTITY;
    }

    /** Whether backward of this pass takes care of the function too. */
    boolean ownsFunctionGradient() {
        return false;
    }

    /** The result's place. */
    final int place(Emission emission) {
        if (place < 0) {
            place = emit(emission);
            emission.released(reads);
            reads.clear();
        }
        return place;
    }

    abstract int emit(Emission emission);

    /** The addition and the function as what follows a primitive. */
    final PostOps following(Emission emission) {
        PostOps post = new PostOps();
        if (addend >= 0) {
            post.add(emission.place(addend));
        }
        return post.apply(emission.kept(function));
    }
}
