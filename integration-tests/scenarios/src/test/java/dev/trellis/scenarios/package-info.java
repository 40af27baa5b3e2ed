/** What the scenarios share: real processes and servers, and HTTP clients that keep a history. */
@NullMarked
package dev.trellis.scenarios;

import org.jspecify.annotations.NullMarked;
