package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** Pictures of noise, by their index; some of them bad. */
final class Noise implements LabelledPictures {
    private final int size;
    private final List<Integer> bad;
    final AtomicInteger reads = new AtomicInteger();

    Noise(int size, Integer... bad) {
        this.size = size;
        this.bad = List.of(bad);
    }

    static Picture picture(int height, int width, long seed) {
        byte[] pixels = new byte[height * width * 3];
        new Random(seed).nextBytes(pixels);
        return Picture.of(height, width, 3, pixels);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<String> classNames() {
        return List.of("a", "b", "c");
    }

    @Override
    public int label(int index) {
        return index % 3;
    }

    @Override
    public String name(int index) {
        return "noise " + index;
    }

    @Override
    public Picture read(int index) {
        reads.incrementAndGet();
        if (bad.contains(index)) {
            throw new BadInputException("picture (noise " + index + ") is bad");
        }
        return picture(20 + index % 5, 24, index);
    }
}
