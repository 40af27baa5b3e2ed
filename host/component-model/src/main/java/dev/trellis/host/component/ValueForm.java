package dev.trellis.host.component;

import org.jspecify.annotations.Nullable;

/** How values of one type are written as bytes and read again. Made once per type; has no state. */
interface ValueForm {
    /** Writes a value, in Java as {@link ComponentImports} says. */
    void write(ValueWriter to, @Nullable Object value) throws ValueFormException;

    Object read(ValueReader from) throws ValueFormException;
}
