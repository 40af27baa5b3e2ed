/** Capability provider: a key-value store in Redis. */
@NullMarked
package dev.trellis.providers.keyvalueredis;

import org.jspecify.annotations.NullMarked;
