/**
 * The families of networks, a class each: its table, its layers, its options and the names that {@link
 * io.github.squeeze4j.models.Models} has it under.
 *
 * <pre>{@code
 * ComputationGraph graph = ResNet.builder().depth(50).attention(Attention.named("se")).build().init();
 * }</pre>
 *
 * <p>A family is one file here and one line in {@code META-INF/services/io.github.squeeze4j.models.Family}; nothing else names it.
 */
package io.github.squeeze4j.models.families;
