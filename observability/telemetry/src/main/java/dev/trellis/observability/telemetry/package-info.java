/** Spans and metrics of Trellis: how they are made, what they are called, and where they go. */
@NullMarked
package dev.trellis.observability.telemetry;

import org.jspecify.annotations.NullMarked;
