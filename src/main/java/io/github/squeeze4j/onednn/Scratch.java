package io.github.squeeze4j.onednn;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Memory outside of workspaces that grows with what is asked of it. ND4J frees it with this object, or at {@link #close}. */
public final class Scratch implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private INDArray whole;
    private INDArray aligned;

    /** None yet. */
    public Scratch() {}

    /**
     * At least so much; what was in it is lost when it grows.
     *
     * @param bytes how much
     * @return a FLOAT vector whose address is a multiple of 64
     */
    public INDArray of(long bytes) {
        if (aligned == null || aligned.length() * Float.BYTES < bytes) {
            close();
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                long length = Math.max(1, (bytes + Float.BYTES - 1) / Float.BYTES);
                whole = Nd4j.createUninitialized(DataType.FLOAT, length + ALIGNMENT / Float.BYTES);
                long beyond = Numbers.address(whole) % ALIGNMENT;
                long skipped = beyond == 0 ? 0 : (ALIGNMENT - beyond) / Float.BYTES;
                long[] shape = {length};
                aligned = Nd4j.create(whole.data(), shape, Nd4j.getStrides(shape, 'c'), skipped, 'c');
            }
        }
        return aligned;
    }

    /**
     * Whether an array is a view of this memory.
     *
     * @param array any array
     * @return true if it is, even where it is a view of a view
     */
    public boolean holds(INDArray array) {
        if (whole == null) {
            return false;
        }
        long from = Numbers.address(array) - Numbers.address(whole);
        return from >= 0 && from < whole.length() * Float.BYTES;
    }

    /** Frees the memory; the next call of {@link #of} takes other memory. */
    @Override
    public void close() {
        aligned = null;
        if (whole != null) {
            whole.close();
            whole = null;
        }
    }
}
