/**
 * The command line: {@code train}, {@code evaluate}, {@code predict}, {@code explain}, {@code gates},
 * {@code verify}, {@code list}, {@code summary}, {@code compare}, {@code augment}, {@code convert} and {@code weights}. Start at
 * {@link io.github.squeeze4j.cli.Main}.
 *
 * <p>Needs picocli, XChart and an ND4J backend on the class path, which the library does not bring to its users.
 */
package io.github.squeeze4j.cli;
