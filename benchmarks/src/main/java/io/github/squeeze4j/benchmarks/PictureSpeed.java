package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.images.Draws;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.PictureFinder;
import io.github.squeeze4j.images.Preset;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Milliseconds per picture of a folder, from the file to the network's floats, on one thread: for each preset named, the first
 * time, when each file is checked, and afterwards: the fastest pass. {@code benchmarks/pictures.py} runs it.
 */
public final class PictureSpeed {
    private static final int PASSES = 7;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private PictureSpeed() {}

    /**
     * Prints a line "PRESET first MS later MS" for each preset.
     *
     * @param args the folder, then names of presets
     */
    public static void main(String[] args) {
        Path folder = Path.of(args[0]);
        for (String name : Arrays.asList(args).subList(1, args.length)) {
            Preset preset = Preset.named(name);
            // Compiles everything.
            for (int i = 0; i < 8; i++) {
                pass(open(folder), preset);
            }
            LabelledPictures known = open(folder);
            pass(known, preset);
            double first = Double.MAX_VALUE;
            double later = Double.MAX_VALUE;
            for (int i = 0; i < PASSES; i++) {
                first = Math.min(first, pass(open(folder), preset));
                later = Math.min(later, pass(known, preset));
            }
            System.out.printf(Locale.ROOT, "%s first %.3f later %.3f%n", name, first, later);
        }
    }

    private static LabelledPictures open(Path folder) {
        return new PictureFinder().split(0, 0).open(folder).train();
    }

    /** Milliseconds of this thread's processor time per picture: other programs do not count. */
    static double pass(LabelledPictures pictures, Preset preset) {
        float[] out = new float[preset.preprocessing().length()];
        long start = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < pictures.size(); i++) {
            Picture picture = pictures.read(i);
            Picture changed = preset.augmentation() == null
                    ? preset.preprocessing().prepare(picture)
                    : preset.augmentation().apply(picture, Draws.of(1, i));
            preset.preprocessing().write(changed, out, 0);
        }
        return (THREADS.getCurrentThreadCpuTime() - start) / 1e6 / pictures.size();
    }
}
