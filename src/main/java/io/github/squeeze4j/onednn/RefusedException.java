package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_invalid_arguments;
import static org.bytedeco.dnnl.global.dnnl.dnnl_iterator_ends;
import static org.bytedeco.dnnl.global.dnnl.dnnl_not_required;
import static org.bytedeco.dnnl.global.dnnl.dnnl_out_of_memory;
import static org.bytedeco.dnnl.global.dnnl.dnnl_runtime_error;
import static org.bytedeco.dnnl.global.dnnl.dnnl_unimplemented;

/** oneDNN has no implementation for what was asked, or the call failed. The message says which of both, and of what operation. */
public final class RefusedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** What the call gave. */
    private final int status;

    RefusedException(int status) {
        super("oneDNN " + words(status));
        this.status = status;
    }

    private RefusedException(String operation, RefusedException cause) {
        super("oneDNN's " + operation + " " + words(cause.status), cause);
        this.status = cause.status;
    }

    /**
     * The same for an operation that could not be described.
     *
     * @param operation oneDNN's description, of which the class says what it is (dnnl_convolution_desc_t, ...)
     */
    RefusedException of(Object operation) {
        String type = operation.getClass().getSimpleName();
        return new RefusedException(type.replaceAll("^dnnl_|_desc_t$", "").replace('_', ' '), this);
    }

    private static String words(int status) {
        String number = " (status " + status + ")";
        if (status == dnnl_unimplemented) {
            return "has no implementation for these sizes and types on this processor" + number;
        }
        if (status == dnnl_out_of_memory) {
            return "has not enough memory" + number;
        }
        if (status == dnnl_invalid_arguments) {
            return "does not take these arguments" + number;
        }
        if (status == dnnl_runtime_error) {
            return "failed while it ran" + number;
        }
        if (status == dnnl_iterator_ends || status == dnnl_not_required) {
            return "has no more implementations" + number;
        }
        return "failed with a status that is not known" + number;
    }
}
