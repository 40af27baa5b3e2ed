/** Components as actors: the interfaces of WASI 0.2 on the contracts of Trellis, and calls between components. */
@NullMarked
package dev.trellis.host.wasi;

import org.jspecify.annotations.NullMarked;
