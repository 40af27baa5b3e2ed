/** Capability provider: an SQL database in a file of the host, by SQLite. */
@NullMarked
package dev.trellis.providers.sqlsqlite;

import org.jspecify.annotations.NullMarked;
