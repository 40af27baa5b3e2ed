/** What guests of every kind share: the call that an actor answers, its limits, and what its host does for it. */
@NullMarked
package dev.trellis.host.actor;

import org.jspecify.annotations.NullMarked;
