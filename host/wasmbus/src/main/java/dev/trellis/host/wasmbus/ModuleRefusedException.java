package dev.trellis.host.wasmbus;

/** A module is no classic actor that this host runs; {@link #refusal()} says why. Inspecting it again gives the same answer. */
public final class ModuleRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised
    private final ModuleRefusal refusal;

    ModuleRefusedException(ModuleRefusal refusal) {
        super(refusal.describe(), null, true, false);
        this.refusal = refusal;
    }

    public ModuleRefusal refusal() {
        return refusal;
    }
}
