package io.github.squeeze4j.cli;
import org.nd4j.linalg.factory.Nd4j;
public final class Main {
    public static void main(String[] a) {
        NativeBuild.choose();
        System.out.println(Nd4j.ones(2) + " " + System.getProperty("org.bytedeco.javacpp.platform.extension") + java.util.Arrays.toString(a));
        System.err.println("reduction (32) must not exceed channels (16)");
        System.exit(2);
    }
}
