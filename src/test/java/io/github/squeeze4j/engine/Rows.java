package io.github.squeeze4j.engine;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Model;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the tables share: one row is one network, compared with its accelerated copy; and what a class path holds. */
final class Rows {
    /** Networks compared, and those of which the program ran the last pass. */
    static int compared;

    static int ran;
    /** Why the program did not run the last pass of the others. */
    static final Map<String, Integer> REFUSALS = new TreeMap<>();

    private Rows() {}

    /**
     * How a network differs when accelerated: outputs, gradients and three training steps, then outputs of its form for
     * inference.
     *
     * @param build the network in a type, always the same
     * @return null where nothing differs
     * @throws RuntimeException if DL4J fails
     */
    static String difference(Function<DataType, Model> build, long[]... shapes) {
        Twins.closeWorkspaces();
        List<Twins.Pass> passes = new ArrayList<>();
        Random random = new Random(shapes[0][1]);
        Model stock = randomised(build, DataType.FLOAT);
        for (int batch : new int[] {2, 3, 1}) {
            INDArray[] x = new INDArray[shapes.length];
            for (int i = 0; i < x.length; i++) {
                long[] shape = shapes[i].clone();
                shape[0] = batch;
                x[i] = Twins.normal(random, shape);
            }
            passes.add(Twins.pass(stock, random, x));
        }
        return difference(build, stock, passes);
    }

    private static Model randomised(Function<DataType, Model> build, DataType type) {
        return Twins.randomised(build.apply(type), 5);
    }

    private static String difference(Function<DataType, Model> build, Model stock, List<Twins.Pass> passes) {
        Map<String, INDArray> expected = Twins.trace(stock, passes);
        Model accelerated = randomised(build, DataType.FLOAT);
        Map<String, INDArray> actual;
        try {
            Acceleration acceleration = Twins.accelerate(accelerated);
            actual = Twins.trace(accelerated, passes);
            compared++;
            String refusal = acceleration.lastRefusal();
            if (refusal == null) {
                ran++;
            } else {
                REFUSALS.merge(refusal, 1, Integer::sum);
            }
        } catch (Twins.Failed e) {
            return "throws " + e.getMessage() + " at " + e.getCause().getStackTrace()[0];
        } catch (RuntimeException e) {
            return "throws " + e + " at " + e.getStackTrace()[0];
        }
        String difference = Twins.difference(actual, expected, null);
        if (difference != null) { // more than rounding, or does DL4J compute it as badly?
            difference = Twins.difference(actual, expected, reference(build, passes));
        }
        if (difference != null) {
            return difference;
        }
        Map<String, INDArray> wanted = Twins.outputs(x -> Twins.output(stock, false, x), passes);
        if (wanted == null) {
            return null;
        }
        Map<String, INDArray> outputs;
        try {
            outputs = Twins.outputs(Twins.optimize(stock)::output, passes);
        } catch (RuntimeException e) {
            return "InferenceNetwork throws " + e + " at " + e.getStackTrace()[0];
        }
        difference = outputs == null ? "throws" : Twins.difference(outputs, wanted, null);
        return difference == null ? null : "InferenceNetwork " + difference;
    }

    private static Map<String, INDArray> reference(Function<DataType, Model> build, List<Twins.Pass> passes) {
        List<Twins.Pass> others =
                passes.stream().map(pass -> pass.as(DataType.DOUBLE)).collect(Collectors.toList());
        try {
            return Twins.trace(randomised(build, DataType.DOUBLE), others);
        } catch (RuntimeException e) {
            return null;
        }
    }

    /** Public concrete classes of a package and those below it, in the archive that a class of it came in. */
    static TreeSet<String> classes(Class<?> of, String packageName, Class<?>... kinds) {
        TreeSet<String> names = new TreeSet<>();
        String path = packageName.replace('.', '/') + "/";
        try (JarFile jar = new JarFile(
                new File(of.getProtectionDomain().getCodeSource().getLocation().toURI()))) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                String name = entries.nextElement().getName();
                if (!name.startsWith(path) || !name.endsWith(".class")) {
                    continue;
                }
                Class<?> type = Class.forName(
                        name.substring(0, name.length() - 6).replace('/', '.'), false, Rows.class.getClassLoader());
                boolean usable = Modifier.isPublic(type.getModifiers()) && !type.isInterface();
                for (Class<?> kind : kinds) {
                    if (usable && kind.isAssignableFrom(type)) {
                        names.add(type.getName().substring(packageName.length() + 1));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException | ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
        return names;
    }

    /** Names of a builder's options: its public methods, but setters of the same name and what it inherits from a class. */
    static TreeSet<String> options(Class<?> builder, Class<?> without) {
        TreeSet<String> names = new TreeSet<>();
        TreeSet<String> inherited = new TreeSet<>();
        for (Class<?> type = without; type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                inherited.add(method.getName());
            }
        }
        for (Method method : builder.getMethods()) {
            boolean option = method.getParameterCount() > 0
                    && !Modifier.isStatic(method.getModifiers())
                    && method.getDeclaringClass() != Object.class
                    && !inherited.contains(method.getName())
                    && !method.getName().startsWith("set");
            if (option && !method.getName().equals("build")) {
                names.add(method.getName());
            }
        }
        return names;
    }
}
