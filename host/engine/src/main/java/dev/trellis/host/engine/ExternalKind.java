package dev.trellis.host.engine;

import java.util.Locale;

/** What modules import and export. */
public enum ExternalKind {
    FUNCTION,
    TABLE,
    MEMORY,
    GLOBAL,
    TAG;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
