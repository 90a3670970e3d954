package io.github.squeeze4j.explain;

import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.PictureSets;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Retrofit;
import io.github.squeeze4j.models.RetrofitResult;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.OneCycle;
import io.github.squeeze4j.training.Optimizer;
import io.github.squeeze4j.training.Trainer;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What six blocks look at in the same photographs: puts each into an EfficientNet-Lite0 that was fine-tuned by {@code train --weights},
 * trains it for some passes more, writes a page of each and one picture of all, Grad-CAM at the last stage. {@code mvn -q
 * test-compile exec:java -Dexec.mainClass=io.github.squeeze4j.explain.RetrofittedPages -Dexec.classpathScope=test
 * -Dexec.args="model.zip DATA OUT PASSES PHOTOGRAPH..."}.
 */
public final class RetrofittedPages {
    private static final List<String> BLOCKS = List.of("se", "cbam", "salient", "spse", "rgse", "ca");
    private static final int BATCH = 16;
    private static final int SIDE = 190;
    private static final int LINE = 24;

    private RetrofittedPages() {}

    /**
     * Trains and draws.
     *
     * @param args the fine-tuned model, its data, the folder for what is written, passes, photographs
     * @throws Exception if a file cannot be read or written
     */
    public static void main(String[] args) throws Exception {
        Path out = Path.of(args[2]);
        int passes = Integer.parseInt(args[3]);
        List<Path> photographs = Arrays.stream(args).skip(4).map(Path::of).collect(Collectors.toList());
        PictureSets sets = PictureSets.open(Path.of(args[1]));
        LabelledPictures held = sets.validation().orElseThrow();
        BufferedImage all =
                new BufferedImage(BLOCKS.size() * SIDE, LINE + photographs.size() * SIDE, BufferedImage.TYPE_INT_RGB);
        Graphics2D canvas = all.createGraphics();
        canvas.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        canvas.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        canvas.setColor(Color.WHITE);
        canvas.fillRect(0, 0, all.getWidth(), all.getHeight());
        canvas.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        for (int b = 0; b < BLOCKS.size(); b++) {
            String block = BLOCKS.get(b);
            ImageClassifier classifier = retrofitted(ImageClassifier.load(Path.of(args[0])), block);
            double before = classifier.evaluate(held).top1();
            train(classifier, sets.train(), held, passes);
            Path page = new ExplanationReport(classifier).write(photographs, out.resolve(block));
            System.out.printf(
                    Locale.ROOT,
                    "%s: held-out top-1 %.3f, after %d passes %.3f; %s has %.2f MB%n",
                    block,
                    before,
                    passes,
                    classifier.evaluate(held).top1(),
                    page,
                    Files.size(page) / 1e6);
            canvas.setColor(Color.BLACK);
            canvas.drawString(block, b * SIDE + 6, LINE - 7);
            for (int p = 0; p < photographs.size(); p++) {
                canvas.drawImage(
                        seen(classifier, photographs.get(p)), b * SIDE, LINE + p * SIDE, SIDE - 4, SIDE - 4, null);
            }
        }
        canvas.dispose();
        ImageIO.write(all, "png", out.resolve("blocks.png").toFile());
    }

    /** With the block before each residual addition. */
    private static ImageClassifier retrofitted(ImageClassifier classifier, String block) {
        Preprocessing input = classifier.preprocessing();
        RetrofitResult result = Retrofit.of(classifier.graph())
                .inputTypes(InputType.convolutional(
                        input.height(), input.width(), input.colours().channels()))
                .after("stage\\d+\\.block\\d+\\.project\\.bn")
                .insert(Attention.named(block))
                .randomStart()
                .build();
        return ImageClassifier.of(result.graph(), classifier.classNames(), input)
                .named("efficientnet_lite0 with " + block);
    }

    private static void train(ImageClassifier classifier, LabelledPictures train, LabelledPictures held, int passes) {
        ComputationGraph graph = classifier.graph();
        graph.getConfiguration().setIterationCount(0);
        Preprocessing input = classifier.preprocessing();
        int steps = Trainer.steps(train.size(), BATCH, passes);
        Trainer.builder()
                .epochs(passes)
                .batchSize(BATCH)
                .augmentation(Preset.named("rgsenet", input.height(), input.width(), input.colours())
                        .augmentation())
                .optimizer(Optimizer.builder(Optimizer.Kind.ADAMW, new OneCycle(2e-3, steps))
                        .build())
                .build()
                .fit(classifier, train, held);
    }

    /** The part of the photograph that the network sees, under its map. */
    private static BufferedImage seen(ImageClassifier classifier, Path file) {
        Picture picture = Picture.read(file);
        Preprocessing input = classifier.preprocessing();
        INDArray batch = Nd4j.createFromArray(input.toArray(picture))
                .reshape('c', 1, input.colours().channels(), input.height(), input.width());
        List<StageMaps> stages =
                Explanation.of(classifier.graph()).explain(batch).stages();
        double[] window = input.window(picture);
        BufferedImage whole = MapPicture.scaled(
                        stages.get(stages.size() - 1).gradCam().slice(0))
                .over(picture.toImage(), window);
        return whole.getSubimage(
                (int) Math.max(0, window[1]),
                (int) Math.max(0, window[0]),
                (int) Math.min(window[3], whole.getWidth()),
                (int) Math.min(window[2], whole.getHeight()));
    }
}
