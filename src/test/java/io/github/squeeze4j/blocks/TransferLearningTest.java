package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Listing;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The network of docs/getting-started.md, and the edit of it there, as they stand on the page. */
@Tag("tiny")
class TransferLearningTest {
    private static final String[] IMPORTS = {
        "io.github.squeeze4j.blocks.*",
        "org.deeplearning4j.nn.conf.*",
        "org.deeplearning4j.nn.conf.graph.*",
        "org.deeplearning4j.nn.conf.inputs.InputType",
        "org.deeplearning4j.nn.conf.layers.*",
        "org.deeplearning4j.nn.graph.ComputationGraph",
        "org.deeplearning4j.nn.transferlearning.*",
        "org.nd4j.linalg.activations.Activation",
        "org.nd4j.linalg.learning.config.Adam",
        "org.nd4j.linalg.lossfunctions.LossFunctions"
    };

    @TempDir
    private Path folder;

    private static String page() throws Exception {
        return Files.readString(Path.of("docs", "getting-started.md"));
    }

    private String run(String edit) throws Exception {
        String lines = Listing.of(page(), "BlockInANetwork") + edit
                + "System.out.println(tuned.getLayer(\"se\").conf().getLayer());"
                + "tuned.fit(new org.nd4j.linalg.dataset.DataSet(org.nd4j.linalg.factory.Nd4j.rand(2, 3, 32, 32),"
                + " org.nd4j.linalg.factory.Nd4j.eye(10).getRows(0, 1)));";
        return Listing.run(lines, folder, IMPORTS);
    }

    @Test
    void inTheOrderOfThePage() throws Exception {
        assertThat(run(Listing.of(page(), "TransferLearningTest"))).startsWith("Cbam(layerName=se, channels=64,");
    }

    @Test
    void withoutInputTypesTheMessageSaysWhere() throws Exception {
        String edit = Listing.of(page(), "TransferLearningTest");
        String types = edit.lines()
                .filter(line -> line.contains("setInputTypes"))
                .findFirst()
                .get();
        assertThatThrownBy(() -> run(edit.replace(types, "")))
                .hasStackTraceContaining(
                        "setInputTypes(InputType.convolutional(height, width, channels)) on the network's"
                                + " builder, on a TransferLearning.GraphBuilder after fineTuneConfiguration, which forgets it");
    }
}
