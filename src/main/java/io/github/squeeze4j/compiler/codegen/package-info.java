/** Ways to run a graph: as a SameDiff graph of ND4J's, and as steps of a oneDNN program. */
package io.github.squeeze4j.compiler.codegen;
