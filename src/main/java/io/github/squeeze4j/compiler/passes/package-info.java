/** Rewrites of graphs, one a file, each of which can be printed, tested and switched off alone. */
package io.github.squeeze4j.compiler.passes;
