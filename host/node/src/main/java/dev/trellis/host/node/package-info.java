/** The host: runs actors and providers, routes calls, answers the control interface. */
@NullMarked
package dev.trellis.host.node;

import org.jspecify.annotations.NullMarked;
