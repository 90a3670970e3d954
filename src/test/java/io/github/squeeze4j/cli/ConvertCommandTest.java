package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.Npz;
import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.weights.WeightExport;
import io.github.squeeze4j.weights.WeightSource;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Weights of another library become a model, and go back. */
class ConvertCommandTest {
    @TempDir
    private static Path folder;

    private static Path weights;
    private static INDArray image;
    private static INDArray expected;

    @BeforeAll
    static void export() {
        ComputationGraph graph = Models.builder("se_resnet20").seed(5).build().init();
        image = Nd4j.rand(DataType.FLOAT, 1, 3, 32, 32);
        expected = graph.outputSingle(image);
        weights = folder.resolve("weights.safetensors");
        WeightExport.safetensors(graph, WeightSource.MOSKOMULE, weights);
    }

    private static Run convert(Path from, String to, String... more) {
        return Run.of(java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(
                                "convert",
                                from.toString(),
                                "--out",
                                folder.resolve(to).toString()),
                        java.util.stream.Stream.of(more))
                .toArray(String[]::new));
    }

    @Test
    void thereAndBack() throws Exception {
        Path labels = Files.writeString(folder.resolve("labels.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
        Run read = convert(weights, "model.zip", "--model", "se_resnet20", "--labels", labels.toString())
                .ok();
        assertThat(read.out).contains("tensors, named as by MOSKOMULE.").contains("Images: resized to 32x32");
        ImageClassifier classifier = ImageClassifier.load(folder.resolve("model.zip"));
        assertThat(classifier.classNames()).startsWith("a", "b").hasSize(10);
        assertThat(classifier.graph().outputSingle(image)).isEqualTo(expected);

        convert(folder.resolve("model.zip"), "back.safetensors", "--as", "moskomule")
                .ok();
        assertThat(folder.resolve("back.safetensors")).hasSameBinaryContentAs(weights);
        convert(folder.resolve("model.zip"), "network.onnx").ok();
        assertThat(Files.size(folder.resolve("network.onnx"))).isGreaterThan(1_000_000);
        convert(folder.resolve("model.zip"), "folded.onnx", "--fold").ok();
        assertThat(Files.size(folder.resolve("folded.onnx")))
                .isBetween(1_000_000L, Files.size(folder.resolve("network.onnx")) - 1);
    }

    @Test
    void whatWasWrittenIsReadBackAndCompared() throws Exception {
        PhotographFolder.of(folder.resolve("photos"), 1, "red");
        String picture;
        try (java.util.stream.Stream<Path> files = Files.walk(folder.resolve("photos"))) {
            picture =
                    files.filter(Files::isRegularFile).findFirst().orElseThrow().toString();
        }
        Run read = convert(weights, "verified.zip", "--verify", picture).ok();
        assertThat(read.out).containsPattern("Read back: \\d [\\d.]+ %, probabilities differ by at most 0.0e\\+00\\.");
        read = convert(folder.resolve("verified.zip"), "verified.safetensors", "--as", "moskomule", "--verify", picture)
                .ok();
        assertThat(read.out)
                .containsPattern("differ by at most \\d.\\de-(0[789]|1\\d)\\.|differ by at most 0.0e\\+00\\.");
        convert(folder.resolve("verified.zip"), "verified.onnx", "--verify", picture)
                .complains("--verify must come with --out of .zip or .safetensors, but --out is ");
        convert(weights, "none.zip", "--verify", folder.resolve("none.png").toString())
                .complains("none.png");
        assertThat(folder.resolve("none.zip")).doesNotExist();
    }

    @Test
    void classesAreNumbersWithoutLabels() {
        convert(weights, "numbers.zip").ok();
        assertThat(ImageClassifier.load(folder.resolve("numbers.zip")).classNames())
                .startsWith("0", "1")
                .hasSize(10);
    }

    private static String caffe(String name) {
        return java.util.Objects.requireNonNull(ConvertCommandTest.class.getResource("/weights/caffe/" + name))
                .getPath();
    }

    /** The network, then what the others make of it. */
    @Test
    void caffeNetworks() throws Exception {
        Path zip = folder.resolve("caffe.zip");
        Path labels = Files.writeString(folder.resolve("seven.txt"), "a\nb\nc\nd\ne\nf\ng\n");
        Run.of(
                        "convert",
                        caffe("SE-ResNet-50.prototxt"),
                        caffe("SE-ResNet-50.caffemodel"),
                        zip.toString(),
                        "--labels",
                        labels.toString())
                .ok();
        ImageClassifier classifier = ImageClassifier.load(zip);
        assertThat(classifier.modelName()).isEqualTo("SE-ResNet-50");
        assertThat(classifier.preprocessing().colours()).isEqualTo(ColourOrder.BGR);
        java.util.Map<String, INDArray> reference = Npz.read(Path.of(caffe("SE-ResNet-50.npz")));
        INDArray probabilities =
                classifier.graph().outputSingle(reference.get("image").castTo(DataType.FLOAT));
        INDArray softmax = org.nd4j.linalg.ops.transforms.Transforms.softmax(reference.get("logits"));
        Arrays4j.assertClose("probabilities", probabilities.castTo(DataType.DOUBLE), softmax, 1e-5);

        assertThat(Run.of("summary", zip.toString()).ok().out).contains("SE-ResNet-50", "conv2_1_global_pool");
        Path picture = folder.resolve("picture.png");
        javax.imageio.ImageIO.write(
                new java.awt.image.BufferedImage(40, 50, java.awt.image.BufferedImage.TYPE_INT_RGB),
                "png",
                picture.toFile());
        assertThat(Run.of("predict", zip.toString(), picture.toString()).ok().out)
                .contains("picture.png");
        // black: the network sees no more than the mean that is subtracted
        float[] seen = classifier.preprocessing().toArray(io.github.squeeze4j.images.Picture.read(picture));
        assertThat(seen[0]).isEqualTo(-104);
        assertThat(seen[seen.length - 1]).isEqualTo(-123);
    }

    @Test
    void caffeComplaints() throws Exception {
        String prototxt = caffe("SE-ResNet-50.prototxt");
        String weightsOf50 = caffe("SE-ResNet-50.caffemodel");
        String zip = folder.resolve("none.zip").toString();
        Run.of("convert", prototxt, zip).complains("must be 2 for a .prototxt; name its .caffemodel behind it");
        Run.of("convert", prototxt).complains("--out must say what to write; add --out model.zip");
        Run.of("convert", prototxt, weightsOf50)
                .complains("file to write (" + weightsOf50 + ", the last one) must not be there yet; name what to write"
                        + " behind the files to read, such as model.zip");
        Run.of("convert", weightsOf50, prototxt, zip).complains("must be 1; leave the others out");
        Run.of("convert", prototxt, caffe("SE-ResNet-101.caffemodel"), zip)
                .complains(prototxt + ":", ": layer conv2_2_1x1_reduce: blob 0, of shape [8, 32, 1, 1], must be in ");
        Run.of("convert", prototxt, weightsOf50, folder.resolve("x.onnx").toString())
                .complains("must end in .zip for a Caffe network");
        Run.of("convert", prototxt, weightsOf50, zip, "--model", "se_resnet50")
                .complains("--model must not be set with a .prototxt");
        Path two = Files.writeString(folder.resolve("caffe-two.txt"), "a\nb\n");
        Run.of("convert", prototxt, weightsOf50, zip, "--labels", two.toString())
                .complains("--labels (2 classes) must be as many as the network has, 7");
        Path open = Files.writeString(
                folder.resolve("open.prototxt"),
                Files.readString(Path.of(prototxt)).replaceFirst("(?s)layer \\{\\s*name: \"prob\".*", ""));
        Run.of("convert", open.toString(), weightsOf50, zip)
                .complains("must end in Softmax of at least two classes to classify pictures");
        assertThat(Path.of(zip)).doesNotExist();
    }

    @Test
    void complaints() throws Exception {
        Path two = Files.writeString(folder.resolve("two.txt"), "a\nb\n");
        convert(weights, "x.txt")
                .complains(
                        "--out (" + folder.resolve("x.txt") + ") must end in .zip, .safetensors or .onnx; rename it");
        convert(weights, "two.txt")
                .complains("--out (" + two + ") must not be there yet; choose another name or delete it");
        convert(weights, "x.zip", "--labels", two.toString()).complains("classifier");
        convert(weights, "x.zip", "--model", "se_resnet50")
                .complains("and be of this network, whose parameters it does not name");
        convert(two, "x.zip").complains("two.txt");
        convert(weights, "x.zip", "--fold")
                .complains("--fold must come with --out of .onnx, but --out is " + folder.resolve("x.zip")
                        + "; leave it out");
        convert(weights, "x.safetensors").complains("--as must say whose names the tensors get");
        convert(weights, "x.safetensors", "--as", "moskomule", "--model", "se_resnet20")
                .complains("--model must not be set with a model file");
        Path picture =
                PhotographFolder.of(folder.resolve("complaints"), 1, "red").resolve("red/0.png");
        convert(weights, "x.safetensors", "--as", "timm_tf_efficientnet_lite", "--verify", picture.toString())
                .complains("--out (" + folder.resolve("x.safetensors") + ") must begin with tf_efficientnet_lite to be"
                        + " read back with --verify");
        assertThat(folder.resolve("x.zip")).doesNotExist();
    }
}
