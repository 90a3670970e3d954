package io.github.squeeze4j.onednn;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.Indexer;
import org.bytedeco.javacpp.indexer.IntIndexer;
import org.bytedeco.javacpp.indexer.LongIndexer;
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The numbers of arrays, read and written where they lie in memory.
 *
 * <p>An address holds nothing, nor does ND4J's indexer: the garbage collector may free an array's memory as soon as no code
 * that is still to run mentions the array, though a loop, or oneDNN, is in the middle of it. No other class of this library
 * takes addresses or indexers. What goes over memory in Java does it with the classes below, each of whose accesses holds
 * the array; what goes to oneDNN goes through a {@link Program}, which holds its arrays until the call has returned.
 */
public final class Numbers {
    private Numbers() {}

    /** Where an array begins, for a {@link Program} that holds it; 0 for null. */
    static long address(INDArray array) {
        // a buffer's address is that of the array of which it is a view
        return array == null ? 0 : array.data().address() + array.offset() * Float.BYTES;
    }

    /** Memory that is another array's, and holds it. */
    private static final class Part extends FloatPointer {
        @SuppressWarnings({"unused", "FieldCanBeLocal"}) // held
        private final INDArray owner;

        Part(INDArray owner, long start, long length) {
            this.owner = owner;
            address = start;
            limit = length;
            capacity = length;
        }
    }

    /**
     * A part of an array as an array of its own, which begins at 0 as all arrays of DL4J's workspaces do: ND4J's {@code get}
     * gives an empty array for parts of a view that begins elsewhere.
     */
    static INDArray part(INDArray array, long offset, long[] shape) {
        long length = ArrayUtil.prodLong(shape);
        Part memory = new Part(array, address(array) + offset * Float.BYTES, length);
        // a view made in a workspace would count as part of it
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            DataBuffer buffer = Nd4j.createBuffer(memory, DataType.FLOAT, length, FloatIndexer.create(memory));
            return Nd4j.create(buffer, shape, Nd4j.getStrides(shape, 'c'), 0, 'c');
        }
    }

    /** Writes memory that it is given. */
    public interface Filler {
        /**
         * Fills the buffer.
         *
         * @param memory little-endian on the processors that ND4J has builds for; not to be kept
         * @throws IOException if what it reads from fails
         */
        void fill(ByteBuffer memory) throws IOException;
    }

    /**
     * Has an array's memory filled, which is held meanwhile.
     *
     * @param array FLOAT on the CPU, in C order without gaps, below 2 GiB
     * @param filler what writes it
     * @throws IOException if the filler throws it
     */
    public static void fill(INDArray array, Filler filler) throws IOException {
        try {
            filler.fill(new Part(array, address(array), array.length()).asByteBuffer());
        } finally {
            Reference.reachabilityFence(array);
        }
    }

    /** Numbers of a FLOAT array in the order of its memory. */
    public static final class Floats {
        private final INDArray owner;
        private final FloatIndexer indexer;
        private final long start;

        /**
         * All of an array.
         *
         * @param array FLOAT, without gaps
         */
        public Floats(INDArray array) {
            this(array, 0);
        }

        Floats(INDArray array, long start) {
            owner = array;
            indexer = (FloatIndexer) array.data().indexer();
            this.start = start;
        }

        /**
         * Reads one.
         *
         * @param index from 0
         * @return the number
         */
        public float get(long index) {
            float value = indexer.get(start + index);
            Reference.reachabilityFence(owner);
            return value;
        }

        /**
         * Writes one.
         *
         * @param index from 0
         * @param value the number
         */
        public void put(long index, float value) {
            indexer.put(start + index, value);
            Reference.reachabilityFence(owner);
        }
    }

    /** Numbers of a DOUBLE array in the order of its memory. */
    public static final class Doubles {
        private final INDArray owner;
        private final DoubleIndexer indexer;

        /**
         * All of an array.
         *
         * @param array DOUBLE, without gaps
         */
        public Doubles(INDArray array) {
            owner = array;
            indexer = (DoubleIndexer) array.data().indexer();
        }

        /**
         * Reads one.
         *
         * @param index from 0
         * @return the number
         */
        public double get(long index) {
            double value = indexer.get(index);
            Reference.reachabilityFence(owner);
            return value;
        }

        /**
         * Writes one.
         *
         * @param index from 0
         * @param value the number
         */
        public void put(long index, double value) {
            indexer.put(index, value);
            Reference.reachabilityFence(owner);
        }
    }

    /** Numbers of an INT32 or INT64 array in the order of its memory. */
    public static final class Integers {
        private final INDArray owner;
        private final IntIndexer narrow;
        private final LongIndexer wide;

        /**
         * All of an array.
         *
         * @param array INT32 or INT64, without gaps
         */
        public Integers(INDArray array) {
            owner = array;
            Indexer indexer = array.data().indexer();
            narrow = indexer instanceof IntIndexer ? (IntIndexer) indexer : null;
            wide = narrow == null ? (LongIndexer) indexer : null;
        }

        /**
         * Reads one.
         *
         * @param index from 0
         * @return the number
         */
        public long get(long index) {
            long value = narrow == null ? wide.get(index) : narrow.get(index);
            Reference.reachabilityFence(owner);
            return value;
        }
    }
}
