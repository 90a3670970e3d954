package io.github.squeeze4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The plan of a cluster does what it says, and stands in the documentation as it is printed. */
@Tag("tiny")
class ClusterPlanTest {
    private static final double GIGABIT = 1e9 / 8;

    @Test
    void theDocumentationHasItsTable() throws Exception {
        String page = Files.readString(Path.of("docs/spark.md")).replace("\r\n", "\n");
        assertThat(page).contains(ClusterPlan.table().replace("\r\n", "\n"));
    }

    @Test
    void neverBeyondTheIdealAndBetterWithMoreOfEverything() {
        for (int workers : new int[] {1, 4, 16, 64}) {
            double ideal = workers / ClusterPlan.SECONDS_PER_IMAGE;
            double before = 0;
            for (int frequency : new int[] {1, 5, 20, 100}) {
                double speed = ClusterPlan.imagesPerSecond(workers, frequency, GIGABIT);
                assertThat(speed).isBetween(before, 1.05 * ideal);
                assertThat(ClusterPlan.imagesPerSecond(workers, frequency, 10 * GIGABIT))
                        .isGreaterThan(speed);
                before = speed;
            }
        }
    }

    /** One worker's result goes to the driver and back. By hand: written and read twice, moved three times. */
    @Test
    void theExchangeOfOneWorker() {
        double bytes = ClusterPlan.BYTES;
        double byHand = ClusterPlan.SCHEDULING
                + 2 * bytes / ClusterPlan.WRITTEN
                + 2 * bytes / ClusterPlan.READ
                + 3 * bytes / GIGABIT;
        assertThat(ClusterPlan.exchange(1, GIGABIT)).isCloseTo(byHand, within(1e-9));
        assertThat(ClusterPlan.exchange(256, GIGABIT)).isGreaterThan(ClusterPlan.exchange(16, GIGABIT));
    }
}
