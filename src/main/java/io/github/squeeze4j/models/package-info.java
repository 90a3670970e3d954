/**
 * Networks that take any attention block. Start at {@link io.github.squeeze4j.models.Models}, which knows every
 * preconfigured network by name, or at a class of {@link io.github.squeeze4j.models.families}; {@link
 * io.github.squeeze4j.models.Attention} says which block goes where, {@link io.github.squeeze4j.models.Retrofit} puts blocks
 * into graphs that exist, {@link io.github.squeeze4j.models.ModelSummary} counts parameters and multiply-accumulates.
 *
 * <pre>{@code
 * ComputationGraph graph = Models.builder("se_resnet50").classes(100).build().init();
 * }</pre>
 *
 * <p>Builders know blocks by the contract {@link io.github.squeeze4j.models.Attention} alone, but for the default of networks of
 * which Squeeze-and-Excitation is a part; blocks know no network.
 *
 * @serial exclude
 */
package io.github.squeeze4j.models;
