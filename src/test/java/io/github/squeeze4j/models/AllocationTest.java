package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.buffer.factory.DataBufferFactory;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * A training step allocates in workspaces only. Memory outside them is new at every step: it is faulted in page by page, and
 * freed only when the garbage collector happens to run.
 */
@Tag("tiny")
class AllocationTest {
    private static final int BATCH = 4;
    private static final int SMALL = 16;
    private static final int WARM_UP = 3;
    private static final int STEPS = 3;

    /** Less than the smallest map of ResNet-20 (4x64x4x4); single numbers and shapes stay below it. */
    private static final long BYTES = 8192;

    @ParameterizedTest
    @CsvSource({
        "resnet20,NCHW",
        "se_resnet20,NCHW",
        "se_resnet20,NHWC",
        "cbam_resnet20,NCHW",
        "spse_resnet20,NCHW",
        "rgse_resnet20,NCHW",
        "salient_resnet20,NCHW",
        "mobilenet_v2,NCHW",
        "resnet20+eca,NCHW",
        "resnet20+gct,NCHW",
        "resnet20+ese,NCHW",
        "resnet20+simam,NCHW",
        "resnet20+gc,NCHW",
        "resnet20+scse,NCHW",
        "resnet20+ca,NCHW",
        "resnet20+ge,NCHW",
        "resnet20+bam,NCHW",
        "resnet20+sk,NCHW"
    })
    void trainingStaysInWorkspaces(String model, CNN2DFormat format) throws Exception {
        ComputationGraph graph = graph(model, format);
        INDArray[] images = {images(format, size(model))};
        INDArray[] labels = {labels()};
        assertThat(outside(() -> graph.fit(images, labels))).isEmpty();
        ComputationGraph layerByLayer = graph.clone(); // not accelerated
        assertThat(outside(() -> layerByLayer.fit(images, labels))).isEmpty();
    }

    /** The search finds what it is for. */
    @Test
    void arraysOutsideAreFound() throws Exception {
        ComputationGraph graph = graph("se_resnet20", CNN2DFormat.NCHW);
        INDArray[] images = {images(CNN2DFormat.NCHW, SMALL)};
        INDArray[] labels = {labels()};
        Map<String, Long> found = outside(() -> {
            graph.fit(images, labels);
            images[0].dup();
        });
        assertThat(found).hasSize(1);
        assertThat(found.values()).containsExactly((long) STEPS * BATCH * 3 * SMALL * SMALL * Float.BYTES);
    }

    /** A registered network, or ResNet-20 with the block of the name. */
    private static ComputationGraph graph(String model, CNN2DFormat format) {
        String[] parts = model.split("\\+");
        NetworkBuilder<?> builder = Models.builder(parts[0]);
        if (parts.length > 1) {
            builder.attention(Attention.named(parts[1]));
        }
        return builder.inputSize(size(model))
                .classes(4)
                .format(format)
                .updater(new Nesterovs(1e-3, 0.9))
                .build()
                .init();
    }

    /** RGSE's window of 7 must fit the last maps; MobileNet halves five times. */
    private static int size(String model) {
        return model.startsWith("rgse") ? 28 : model.startsWith("mobilenet") ? 32 : SMALL;
    }

    private static INDArray images(CNN2DFormat format, int size) {
        return format == CNN2DFormat.NCHW
                ? Nd4j.randn(DataType.FLOAT, BATCH, 3, size, size)
                : Nd4j.randn(DataType.FLOAT, BATCH, size, size, 3);
    }

    private static INDArray labels() {
        return Nd4j.eye(BATCH).castTo(DataType.FLOAT);
    }

    /** Bytes of arrays outside workspaces, by who made them, in some steps after a few others; also memory not ND4J's. */
    private static Map<String, Long> outside(Runnable step) throws Exception {
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        Map<String, Long> found = new TreeMap<>();
        Field field = Nd4j.class.getDeclaredField("DATA_BUFFER_FACTORY_INSTANCE");
        field.setAccessible(true);
        DataBufferFactory factory = (DataBufferFactory) field.get(null);
        field.set(null, recording(factory, found));
        long before = Pointer.totalBytes();
        try {
            for (int i = 0; i < STEPS; i++) {
                step.run();
            }
        } finally {
            field.set(null, factory);
        }
        long grown = Pointer.totalBytes() - before;
        // The arguments of ND4J's operations, some dozens of bytes each, until they are collected.
        if (grown > 1_000_000) {
            found.put("JavaCPP", grown);
        }
        return found;
    }

    private static DataBufferFactory recording(DataBufferFactory factory, Map<String, Long> found) {
        return (DataBufferFactory) Proxy.newProxyInstance(
                AllocationTest.class.getClassLoader(),
                new Class<?>[] {DataBufferFactory.class},
                (proxy, method, given) -> {
                    Object result;
                    try {
                        result = method.invoke(factory, given);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    if (result instanceof DataBuffer) {
                        DataBuffer buffer = (DataBuffer) result;
                        long bytes = buffer.length() * buffer.getElementSize();
                        // neither a view nor memory that is there already
                        boolean own = buffer.originalDataBuffer() == null && !(given[0] instanceof Pointer);
                        if (own && !buffer.isAttached() && bytes >= BYTES) {
                            found.merge(caller(), bytes, Long::sum);
                        }
                    }
                    return result;
                });
    }

    /** The innermost frames that are not ND4J's own. */
    private static String caller() {
        return Arrays.stream(Thread.currentThread().getStackTrace())
                .filter(frame -> frame.getClassName().matches("(org\\.deeplearning4j|io\\.github\\.squeeze4j)\\..*"))
                .filter(frame -> !frame.getClassName().startsWith(AllocationTest.class.getName()))
                .limit(3)
                .map(StackTraceElement::toString)
                .reduce((inner, outer) -> inner + " < " + outer)
                .orElse("the test");
    }
}
