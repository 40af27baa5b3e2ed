package dev.trellis.providers.jdbc;

/** Whose rules the text of statements follows. */
public enum SqlDialect {
    POSTGRES,
    SQLITE
}
