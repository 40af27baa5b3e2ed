@NullMarked
package dev.trellis.observability.telemetry;

import org.jspecify.annotations.NullMarked;
