/**
 * DL4J's convolution, batch normalization and pooling, at the speed of the processor. Start at
 * {@link io.github.squeeze4j.layers.NativeConvolution} and {@link io.github.squeeze4j.layers.NativeBatchNormalization}:
 * each takes a stock layer configuration and computes the same numbers faster, as {@link
 * io.github.squeeze4j.layers.NativePooling} does. {@link io.github.squeeze4j.layers.GroupedConvolution} is what DL4J lacks, a
 * convolution in groups; {@link io.github.squeeze4j.layers.ChannelScaling} is a product that it lacks.
 *
 * <p>They run on {@link io.github.squeeze4j.onednn.OneDnn} where it is available and the network computes in FLOAT.
 * Otherwise convolution and batch normalization use ND4J's CPU operations and memory, as DL4J 1.0.0-M2.1's native helpers
 * would if it ever switched them on, and with other types and backends they are DL4J's layers, unchanged.
 *
 * @serial exclude
 */
package io.github.squeeze4j.layers;
