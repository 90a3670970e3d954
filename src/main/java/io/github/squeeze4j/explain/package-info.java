/**
 * What a network looks at: Grad-CAM of any graph of DL4J's, the gates of attention blocks over pictures, by class, and in the
 * course of a training. Start at {@link io.github.squeeze4j.explain.Explanation}.
 */
package io.github.squeeze4j.explain;
