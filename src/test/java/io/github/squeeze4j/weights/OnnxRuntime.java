package io.github.squeeze4j.weights;

import java.lang.reflect.Method;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * A network in ONNX Runtime. By reflection, since its 130 MB are on the class path of the tests that Surefire runs, and of
 * nothing else: the project does not compile against it.
 */
final class OnnxRuntime implements AutoCloseable {
    private static final String PACKAGE = "ai.onnxruntime.";

    private final Object environment;
    private final AutoCloseable session;

    OnnxRuntime(Path file) throws Exception {
        environment = type("OrtEnvironment").getMethod("getEnvironment").invoke(null);
        session = (AutoCloseable)
                type("OrtEnvironment").getMethod("createSession", String.class).invoke(environment, file.toString());
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(PACKAGE + name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "ONNX Runtime must be on the class path; run mvn test, or add com.microsoft.onnxruntime:onnxruntime",
                    e);
        }
    }

    /** The rows of the first output for the input named {@code input}. */
    float[][] run(float[] values, long... shape) throws Exception {
        Method create =
                type("OnnxTensor").getMethod("createTensor", type("OrtEnvironment"), FloatBuffer.class, long[].class);
        try (AutoCloseable input = (AutoCloseable) create.invoke(null, environment, FloatBuffer.wrap(values), shape);
                AutoCloseable result = (AutoCloseable)
                        type("OrtSession").getMethod("run", Map.class).invoke(session, Map.of("input", input))) {
            Object output =
                    type("OrtSession$Result").getMethod("get", int.class).invoke(result, 0);
            return (float[][]) type("OnnxValue").getMethod("getValue").invoke(output);
        }
    }

    @Override
    public void close() throws Exception {
        session.close();
    }
}
