/** Lattice vocabulary: identities, links, labels, control messages, events, subjects. Values only, no I/O. */
@NullMarked
package dev.trellis.lattice.model;

import org.jspecify.annotations.NullMarked;
