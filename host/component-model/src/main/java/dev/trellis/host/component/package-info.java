/** Component Model binaries: decoded, typed and validated before anything runs. Values only, no I/O. */
@NullMarked
package dev.trellis.host.component;

import org.jspecify.annotations.NullMarked;
