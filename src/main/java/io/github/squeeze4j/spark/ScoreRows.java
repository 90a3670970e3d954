package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.Preprocessing;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import scala.Predef;
import scala.collection.JavaConverters;

/**
 * Scores the rows of a partition, batch by batch: while the network computes one, threads decode the next. A picture that cannot
 * be decoded gives a row with the reason.
 */
final class ScoreRows implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** What of a row is wanted. */
    static final class Options implements Serializable {
        private static final long serialVersionUID = 1L;

        String inputCol;
        boolean keepInput;
        int batchSize;
        int topK;
        int featureStride;
    }

    private final Broadcast<ModelBytes> model;
    private final Options options;

    ScoreRows(Broadcast<ModelBytes> model, Options options) {
        this.model = model;
        this.options = options;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        ExecutorService decoders = DaemonThreads.pool("squeeze4j-decoder", Executors.threads());
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> decoders.shutdownNow());
        try {
            return new Scored(rows, ScoringModel.of(model.value(), options.featureStride), decoders);
        } catch (OutOfMemoryError e) {
            throw Executors.outOfMemory(e);
        }
    }

    /** A row with its picture in the making. */
    private static final class Pending {
        final Row row;
        final Future<float[]> values;

        Pending(Row row, Future<float[]> values) {
            this.row = row;
            this.values = values;
        }
    }

    private final class Scored implements Iterator<Row> {
        private final Iterator<Row> rows;
        private final ScoringModel network;
        private final ExecutorService decoders;
        private final Deque<Row> ready = new ArrayDeque<>();
        private List<Pending> ahead;

        Scored(Iterator<Row> rows, ScoringModel network, ExecutorService decoders) {
            this.rows = rows;
            this.network = network;
            this.decoders = decoders;
            ahead = nextBatch();
        }

        @Override
        public boolean hasNext() {
            return !ready.isEmpty() || !ahead.isEmpty();
        }

        @Override
        public Row next() {
            if (ready.isEmpty()) {
                List<Pending> batch = ahead;
                ahead = nextBatch();
                try {
                    score(batch);
                } catch (OutOfMemoryError e) {
                    throw Executors.outOfMemory(e);
                }
            }
            return ready.remove();
        }

        /** Reads on the task's own thread, as Spark wants it, and has others decode. */
        private List<Pending> nextBatch() {
            List<Pending> batch = new ArrayList<>();
            while (batch.size() < options.batchSize && rows.hasNext()) {
                Row row = rows.next();
                batch.add(new Pending(row, decoders.submit(() -> values(row))));
            }
            return batch;
        }

        private float[] values(Row row) {
            Object value = row.getAs(options.inputCol);
            return network.preprocessing().toArray(ImageRows.picture(value, ImageRows.name(row, value)));
        }

        private void score(List<Pending> batch) {
            Preprocessing form = network.preprocessing();
            float[] values = new float[batch.size() * form.length()];
            String[] errors = new String[batch.size()];
            int whole = 0;
            for (int i = 0; i < batch.size(); i++) {
                try {
                    System.arraycopy(batch.get(i).values.get(), 0, values, whole * form.length(), form.length());
                    whole++;
                } catch (ExecutionException e) {
                    errors[i] = complaint(e.getCause());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while pictures were decoded", e);
                }
            }
            INDArray[] outputs = whole == 0 ? null : network.score(Arrays.copyOf(values, whole * form.length()), whole);
            int place = 0;
            for (int i = 0; i < batch.size(); i++) {
                ready.add(
                        errors[i] == null
                                ? result(batch.get(i).row, outputs, place++)
                                : result(batch.get(i).row, null, null, null, null, errors[i]));
            }
        }

        private String complaint(Throwable cause) {
            if (cause instanceof BadInputException) {
                return cause.getMessage();
            }
            if (cause instanceof OutOfMemoryError) {
                throw Executors.outOfMemory((OutOfMemoryError) cause);
            }
            throw new IllegalStateException("a picture could not be prepared: " + cause, cause);
        }

        private Row result(Row row, INDArray[] outputs, int place) {
            float[] probabilities = outputs[0].getRow(place).toFloatVector();
            for (float probability : probabilities) {
                if (!Float.isFinite(probability)) {
                    return result(
                            row,
                            null,
                            null,
                            null,
                            null,
                            "probability (" + probability
                                    + ") must be a number; train the network with a smaller learning rate");
                }
            }
            List<Integer> order = IntStream.range(0, probabilities.length)
                    .boxed()
                    .sorted(Comparator.comparing((Integer c) -> -probabilities[c]))
                    .limit(options.topK)
                    .collect(Collectors.toList());
            List<Row> top = order.stream()
                    .map(c -> RowFactory.create(network.classNames().get(c), (double) probabilities[c]))
                    .collect(Collectors.toList());
            // Spark takes Scala's sequences, and no others.
            Object features = options.featureStride == 0
                    ? null
                    : Predef.wrapFloatArray(
                            outputs[1].slice(place).dup('c').data().asFloat());
            Row best = top.get(0);
            return result(row, best.get(0), best.get(1), JavaConverters.asScalaBuffer(top), features, null);
        }

        private Row result(Row row, Object prediction, Object probability, Object top, Object features, String error) {
            List<Object> values = new ArrayList<>();
            for (int i = 0; i < row.length(); i++) {
                if (options.keepInput || !row.schema().fields()[i].name().equals(options.inputCol)) {
                    values.add(row.get(i));
                }
            }
            values.addAll(Arrays.asList(prediction, probability, top));
            if (options.featureStride > 0) {
                values.add(features);
            }
            values.add(error);
            return RowFactory.create(values.toArray());
        }
    }
}
