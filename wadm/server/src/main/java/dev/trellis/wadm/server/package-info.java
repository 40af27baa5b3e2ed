/** The controller: watches a lattice and keeps its applications as their manifests say. */
@NullMarked
package dev.trellis.wadm.server;

import org.jspecify.annotations.NullMarked;
