package io.github.squeeze4j.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The library in a class loader of its own, in which OpenCV and DataVec are missing. */
class WithoutOpenCvTest {
    private static Object decoded(Class<?> picture, String name) throws Throwable {
        Method decode = picture.getMethod("decode", byte[].class, String.class);
        try {
            return decode.invoke(null, References.file(name), name);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Test
    void whatJavaReads() throws Throwable {
        List<URL> places = new ArrayList<>();
        for (String place : System.getProperty("java.class.path").split(File.pathSeparator)) {
            String name = Path.of(place).getFileName().toString();
            if (!name.startsWith("opencv") && !name.startsWith("datavec")) {
                places.add(Path.of(place).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(places.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> picture = loader.loadClass(Picture.class.getName());
            assertThat(decoded(picture, "rgb8.png")).hasToString("RGB picture 19x13");
            assertThat(decoded(picture, "420.jpg")).hasToString("RGB picture 63x49");
            assertThat(decoded(picture, "greyprogressive.jpg")).hasToString("grey picture 63x49");
            assertThat(decoded(picture, "orientation6.jpg")).hasToString("RGB picture 24x32");
            assertThatThrownBy(() -> decoded(picture, "lossy.webp"))
                    .hasMessage(
                            "picture (lossy.webp): WebP must be decoded by OpenCV; put org.bytedeco:opencv-platform on the"
                                    + " class path, or convert it to PNG");
            assertThatThrownBy(() -> decoded(picture, "cmyk.jpg"))
                    .hasMessageStartingWith("picture (cmyk.jpg): JPEG of four colours must be decoded by OpenCV");
        }
    }
}
