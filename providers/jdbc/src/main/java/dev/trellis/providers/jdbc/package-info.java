/** What the providers of the SQL contract share: statements as text and parameters, values, results, links. */
@NullMarked
package dev.trellis.providers.jdbc;

import org.jspecify.annotations.NullMarked;
