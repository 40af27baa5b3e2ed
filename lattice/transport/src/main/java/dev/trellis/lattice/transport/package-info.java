/** How hosts, controller and tools reach each other: one interface, over NATS or within one process. */
@NullMarked
package dev.trellis.lattice.transport;

import org.jspecify.annotations.NullMarked;
