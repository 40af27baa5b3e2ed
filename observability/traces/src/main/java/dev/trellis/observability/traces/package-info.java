/** Finished spans in the lattice: published by hosts, kept by controllers, drawn as waterfalls. */
@NullMarked
package dev.trellis.observability.traces;

import org.jspecify.annotations.NullMarked;
