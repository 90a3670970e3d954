package io.github.squeeze4j.cli;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Gives the tests the native build that the command line would take, before any of them loads ND4J. */
public final class NativeBuildListener implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        NativeBuild.choose();
    }
}
