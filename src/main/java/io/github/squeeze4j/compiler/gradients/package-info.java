/** Gradients of graphs, as graphs: one rule for each operation. */
package io.github.squeeze4j.compiler.gradients;
