package io.github.squeeze4j.engine;

import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;

/** Which listeners may read what each layer gives: those with an {@code onForwardPass} of their own. */
final class Listeners {
    private Listeners() {}

    /** The names of those that may read, or null. */
    static String readers(Collection<TrainingListener> listeners) {
        String names = null;
        for (TrainingListener listener : listeners) {
            if (readsActivations(listener)) {
                String name = listener.getClass().getSimpleName();
                names = names == null ? name : names + ", " + name;
            }
        }
        return names;
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
