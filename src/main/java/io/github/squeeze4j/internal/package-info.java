/** What several packages need and nobody outside of the library should. */
package io.github.squeeze4j.internal;
