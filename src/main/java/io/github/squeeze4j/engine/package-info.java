/**
 * Whole networks as oneDNN programs. Start at {@link io.github.squeeze4j.engine.Acceleration}, which makes any DL4J network
 * train and infer on oneDNN, and {@link io.github.squeeze4j.engine.InferenceNetwork}, a trained network made ready for use.
 *
 * <p>A {@code Plan} turns the network's vertices into {@code Node}s; each adds its steps to the {@code Emission} of one
 * program, forward and backward; the {@code Executor} keeps the programs of a network by mode and size. A result may stay
 * {@code Pending} until what follows has become part of the same pass. {@code RegionVertex} and {@code RegionLayer} stand in
 * for DL4J's vertices and layers. What has no node of its own is a {@code VertexNode}: DL4J's computation in between.
 */
package io.github.squeeze4j.engine;
