/** OAM manifests ({@code wadm.yaml}): records, the reader of all dialects, and errors with line and column. No I/O. */
@NullMarked
package dev.trellis.wadm.manifest;

import org.jspecify.annotations.NullMarked;
