package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;

/** Which dropout drops nothing: that with which Keras' layers are imported. */
final class Dropouts {
    private Dropouts() {}

    static boolean keepsAll(IDropout dropout) {
        return dropout.getClass() == Dropout.class
                && ((Dropout) dropout).getPSchedule() == null
                && ((Dropout) dropout).getP() == 1;
    }
}
