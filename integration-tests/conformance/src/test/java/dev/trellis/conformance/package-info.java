/** Runs the conformance suites of standards that Trellis implements, where they are at hand. */
@NullMarked
package dev.trellis.conformance;

import org.jspecify.annotations.NullMarked;
