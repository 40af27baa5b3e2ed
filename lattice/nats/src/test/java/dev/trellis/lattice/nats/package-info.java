/** Tests against a real nats-server, and {@code NatsServer}, which starts one. */
@NullMarked
package dev.trellis.lattice.nats;

import org.jspecify.annotations.NullMarked;
