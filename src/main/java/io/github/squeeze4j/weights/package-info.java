/**
 * How other libraries name what the networks learn: {@code TensorNames} finds for each parameter of a network of {@link
 * io.github.squeeze4j.models} the tensor of the reference implementation that holds it. Internal so far; the tests that compare
 * whole networks with their references use it.
 *
 * @serial exclude
 */
package io.github.squeeze4j.weights;
