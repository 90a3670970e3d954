/**
 * oneDNN called directly on ND4J's memory: convolution, batch normalization, pooling, element by
 * element, and the passes over maps of which attention blocks are made.
 *
 * <p>For the layers and blocks of this library; users need only {@link io.github.squeeze4j.onednn.OneDnn}, which says
 * whether it runs here. Everything is FLOAT and on the CPU, and nothing is touched before {@code OneDnn.available()}, so
 * {@code org.bytedeco:dnnl} may be absent.
 */
package io.github.squeeze4j.onednn;
