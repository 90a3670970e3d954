package io.github.squeeze4j.training;

import java.util.function.Consumer;
import org.deeplearning4j.optimize.api.TrainingListener;

/** A listener that reads the gates of attention blocks, such as {@code explain.GateListener}. */
public interface GateWatch extends TrainingListener {
    /**
     * Where readings go from now on, besides where the listener keeps them.
     *
     * @param readings called in the training's thread, in {@code iterationDone}
     */
    void tell(Consumer<GateReading> readings);
}
