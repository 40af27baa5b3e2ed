/** Contract of every transport, and tests of the in-process one. */
@NullMarked
package dev.trellis.lattice.transport;

import org.jspecify.annotations.NullMarked;
