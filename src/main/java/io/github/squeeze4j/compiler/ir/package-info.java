/**
 * The compiler's intermediate representation: a {@link io.github.squeeze4j.compiler.ir.Graph} of {@link
 * io.github.squeeze4j.compiler.ir.Value}s, each given by one {@link io.github.squeeze4j.compiler.ir.Op}, made with {@link
 * io.github.squeeze4j.compiler.ir.Ops}. Not part of the library's interface.
 */
package io.github.squeeze4j.compiler.ir;
