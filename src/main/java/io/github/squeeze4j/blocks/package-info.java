/**
 * Attention blocks as DL4J layers: {@link io.github.squeeze4j.blocks.SqueezeExcitation},
 * {@link io.github.squeeze4j.blocks.Salient}, {@link io.github.squeeze4j.blocks.Spse},
 * {@link io.github.squeeze4j.blocks.Rgse}, {@link io.github.squeeze4j.blocks.Cbam},
 * {@link io.github.squeeze4j.blocks.Eca}, {@link io.github.squeeze4j.blocks.GatedChannel},
 * {@link io.github.squeeze4j.blocks.EffectiveSe}, {@link io.github.squeeze4j.blocks.SimAm},
 * {@link io.github.squeeze4j.blocks.GlobalContext} and {@link io.github.squeeze4j.blocks.ScSe}. Start at
 * {@link io.github.squeeze4j.blocks.SqueezeExcitation}; what all have in common stands in
 * {@link io.github.squeeze4j.blocks.AttentionBlock}.
 *
 * <p>Each block says its mathematics once, in a SameDiff definition; a fused kernel beside it computes the same faster.
 *
 * @serial exclude
 */
package io.github.squeeze4j.blocks;
