package io.github.squeeze4j.engine;

import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;

/** Which listeners read what a layer gives. */
final class Listeners {
    private Listeners() {}

    static String refusal(Collection<TrainingListener> listeners) {
        for (TrainingListener listener : listeners) {
            if (readsActivations(listener)) {
                return "listener " + listener.getClass().getSimpleName() + " reads each layer's result";
            }
        }
        return null;
    }

    private static boolean readsActivations(TrainingListener listener) {
        for (Class<?> kind : new Class<?>[] {Map.class, java.util.List.class}) {
            try {
                Method method = listener.getClass().getMethod("onForwardPass", Model.class, kind);
                Class<?> owner = method.getDeclaringClass();
                if (owner != BaseTrainingListener.class && owner != TrainingListener.class) {
                    return true;
                }
            } catch (NoSuchMethodException e) {
                return true;
            }
        }
        return false;
    }
}
