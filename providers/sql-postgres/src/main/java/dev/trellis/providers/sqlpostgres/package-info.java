/** Capability provider: an SQL database in PostgreSQL. */
@NullMarked
package dev.trellis.providers.sqlpostgres;

import org.jspecify.annotations.NullMarked;
