/** The arrows of ARCHITECTURE.md, held against the classes. */
@NullMarked
package dev.trellis.scenarios.architecture;

import org.jspecify.annotations.NullMarked;
