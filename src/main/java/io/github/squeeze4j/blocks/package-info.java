/**
 * Attention blocks as DL4J layers: {@link io.github.squeeze4j.blocks.SqueezeExcitation},
 * {@link io.github.squeeze4j.blocks.Salient}, {@link io.github.squeeze4j.blocks.Spse},
 * {@link io.github.squeeze4j.blocks.Rgse} and {@link io.github.squeeze4j.blocks.Cbam}. Start at
 * {@link io.github.squeeze4j.blocks.SqueezeExcitation}; what all have in common stands in
 * {@link io.github.squeeze4j.blocks.AttentionBlock}.
 *
 * <p>Each block says its mathematics once, in a SameDiff definition; a fused kernel beside it computes the same faster.
 *
 * @serial exclude
 */
package io.github.squeeze4j.blocks;
