/**
 * Networks that take any attention block. Start at {@link io.github.squeeze4j.models.Models}, which knows every
 * preconfigured network by name, or at the class of a family, such as {@link
 * io.github.squeeze4j.models.ResNet}; {@link io.github.squeeze4j.models.Attention} says which block goes where, {@link
 * io.github.squeeze4j.models.Retrofit} puts blocks into graphs that exist, {@link io.github.squeeze4j.models.ModelSummary}
 * counts parameters and multiply-accumulates.
 *
 * <p>Builders know blocks by the contract {@link io.github.squeeze4j.models.Attention} alone, but for the default of networks of
 * which Squeeze-and-Excitation is a part; blocks know no network.
 *
 * @serial exclude
 */
package io.github.squeeze4j.models;
