package dev.trellis.host.engine;

import java.util.Optional;

/** One import of a module; {@code signature} is there exactly for functions. */
public record ModuleImport(String module, String name, ExternalKind kind, Optional<Signature> signature) {
    public ModuleImport {
        if ((kind == ExternalKind.FUNCTION) != signature.isPresent()) {
            throw new IllegalArgumentException("import " + module + "." + name + " is a " + kind
                    + "; exactly function imports have a signature, was " + signature);
        }
    }
}
