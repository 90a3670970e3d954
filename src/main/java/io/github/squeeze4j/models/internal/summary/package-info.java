/** What layers cost, and tables of it. */
package io.github.squeeze4j.models.internal.summary;
