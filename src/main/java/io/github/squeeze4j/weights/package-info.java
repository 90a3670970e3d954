/**
 * Weights of other libraries.
 *
 * <pre>{@code
 * ComputationGraph graph = Models.builder("resnet50").weights(Path.of("resnet50.safetensors")).build().init();
 * }</pre>
 *
 * <p>{@link io.github.squeeze4j.weights.TensorFile} reads safetensors, PyTorch, NumPy and Caffe files;
 * {@link io.github.squeeze4j.weights.Pretrained} fills a network from one, by the names that its {@link
 * io.github.squeeze4j.weights.WeightSource} has for what the networks of {@code models} learn ({@code TensorNames}). {@link
 * io.github.squeeze4j.weights.CaffeNetwork} builds a network of Caffe's as it is.
 *
 * <p>{@link io.github.squeeze4j.weights.PublishedWeights} is a catalogue of checkpoints, which {@link
 * io.github.squeeze4j.weights.WeightCache} downloads.
 *
 * @serial exclude
 */
package io.github.squeeze4j.weights;
