package io.github.squeeze4j.training;

/** Passes that never were, for tests of what shows them. */
public final class EpochResults {
    private EpochResults() {}

    public static EpochResult of(double... numbers) {
        return EpochResult.of(numbers);
    }

    public static History history(EpochResult... passes) {
        History history = new History();
        for (EpochResult pass : passes) {
            history.add(pass);
        }
        return history;
    }
}
