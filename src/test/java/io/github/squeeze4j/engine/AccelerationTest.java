package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Models;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

class AccelerationTest {
    private static double distance(INDArray a, INDArray b) {
        double scale = Math.max(1e-30, b.amaxNumber().doubleValue());
        return a.sub(b).amaxNumber().doubleValue() / scale;
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet20", "se_resnet20", "cbam_resnet20", "resnet50", "se_resnet50", "se_resnext50_32x4d", "se_mobilenet_v2"})
    void equal(String model) {
        int size = model.contains("20") ? 32 : 64;
        ComputationGraph stock = Models.builder(model).inputSize(size).classes(10).updater(new Sgd(0.01)).build().init();
        ComputationGraph fast = stock.clone();
        Acceleration acceleration = Acceleration.apply(fast);
        System.out.println(acceleration.refusal() + " " + acceleration.natives().size() + " " + acceleration.others());
        INDArray x = Nd4j.randn(DataType.FLOAT, 4, 3, size, size);
        INDArray y = Nd4j.zeros(DataType.FLOAT, 4, 10);
        for (int i = 0; i < 4; i++) y.putScalar(i, i, 1);
        INDArray a = stock.output(false, x)[0];
        INDArray b = fast.output(false, x)[0];
        System.out.println(model + " output " + distance(b, a) + " " + acceleration.lastRefusal());
        for (ComputationGraph g : new ComputationGraph[] {stock, fast}) {
            g.setInputs(x);
            g.setLabels(y);
            try { g.computeGradientAndScore(); } catch (RuntimeException e) { e.printStackTrace(System.out); throw e; }
        }
        System.out.println(acceleration.lastRefusal() + " score " + stock.score() + " " + fast.score());
        stock.gradient().gradientForVariable().forEach((k, v) -> {
            double d = distance(fast.gradient().getGradientFor(k), v);
            if (d > 1e-3) System.out.println(k + " " + d + " " + v.amaxNumber());
        });
        for (int i = 0; i < 3; i++) { stock.fit(new DataSet(x, y)); fast.fit(new DataSet(x, y)); }
        System.out.println("after fit " + stock.score() + " " + fast.score() + " params " + distance(fast.params(), stock.params()));
        assertThat(acceleration.lastRefusal()).isNull();
    }
}
