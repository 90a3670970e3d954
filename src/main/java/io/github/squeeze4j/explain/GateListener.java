package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.BlockGate;
import io.github.squeeze4j.internal.Inputs;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.GateReading;
import io.github.squeeze4j.training.GateWatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks in a training at the gates of every attention block: every so many iterations, over the first pictures of the batch, at
 * inference. Says once for each block and gate, as a warning, when more than a third of them do not move; not at the
 * network's first iteration, when some blocks are near the identity, nor for a batch of one picture.
 *
 * <pre>{@code
 * GateListener gates = new GateListener(100);
 * graph.addListeners(gates);
 * graph.fit(batches);
 * gates.writeCsv(Path.of("gates.csv"));
 * }</pre>
 *
 * <p>For a {@link ComputationGraph} with one input, pictures, and one output. In the training of another network it says so once,
 * as a warning, and reads nothing.
 *
 * <p>Bounds are those of {@link GateStudy}. A reading costs a pass forward of {@link #PICTURES} pictures by DL4J.
 */
public final class GateListener extends BaseTrainingListener implements GateWatch {
    /** How many pictures of a batch are looked at, at most. */
    public static final int PICTURES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(GateListener.class);
    private static final double MANY = 1.0 / 3;

    private final int every;
    private final Consumer<String> warnings;
    private final List<GateReading> readings = new ArrayList<>();
    private final Set<String> warned = new HashSet<>();
    private ComputationGraph graph;
    private Explanation explanation;
    private Consumer<GateReading> told = reading -> {};
    private boolean reads = true;

    /**
     * A listener for one network.
     *
     * @param every how many iterations lie between readings; positive, 100 costs little
     */
    public GateListener(int every) {
        this(every, LOG::warn);
    }

    GateListener(int every, Consumer<String> warnings) {
        this.every = Inputs.positive("iterations between readings", every, "use 100");
        this.warnings = warnings;
    }

    @Override
    public void tell(Consumer<GateReading> readings) {
        told = readings;
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        if (!reads || iteration % every != 0) {
            return;
        }
        try {
            read(model, iteration);
        } catch (BadInputException e) {
            reads = false; // it is not worth a training
            warnings.accept("Gates are not read: " + e.getMessage());
        }
    }

    private void read(Model model, int iteration) {
        if (!(model instanceof ComputationGraph)) {
            throw new BadInputException("network (" + model.getClass().getSimpleName()
                    + ") must be a ComputationGraph; train its toComputationGraph()");
        }
        if (graph != model) {
            graph = (ComputationGraph) model;
            explanation = Explanation.of(graph);
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray batch = graph.getInput(0);
            long pictures = Math.min(PICTURES, batch.size(0));
            for (BlockMaps block : explanation.gates(batch.get(NDArrayIndex.interval(0, pictures)))) {
                for (BlockGate gate : block.gates()) {
                    if (gate.isGate()) {
                        GateStatistics statistics = new GateStatistics(block, gate, 1);
                        statistics.add(gate.values(), new int[(int) pictures]);
                        GateReading reading = new GateReading(
                                iteration,
                                statistics.layer,
                                statistics.gate,
                                statistics.alwaysShut(),
                                statistics.alwaysOpen(),
                                statistics.neverMoving());
                        add(reading, pictures > 1);
                    }
                }
            }
        }
    }

    private void add(GateReading reading, boolean mayMove) {
        readings.add(reading);
        told.accept(reading);
        if (mayMove
                && reading.iteration() > 0
                && reading.still() > MANY
                && warned.add(reading.layer() + " " + reading.gate())) {
            warnings.accept("Block " + ShownText.of(reading.layer()) + ": " + Math.round(100 * reading.still())
                    + " % of its " + reading.gate() + " gates do not move (iteration " + reading.iteration()
                    + "); a smaller learning rate, less weight decay or another reduction may help");
        }
    }

    /**
     * What was read so far.
     *
     * @return unmodifiable, in the order of reading
     */
    public List<GateReading> readings() {
        return Collections.unmodifiableList(readings);
    }

    /**
     * Writes a line per reading: iteration, layer, gate, shut, open, still.
     *
     * @param file a CSV file, which is replaced
     */
    public void writeCsv(Path file) {
        GateReading.writeCsv(readings, file);
    }
}
