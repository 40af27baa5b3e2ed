package dev.trellis.host.component;

/** A function that a linked component exports. Immutable; for all instances of it. */
public final class ComponentExport {
    /** Between the name of an instance and a name in it. */
    static final String SEPARATOR = "#";

    private final String path;
    private final LiftedFunction function;

    ComponentExport(String path, LiftedFunction function) {
        this.path = path;
        this.function = function;
    }

    /** Names of instances and of the function, with {@code #} between. */
    public String path() {
        return path;
    }

    public FunctionType type() {
        return function.type;
    }

    LiftedFunction function() {
        return function;
    }

    @Override
    public String toString() {
        return path;
    }
}
