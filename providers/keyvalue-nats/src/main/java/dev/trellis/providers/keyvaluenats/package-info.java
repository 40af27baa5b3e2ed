/** Capability provider: a key-value store in the lattice itself. */
@NullMarked
package dev.trellis.providers.keyvaluenats;

import org.jspecify.annotations.NullMarked;
