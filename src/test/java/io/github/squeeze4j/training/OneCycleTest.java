package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.learning.config.Nesterovs;

class OneCycleTest {
    @Test
    void risesInALineThenFallsAlongACosine() {
        OneCycle schedule = new OneCycle(0.5, 100);
        assertThat(schedule.valueAt(0, 0)).isCloseTo(0.5 / 20, within(1e-15));
        assertThat(schedule.valueAt(9, 0)).isCloseTo(0.25, within(1e-15));
        assertThat(schedule.valueAt(19, 0)).isCloseTo(0.5, within(1e-15));
        assertThat(schedule.valueAt(20, 0)).isCloseTo(0.5, within(1e-15));
        assertThat(schedule.valueAt(60, 0)).isCloseTo(0.25, within(1e-15));
        assertThat(schedule.valueAt(40, 0)).isCloseTo(0.5 * (1 + Math.sqrt(0.5)) / 2, within(1e-15));
        assertThat(schedule.valueAt(100, 0)).isEqualTo(0.0005);
        assertThat(schedule.valueAt(1000, 0)).isEqualTo(0.0005);
        assertThat(new OneCycle(0.5, 1).valueAt(0, 0)).isEqualTo(0.5);
    }

    @Test
    void travelsWithTheConfiguration() {
        Nesterovs updater = new Nesterovs(new OneCycle(0.5, 100), 0.9);
        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .updater(updater)
                .list(new OutputLayer.Builder().nIn(2).nOut(2).build())
                .build();
        MultiLayerConfiguration read = MultiLayerConfiguration.fromJson(configuration.toJson());
        assertThat(((OutputLayer) read.getConf(0).getLayer()).getIUpdater()).isEqualTo(updater);
        assertThat(updater.clone()).isEqualTo(updater);
    }

    @Test
    void badOptions() {
        assertThatThrownBy(() -> new OneCycle(0, 10))
                .hasMessage("learning rate (0.0) must be positive and finite; use 0.1");
        assertThatThrownBy(() -> new OneCycle(Double.NaN, 10)).hasMessageContaining("learning rate (NaN)");
        assertThatThrownBy(() -> new OneCycle(0.1, 0))
                .hasMessage("steps (0) must be positive; use epochs times batches per epoch");
    }
}
