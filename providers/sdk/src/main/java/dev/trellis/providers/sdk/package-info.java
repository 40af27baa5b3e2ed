/** What a capability provider is, and what it is given. */
@NullMarked
package dev.trellis.providers.sdk;

import org.jspecify.annotations.NullMarked;
