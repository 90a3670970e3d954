package io.github.squeeze4j.engine;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;

/** Single numbers at any address. */
final class Memory {
    private static final FloatIndexer ALL = FloatIndexer.create(new Everything());

    private Memory() {}

    static float get(long address, long index) {
        return ALL.get(address / Float.BYTES - 1 + index);
    }

    static void put(long address, long index, float value) {
        ALL.put(address / Float.BYTES - 1 + index, value);
    }

    /** From the second number of the address space on, since the first has no address. */
    private static final class Everything extends FloatPointer {
        Everything() {
            super((Pointer) null);
            address = Float.BYTES;
            limit = Long.MAX_VALUE / Float.BYTES;
            capacity = limit;
        }
    }
}
