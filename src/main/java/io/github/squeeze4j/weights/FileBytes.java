package io.github.squeeze4j.weights;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** An open file, read by position. Whatever is wrong with it is a {@link WeightsException} that names it. */
final class FileBytes implements Closeable {
    private static final int BLOCK = 1 << 16;

    private final Path path;
    private final FileChannel channel;
    private final long size;

    FileBytes(Path path) throws IOException {
        this.path = path;
        channel = FileChannel.open(path, StandardOpenOption.READ);
        size = channel.size();
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    /** What is to be thrown when the content breaks a rule. */
    WeightsException damaged(String rule) {
        return damaged(path, rule);
    }

    static WeightsException damaged(Path path, String rule) {
        return new WeightsException("weights file (" + path + "): " + rule + "; fetch the file again");
    }

    static WeightsException unreadable(Path path, IOException e) {
        return new WeightsException(
                "weights file (" + path + ") must be readable (" + e.getMessage()
                        + "); fetch the file again or check its permissions",
                e);
    }

    /** Reads forward from one position to another, both within the file. */
    Cursor from(long start, long end) {
        return new Cursor(start, end);
    }

    Cursor from(long start) {
        return from(start, size);
    }

    /** Passes over bytes that must be there. */
    static void skip(InputStream in, long count) throws IOException {
        for (long left = count; left > 0; ) {
            long skipped = in.skip(left);
            if (skipped <= 0) {
                throw new EOFException("content ends before its elements");
            }
            left -= skipped;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Reads forward. Its methods other than {@code read} demand that what they want is there. */
    final class Cursor extends InputStream {
        private ByteBuffer block = ByteBuffer.allocate(0);
        private final long end;
        /** Of the first byte behind the block. */
        private long next;

        private Cursor(long start, long end) {
            if (start < 0 || start > end || end > size) {
                throw new IndexOutOfBoundsException(start + " to " + end + " of " + size);
            }
            next = start;
            this.end = end;
        }

        long position() {
            return next - block.remaining();
        }

        long remaining() {
            return end - position();
        }

        @Override
        public int available() {
            return (int) Math.min(remaining(), Integer.MAX_VALUE);
        }

        @Override
        public int read() throws IOException {
            return hasNext() ? block.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!hasNext()) {
                return -1;
            }
            int count = Math.min(length, block.remaining());
            block.get(bytes, offset, count);
            return count;
        }

        @Override
        public long skip(long count) {
            long skipped = Math.max(0, Math.min(count, remaining()));
            long inBlock = Math.min(skipped, block.remaining());
            block.position(block.position() + (int) inBlock);
            next += skipped - inBlock;
            return skipped;
        }

        /** Fills a buffer with what comes next, without a copy in between. */
        void into(ByteBuffer target) throws IOException {
            require(target.remaining(), "content");
            next = position();
            block = ByteBuffer.allocate(0);
            while (target.hasRemaining()) {
                int count = channel.read(target, next);
                if (count < 0) {
                    throw damaged("content must stay while it is read, but ended at byte " + next);
                }
                next += count;
            }
        }

        private boolean hasNext() throws IOException {
            if (!block.hasRemaining() && next < end) {
                if (block.capacity() == 0) {
                    block = ByteBuffer.allocate((int) Math.min(BLOCK, end - next));
                }
                block.clear().limit((int) Math.min(block.capacity(), end - next));
                while (block.hasRemaining()) {
                    int count = channel.read(block, next);
                    if (count < 0) {
                        throw damaged("content must stay while it is read, but ended at byte " + next);
                    }
                    next += count;
                }
                block.flip();
            }
            return block.hasRemaining();
        }

        int next(String what) throws IOException {
            int value = read();
            if (value < 0) {
                throw damaged("content must not end within " + what);
            }
            return value;
        }

        /** Checked against what is left before memory is asked for. */
        byte[] next(long length, String what) throws IOException {
            require(length, what);
            byte[] bytes = new byte[(int) length];
            for (int done = 0; done < bytes.length; ) {
                done += read(bytes, done, bytes.length - done);
            }
            return bytes;
        }

        long nextLittleEndian(int bytes, String what) throws IOException {
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= (long) next(what) << Byte.SIZE * i;
            }
            return value;
        }

        void pass(long length, String what) {
            require(length, what);
            skip(length);
        }

        /** Lengths are also those of Java's arrays. */
        private void require(long length, String what) {
            if (length < 0 || length > remaining()) {
                throw damaged(what + " (" + Long.toUnsignedString(length) + " bytes) must end within the " + end
                        + " bytes that are there, but starts at byte " + position());
            }
        }
    }
}
