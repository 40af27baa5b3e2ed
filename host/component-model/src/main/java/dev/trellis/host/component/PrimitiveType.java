package dev.trellis.host.component;

import dev.trellis.host.engine.WasmType;
import java.util.Optional;

/** The value types without parts. */
public enum PrimitiveType implements ValueType {
    BOOL(0x7f, "bool", Layout.scalar(1, WasmType.I32)),
    S8(0x7e, "s8", Layout.scalar(1, WasmType.I32)),
    U8(0x7d, "u8", Layout.scalar(1, WasmType.I32)),
    S16(0x7c, "s16", Layout.scalar(2, WasmType.I32)),
    U16(0x7b, "u16", Layout.scalar(2, WasmType.I32)),
    S32(0x7a, "s32", Layout.scalar(4, WasmType.I32)),
    U32(0x79, "u32", Layout.scalar(4, WasmType.I32)),
    S64(0x78, "s64", Layout.scalar(8, WasmType.I64)),
    U64(0x77, "u64", Layout.scalar(8, WasmType.I64)),
    F32(0x76, "f32", Layout.scalar(4, WasmType.F32)),
    F64(0x75, "f64", Layout.scalar(8, WasmType.F64)),
    CHAR(0x74, "char", Layout.scalar(4, WasmType.I32)),
    STRING(0x73, "string", Layout.POINTER_AND_LENGTH),
    ERROR_CONTEXT(0x64, "error-context", Layout.scalar(4, WasmType.I32));

    private static final PrimitiveType[] ALL = values();

    private final int code;
    private final String words;
    private final Layout layout;

    PrimitiveType(int code, String words, Layout layout) {
        this.code = code;
        this.words = words;
        this.layout = layout;
    }

    /** The type with this byte in the binary format. */
    static Optional<PrimitiveType> of(int code) {
        for (PrimitiveType type : ALL) {
            if (type.code == code) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public boolean has(Trait trait) {
        return trait == Trait.POINTER && this == STRING;
    }

    @Override
    public long treeSize() {
        return 1;
    }

    @Override
    public int depth() {
        return 1;
    }

    /** As in WIT. */
    @Override
    public String toString() {
        return words;
    }
}
