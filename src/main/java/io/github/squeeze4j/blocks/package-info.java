/**
 * Attention blocks as DL4J layers, added to a network as any other:
 *
 * <pre>{@code
 * .addLayer("se", SqueezeExcitation.builder().reduction(16).build(), "relu")
 * }</pre>
 *
 * <p>{@link io.github.squeeze4j.blocks.SqueezeExcitation} is where to start. The others are {@link io.github.squeeze4j.blocks.Salient},
 * {@link io.github.squeeze4j.blocks.Spse}, {@link io.github.squeeze4j.blocks.Rgse}, {@link io.github.squeeze4j.blocks.Cbam}, {@link
 * io.github.squeeze4j.blocks.Eca}, {@link io.github.squeeze4j.blocks.GatedChannel}, {@link io.github.squeeze4j.blocks.EffectiveSe},
 * {@link io.github.squeeze4j.blocks.SimAm}, {@link io.github.squeeze4j.blocks.GlobalContext}, {@link
 * io.github.squeeze4j.blocks.ScSe}, {@link io.github.squeeze4j.blocks.CoordinateAttention}, {@link
 * io.github.squeeze4j.blocks.GatherExcite}, {@link io.github.squeeze4j.blocks.Bam} and {@link
 * io.github.squeeze4j.blocks.SelectiveKernel}. What all have in common stands in {@link io.github.squeeze4j.blocks.AttentionBlock};
 * {@link io.github.squeeze4j.blocks.BlockGates} reads their gates.
 *
 * <p>Each block says its mathematics once, in a graph of operations; a fused kernel beside it computes the same faster.
 *
 * @serial exclude
 */
package io.github.squeeze4j.blocks;
