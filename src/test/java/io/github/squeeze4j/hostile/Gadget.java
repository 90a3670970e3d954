package io.github.squeeze4j.hostile;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;

/** What an attacker would want to run: leaves a mark when its class is initialised, made or deserialised. */
public final class Gadget {
    private static final String MARK = Gadget.class.getName() + ".ran";

    private Gadget() {}

    /** Initialising this class leaves the mark. Named in files only, so that nothing else initialises it. */
    public static final class Initialised implements Serializable {
        private static final long serialVersionUID = 1L;

        static {
            leaveMark("initialised");
        }
    }

    /** The same, for the one test that lets it happen: it happens once in a program. */
    public static final class Victim {
        static {
            leaveMark("initialised by DL4J");
        }
    }

    /** Deserialising an object leaves the mark. */
    public static final class Deserialised implements Serializable {
        private static final long serialVersionUID = 1L;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            leaveMark("deserialised");
        }
    }

    private static void leaveMark(String how) {
        System.setProperty(MARK, how);
    }

    /** What ran since the last call, or null. */
    public static String mark() {
        return System.clearProperty(MARK);
    }
}
