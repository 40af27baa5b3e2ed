/** Benchmarks of the whole system, each beside its baseline. */
@NullMarked
package dev.trellis.benchmarks;

import org.jspecify.annotations.NullMarked;
