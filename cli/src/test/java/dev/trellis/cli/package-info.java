/** Tests of the {@code trellis} command, on real servers. */
@NullMarked
package dev.trellis.cli;

import org.jspecify.annotations.NullMarked;
