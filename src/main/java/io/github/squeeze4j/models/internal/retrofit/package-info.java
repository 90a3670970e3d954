/** How a graph gets layers behind its vertices and keeps what it has learned. */
package io.github.squeeze4j.models.internal.retrofit;
