/** The {@code trellis} command: talks to a lattice, and starts one. */
@NullMarked
package dev.trellis.cli;

import org.jspecify.annotations.NullMarked;
