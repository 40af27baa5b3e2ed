package dev.trellis.host.engine;

/**
 * A WebAssembly value type. Every value travels as one {@code long}: integers as they are, floats as their raw bits,
 * references as an index with {@code -1} for null.
 */
public enum WasmType {
    I32,
    I64,
    F32,
    F64,
    V128,
    FUNCREF,
    EXTERNREF;

    @Override
    public String toString() {
        return switch (this) {
            case I32 -> "i32";
            case I64 -> "i64";
            case F32 -> "f32";
            case F64 -> "f64";
            case V128 -> "v128";
            case FUNCREF -> "funcref";
            case EXTERNREF -> "externref";
        };
    }
}
