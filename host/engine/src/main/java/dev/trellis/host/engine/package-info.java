/**
 * Runs core WebAssembly modules behind one facade: load, compile cache, pooled instances, limits and deadlines.
 *
 * <p>Knows nothing of lattices, actors or contracts. The WebAssembly runtime underneath is an implementation detail: none
 * of its types appears in a public signature.
 */
@NullMarked
package dev.trellis.host.engine;

import org.jspecify.annotations.NullMarked;
