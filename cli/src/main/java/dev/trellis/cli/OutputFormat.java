package dev.trellis.cli;

/** Form of what goes to standard output. */
enum OutputFormat {
    /** For people. */
    TEXT,
    /** One JSON document. */
    JSON
}
