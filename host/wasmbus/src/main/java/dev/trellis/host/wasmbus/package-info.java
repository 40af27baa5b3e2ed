/** Classic actors: guests of wasmCloud 0.x, on the contracts of Trellis. */
@NullMarked
package dev.trellis.host.wasmbus;

import org.jspecify.annotations.NullMarked;
