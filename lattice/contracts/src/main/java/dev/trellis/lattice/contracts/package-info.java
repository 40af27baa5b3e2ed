/** What one call is, and the contracts it may be made by. */
@NullMarked
package dev.trellis.lattice.contracts;

import org.jspecify.annotations.NullMarked;
