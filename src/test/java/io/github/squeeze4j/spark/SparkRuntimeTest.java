package io.github.squeeze4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** What does not fit is said in a line. */
@Tag("spark")
class SparkRuntimeTest {
    private static final String SPARK = "spark-version-info.properties";
    private static final String SCALA = "library.properties";

    /** The tests' own class path, with other files in places. */
    private static final class Changed extends ClassLoader {
        private final Map<String, String> files = new HashMap<>();

        Changed with(String file, String content) {
            files.put(file, content);
            return this;
        }

        @Override
        public InputStream getResourceAsStream(String name) {
            if (!files.containsKey(name)) {
                return super.getResourceAsStream(name);
            }
            String content = files.get(name);
            return content == null ? null : new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public URL getResource(String name) {
            return files.containsKey(name) ? null : super.getResource(name);
        }
    }

    private static String complaint(Changed loader) {
        return SparkRuntime.complaint(loader, 17, true);
    }

    @Test
    @DisabledForJreRange(min = JRE.JAVA_23, disabledReason = "Spark 3.5 does not run there")
    void theTestsOwnIsFine() {
        SparkRuntime.requireForTraining();
        assertThat(complaint(new Changed())).isNull();
    }

    @Test
    void wrongVersions() {
        assertThat(complaint(new Changed().with(SPARK, "version=3.3.1")))
                .startsWith("Spark (3.3.1) must be 3.5.x; run it by spark-submit of Spark 3.5.7 for Scala 2.12");
        assertThat(complaint(new Changed().with(SPARK, "version=4.0.0"))).startsWith("Spark (4.0.0) must be 3.5.x; ");
        assertThat(complaint(new Changed().with(SCALA, "version.number=2.13.8")))
                .startsWith("Scala (2.13.8) must be 2.12.x; ");
        assertThat(SparkRuntime.complaint(new Changed(), 25, true))
                .isEqualTo("Java (25) must be 11 or 17 for Spark 3.5.7, which does not run on later ones; start it with"
                        + " Java 17");
        assertThat(SparkRuntime.complaint(new Changed(), 17, false))
                .isEqualTo("Java's package sun.nio.ch (closed) must be open to Spark; start Java with --add-opens"
                        + " java.base/sun.nio.ch=ALL-UNNAMED, as spark-submit does");
    }

    @Test
    void whatIsMissing() {
        assertThat(complaint(new Changed().with(SPARK, null)))
                .startsWith("class path (without Spark) must hold Spark; ");
        assertThat(complaint(new Changed().with(SCALA, null)))
                .startsWith("class path (without Scala) must hold Spark; ");
        assertThat(complaint(new Changed().with("org/apache/spark/ml/Transformer.class", null)))
                .startsWith("class path (without Spark) must hold Spark; ");
        assertThat(complaint(new Changed().with("io/netty/channel/Channel.class", null)))
                .startsWith("class path (without what Spark needs, such as Netty) must hold a whole Spark; ");
    }
}
