package io.github.squeeze4j.weights;

import io.github.squeeze4j.models.NetworkBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * Trains networks for a few steps and writes them for {@code src/test/python/check_weight_exports.py}: the weights, an image
 * and our logits as plain floats, and the logits that we compute from the same parameters in double precision. Arguments: a
 * folder, the learning rate (0.001), then names of PretrainedTest's networks.
 */
public final class ExportCheck {
    private static final int STEPS = 20;
    private static final int SIZE = 64;
    private static final int CLASSES = 10;
    private static final long SEED = 20261127;

    private ExportCheck() {}

    /**
     * Trains and writes.
     *
     * @param args the folder, the learning rate, then names
     * @throws IOException if a file cannot be written
     */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        double rate = Double.parseDouble(args[1]);
        for (int i = 2; i < args.length; i++) {
            NetworkBuilder<?> builder = PretrainedTest.builder(args[i]);
            ComputationGraph graph = builder.classes(CLASSES)
                    .inputSize(SIZE)
                    .updater(new Nesterovs(rate, 0.9))
                    .build()
                    .init();
            SplittableRandom random = new SplittableRandom(SEED);
            for (int step = 0; step < STEPS; step++) {
                INDArray labels = Nd4j.zeros(4, CLASSES);
                for (int n = 0; n < 4; n++) {
                    labels.putScalar(n, random.nextInt(CLASSES), 1);
                }
                graph.fit(new DataSet(images(random, 4, SIZE), labels));
            }
            INDArray image = images(random, 2, SIZE);
            WeightExport.safetensors(
                    graph, PretrainedTest.SOURCES.get(args[i]), folder.resolve(args[i] + ".safetensors"));
            write(folder.resolve(args[i] + ".image"), image);
            write(folder.resolve(args[i] + ".logits"), ReferenceNetworksTest.logits(graph, image));
            ComputationGraph exact = PretrainedTest.builder(args[i])
                    .classes(CLASSES)
                    .inputSize(SIZE)
                    .dataType(DataType.DOUBLE)
                    .build()
                    .init();
            exact.setParams(graph.params().castTo(DataType.DOUBLE));
            writeDoubles(
                    folder.resolve(args[i] + ".logits64"),
                    ReferenceNetworksTest.logits(exact, image.castTo(DataType.DOUBLE)));
            System.out.println(args[i] + ": score " + graph.score());
        }
    }

    static INDArray images(SplittableRandom random, int count, int size) {
        float[] values = new float[count * 3 * size * size];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * random.nextDouble() - 1);
        }
        return Nd4j.create(values, new long[] {count, 3, size, size}, 'c');
    }

    static void write(Path file, INDArray array) throws IOException {
        float[] values =
                array.dup('c').reshape('c', new long[] {array.length()}).toFloatVector();
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Files.write(file, bytes.array());
    }

    private static void writeDoubles(Path file, INDArray array) throws IOException {
        ByteBuffer bytes =
                ByteBuffer.allocate(Double.BYTES * (int) array.length()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer()
                .put(array.dup('c').reshape('c', new long[] {array.length()}).toDoubleVector());
        Files.write(file, bytes.array());
    }
}
