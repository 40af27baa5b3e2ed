/** The lattice over NATS. Types of the NATS client stay in here. */
@NullMarked
package dev.trellis.lattice.nats;

import org.jspecify.annotations.NullMarked;
