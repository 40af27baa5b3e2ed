/** The pure part of the controller: what is desired and observed goes in, commands and status come out. */
@NullMarked
package dev.trellis.wadm.core;

import org.jspecify.annotations.NullMarked;
