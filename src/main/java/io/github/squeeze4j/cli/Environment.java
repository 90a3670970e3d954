package io.github.squeeze4j.cli;

import io.github.squeeze4j.internal.OpenMp;

/** What must stand before the classes that read it load; what the user has set stays. */
final class Environment {
    private Environment() {}

    static void prepare() {
        NativeBuild.choose();
        OpenMp.spinBriefly();
        setDefault("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        setDefault("java.awt.headless", "true");
        // DL4J writes a file into the current folder when memory is short.
        setDefault("org.deeplearning4j.crash.reporting.enabled", "false");
        // From Java 22 to 24 the default console says that it is a terminal when it is none.
        setDefault("jdk.console", "java.base");
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
