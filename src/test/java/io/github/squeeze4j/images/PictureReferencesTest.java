package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of all kinds, against what PIL reads. */
class PictureReferencesTest {
    static List<String> files() {
        return References.files();
    }

    @ParameterizedTest
    @MethodSource("files")
    void reading(String name) {
        Picture picture = Picture.decode(References.file(name), name);
        Picture expected = References.picture("read " + name);
        int difference = References.largestDifference(name, picture, expected);
        // OpenCV divides by 256 where PIL divides by 255 when it multiplies by black.
        assertThat(difference).as(name).isLessThanOrEqualTo(name.equals("cmyk.jpg") ? 1 : 0);
    }
}
