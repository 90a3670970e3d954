/** What all packages share. */
package io.github.squeeze4j;
