/**
 * Networks that take any attention block. Start at {@link io.github.squeeze4j.models.Models}, which knows every
 * preconfigured network by name, or at {@link io.github.squeeze4j.models.ResNet}, {@link
 * io.github.squeeze4j.models.ResNeXt} and {@link io.github.squeeze4j.models.MobileNetV2}; {@link
 * io.github.squeeze4j.models.Attention} says which block goes where, {@link io.github.squeeze4j.models.ModelSummary}
 * counts parameters and multiply-accumulates.
 *
 * <p>Builders know the contract {@link io.github.squeeze4j.models.Attention} and no block; blocks know no network.
 *
 * @serial exclude
 */
package io.github.squeeze4j.models;
