package dev.trellis.host.engine;

/** What a module imports or exports under a name. */
public enum ExternalKind {
    FUNCTION,
    TABLE,
    MEMORY,
    GLOBAL,
    TAG
}
