package io.github.squeeze4j.images;

import java.io.IOException;

/** A picture file that is not whole; the message says what is wrong with it, and the caller which file it is. */
final class DamagedPictureException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedPictureException(String message) {
        super(message);
    }
}
