package dev.trellis.host.engine;

import java.util.Optional;

/** One export of a module; {@code signature} is there exactly for functions. */
public record ModuleExport(String name, ExternalKind kind, Optional<Signature> signature) {
    public ModuleExport {
        if ((kind == ExternalKind.FUNCTION) != signature.isPresent()) {
            throw new IllegalArgumentException("export " + name + " is a " + kind
                    + "; exactly function exports have a signature, was " + signature);
        }
    }
}
