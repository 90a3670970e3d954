/**
 * DL4J's convolution and batch normalization, at the speed of the processor. Start at
 * {@link io.github.squeeze4j.layers.NativeConvolution} and {@link io.github.squeeze4j.layers.NativeBatchNormalization}:
 * both take a stock layer configuration and compute the same numbers faster. {@link
 * io.github.squeeze4j.layers.GroupedConvolution} is what DL4J lacks, a convolution in groups.
 *
 * <p>DL4J 1.0.0-M2.1 has an interface for native helpers of these layers but never switches them on. The two runtimes of
 * this package do, through that interface, where the backend is ND4J's CPU backend and the network computes in FLOAT;
 * everywhere else they are DL4J's layers, unchanged.
 *
 * @serial exclude
 */
package io.github.squeeze4j.layers;
