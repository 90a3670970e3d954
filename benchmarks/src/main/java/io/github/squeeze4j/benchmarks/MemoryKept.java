package io.github.squeeze4j.benchmarks;

import com.sun.jna.NativeLibrary;
import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.models.Models;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Resident memory after things that are over: dropped networks, ended threads, undone accelerations, sizes of input. */
public final class MemoryKept {
    private static final int[] AFTER = {10, 40, 100, 200};

    private MemoryKept() {}

    /**
     * Prints resident memory after 10, 40, 100 and 200 of each, with a garbage collection after each and several before each figure.
     *
     * @param args what to do of {@code networks}, {@code undo}, {@code inference}, {@code threads} and
     *     {@code sizes}; all if there is none
     * @throws IOException if this system has no /proc/self/status
     * @throws InterruptedException if it is interrupted
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        NativeBuild.choose();
        Map<String, IntConsumer> cases = new LinkedHashMap<>();
        cases.put("networks", i -> train(network()));
        cases.put("undo", i -> undo());
        cases.put("inference", i -> InferenceNetwork.optimize(network()).outputSingle(images(2, 32, 32)));
        cases.put("threads", i -> inThread(i, MemoryKept::blocks));
        InferenceNetwork[] one = new InferenceNetwork[1];
        cases.put("sizes", i -> {
            one[0] = one[0] == null ? InferenceNetwork.optimize(network()) : one[0];
            one[0].outputSingle(images(2, 24 + i % 15, 24 + i / 15));
        });
        for (String name : args.length > 0 ? List.of(args) : new ArrayList<>(cases.keySet())) {
            IntConsumer step = cases.get(name);
            if (step == null) {
                throw new IllegalArgumentException(name + " is not one of " + cases.keySet());
            }
            int done = 0;
            for (int after : AFTER) {
                for (; done < after; done++) {
                    step.accept(done);
                    // what is dropped and not collected yet is not what is asked for
                    System.gc();
                }
                collect();
                System.out.printf("%s %d: %.1f MiB resident%n", name, after, MemoryGrowth.residentMib());
            }
        }
        System.exit(0); // DL4J's threads are no daemons
    }

    /** Objects whose memory is native are freed by threads of their own once they are found to be garbage. */
    private static void collect() throws InterruptedException {
        for (int i = 0; i < 4; i++) {
            System.gc();
            Thread.sleep(250);
        }
        // what glibc has freed and not given back to the system is kept by nobody
        NativeLibrary.getInstance("c").getFunction("malloc_trim").invokeInt(new Object[] {0});
    }

    private static ComputationGraph network() {
        return Models.builder("se_resnet20").build().init();
    }

    private static ComputationGraph plain() {
        ComputationGraph graph =
                new ComputationGraph(Models.builder("se_resnet20").build().conf());
        graph.init();
        return graph;
    }

    private static INDArray images(int batch, int height, int width) {
        return Nd4j.rand(DataType.FLOAT, batch, 3, height, width);
    }

    private static void train(ComputationGraph network) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 2, 10);
        labels.putScalar(0, 1, 1);
        labels.putScalar(1, 2, 1);
        network.fit(new DataSet(images(2, 32, 32), labels));
        network.outputSingle(images(2, 32, 32));
    }

    private static void undo() {
        ComputationGraph network = plain();
        Acceleration acceleration = Acceleration.apply(network);
        train(network);
        acceleration.undo();
    }

    /** Layers and blocks on their own, whose programs belong to the thread; DL4J's workspaces do not go by themselves. */
    private static void blocks() {
        train(plain());
        Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
    }

    private static void inThread(int number, Runnable action) {
        Thread thread = new Thread(action, "worker " + number);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
