@NullMarked
package dev.trellis.observability.traces;

import org.jspecify.annotations.NullMarked;
