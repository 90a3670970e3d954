/** What families are written with: layers, windows, blocks that several have. */
package io.github.squeeze4j.models.internal.graph;
