package dev.trellis.host.engine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Walks a module's bytes before anything is built from them. */
final class ModuleScanner {
    /*
     * The parser behind this facade allocates what a count in the module says before it reads that many items, and spends
     * hundreds of heap bytes on one byte of code. So every count is checked here against the bytes that follow and against
     * a limit, in one pass without allocation by count. What the scanner lets through may still be invalid; that is the
     * validator's answer, given in bounded memory.
     *
     * The walk also takes the custom sections out: nothing but name lookups needs them, and the parser would read some of
     * them. An import with two empty names, which component adapters use and the parser refuses, gets a name of its own.
     */
    static final int TYPES_MAX = 50_000;
    static final int TYPE_VALUES_MAX = 1_000;
    static final int IMPORTS_MAX = 1_000;
    static final int TABLES_MAX = 64;
    static final int MEMORIES_MAX = 100;
    static final int GLOBALS_MAX = 50_000;
    static final int EXPORTS_MAX = 50_000;
    static final int ELEMENT_SEGMENTS_MAX = 50_000;
    static final int ELEMENT_ENTRIES_MAX = 1_000_000;
    static final int DATA_SEGMENTS_MAX = 100_000;
    static final int TAGS_MAX = 1_000;
    static final int NAME_BYTES_MAX = 100_000;
    static final int FUNCTION_BYTES_MAX = 1 << 20;
    static final int FUNCTION_LOCALS_MAX = 50_000;
    static final int LOCALS_MAX = 2_000_000;
    /** Functions this big may be too large for a JVM method; every one that is restarts a part of the compilation. */
    static final int OVERSIZED_FUNCTION_BYTES = 16 << 10;

    static final int OVERSIZED_FUNCTIONS_MAX = 64;
    static final int CUSTOM_SECTION_BYTES_MAX = 8 << 20;
    /** Heap that the parser may need for one byte of code, at worst. */
    static final int HEAP_BYTES_PER_CODE_BYTE = 256;

    static final String EMPTY_IMPORT_NAME = "$trellis-empty";

    private static final byte[] PREAMBLE = {0, 'a', 's', 'm', 1, 0, 0, 0};
    private static final String COMPONENT_RULE = "a core module is expected, this is a component";

    private static final int CUSTOM = 0;
    private static final int TYPE = 1;
    private static final int IMPORT = 2;
    private static final int FUNCTION = 3;
    private static final int TABLE = 4;
    private static final int MEMORY = 5;
    private static final int GLOBAL = 6;
    private static final int EXPORT = 7;
    private static final int START = 8;
    private static final int ELEMENT = 9;
    private static final int CODE = 10;
    private static final int DATA = 11;
    private static final int DATA_COUNT = 12;
    private static final int TAG = 13;

    /**
     * A walked module.
     *
     * @param core the module without custom sections
     * @param customSections bytes by name; of sections with one name the first; none with debug information
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Scanned(byte[] core, Map<String, byte[]> customSections) {}

    private final byte[] wasm;
    private final EngineConfig config;
    private final ByteArrayOutputStream core;
    private final Map<String, byte[]> customSections = new LinkedHashMap<>();
    private int at;
    private int limit;
    private int customBytes;
    private int functions;
    private long elementEntries;

    private ModuleScanner(byte[] wasm, EngineConfig config) {
        this.wasm = wasm;
        this.config = config;
        this.core = new ByteArrayOutputStream(wasm.length);
        this.limit = wasm.length;
    }

    /** @throws InvalidModuleException with the offset of the first byte that breaks a rule */
    static Scanned scan(byte[] wasm, EngineConfig config) {
        return new ModuleScanner(wasm, config).module();
    }

    private Scanned module() {
        for (int i = 0; i < PREAMBLE.length; i++) {
            if (i >= wasm.length || wasm[i] != PREAMBLE[i]) {
                boolean component = wasm.length >= 8 && wasm[3] == 'm' && wasm[4] == 0x0d && wasm[6] == 1;
                throw broken(component ? COMPONENT_RULE : "a module starts with \\0asm and version 1", i);
            }
        }
        core.write(wasm, 0, PREAMBLE.length);
        at = PREAMBLE.length;
        while (at < wasm.length) {
            int start = at;
            int id = u8();
            int size = u32("a section's size");
            int body = at;
            if (size > wasm.length - body) {
                throw broken("section " + id + " ends inside the module; its size is " + size, start);
            }
            limit = body + size;
            int written = core.size();
            section(id);
            if (at != limit) {
                throw broken("section " + id + " is as long as its content; " + (limit - at) + " bytes are left", at);
            }
            if (id != CUSTOM && core.size() == written) {
                core.write(wasm, start, limit - start);
            }
            limit = wasm.length;
        }
        return new Scanned(core.toByteArray(), Map.copyOf(customSections));
    }

    private void section(int id) {
        switch (id) {
            case CUSTOM -> custom();
            case TYPE -> types();
            case IMPORT -> imports();
            case FUNCTION -> functionTypes();
            case TABLE -> tables();
            case MEMORY -> memories();
            case GLOBAL -> globals();
            case EXPORT -> exports();
            case START -> u32("the start function");
            case ELEMENT -> elements();
            case CODE -> code();
            case DATA -> data();
            case DATA_COUNT -> atMost(u32("the data count"), DATA_SEGMENTS_MAX, "data segments");
            case TAG -> tags();
            default -> throw broken("section ids go from 0 to 13, this is " + id, at);
        }
    }

    private void custom() {
        String name = name();
        int size = limit - at;
        // Debug information is often larger than the code and only a debugger reads it.
        if (!name.startsWith(".debug") && customBytes + size <= CUSTOM_SECTION_BYTES_MAX) {
            byte[] content = new byte[size];
            System.arraycopy(wasm, at, content, 0, size);
            if (customSections.putIfAbsent(name, content) == null) {
                customBytes += size;
            }
        }
        at = limit;
    }

    private void types() {
        int count = count(TYPES_MAX, "types");
        for (int i = 0; i < count; i++) {
            int form = u8();
            if (form != 0x60) {
                throw broken(
                        "types are function types (0x60); 0x" + Integer.toHexString(form)
                                + " belongs to garbage collection, which is not supported",
                        at - 1);
            }
            for (String what : new String[] {"parameters", "results"}) {
                int values = count(TYPE_VALUES_MAX, what);
                for (int v = 0; v < values; v++) {
                    valueType();
                }
            }
        }
    }

    private void imports() {
        int start = at;
        int count = count(IMPORTS_MAX, "imports");
        boolean empty = false;
        for (int i = 0; i < count; i++) {
            empty |= anImport();
        }
        if (empty) {
            at = start;
            renamedImports();
        }
    }

    /** Whether both names are empty. */
    private boolean anImport() {
        int before = at;
        skipName();
        skipName();
        boolean empty = at == before + 2;
        importType();
        return empty;
    }

    private void importType() {
        int kind = u8();
        switch (kind) {
            case 0 -> u32("a type index");
            case 1 -> {
                valueType();
                limits(false);
            }
            case 2 -> limits(true);
            case 3 -> {
                valueType();
                u8();
            }
            case 4 -> {
                u8();
                u32("a type index");
            }
            default -> throw broken("import kinds go from 0 to 4, this is " + kind, at - 1);
        }
    }

    private void renamedImports() {
        byte[] substitute = EMPTY_IMPORT_NAME.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream body = new ByteArrayOutputStream(limit - at + 64);
        int count = u32("imports");
        Leb.write(body, count);
        for (int i = 0; i < count; i++) {
            int start = at;
            skipName();
            skipName();
            if (at == start + 2) {
                for (int n = 0; n < 2; n++) {
                    Leb.write(body, substitute.length);
                    body.writeBytes(substitute);
                }
            } else {
                body.write(wasm, start, at - start);
            }
            int type = at;
            importType();
            body.write(wasm, type, at - type);
        }
        core.write(IMPORT);
        Leb.write(core, body.size());
        core.writeBytes(body.toByteArray());
    }

    private void functionTypes() {
        functions = count(config.functionsMax(), "functions");
        for (int i = 0; i < functions; i++) {
            u32("a type index");
        }
    }

    private void tables() {
        int count = count(TABLES_MAX, "tables");
        for (int i = 0; i < count; i++) {
            if (peek() == 0x40) {
                at++;
                u8();
                valueType();
                limits(false);
                constantExpression();
            } else {
                valueType();
                limits(false);
            }
        }
    }

    private void memories() {
        int count = count(MEMORIES_MAX, "memories");
        for (int i = 0; i < count; i++) {
            limits(true);
        }
    }

    private void limits(boolean memory) {
        int flags = u8();
        if (flags > 1) {
            throw broken(
                    "limits have flags 0 or 1; shared and 64-bit " + (memory ? "memories" : "tables")
                            + " are not supported, flags are " + flags,
                    at - 1);
        }
        u32AsLong("a minimum");
        if (flags == 1) {
            u32AsLong("a maximum");
        }
    }

    private void globals() {
        int count = count(GLOBALS_MAX, "globals");
        for (int i = 0; i < count; i++) {
            valueType();
            u8();
            constantExpression();
        }
    }

    private void exports() {
        int count = count(EXPORTS_MAX, "exports");
        for (int i = 0; i < count; i++) {
            skipName();
            u8();
            u32("an export's index");
        }
    }

    private void elements() {
        int count = count(ELEMENT_SEGMENTS_MAX, "element segments");
        for (int i = 0; i < count; i++) {
            int flags = u32("an element segment's flags");
            if (flags > 7) {
                throw broken("element segments have flags 0 to 7, these are " + flags, at - 1);
            }
            boolean active = (flags & 1) == 0;
            boolean explicit = (flags & 2) != 0;
            boolean expressions = (flags & 4) != 0;
            if (active && explicit) {
                u32("a table index");
            }
            if (active) {
                constantExpression();
            }
            if (explicit || !active) {
                if (expressions) {
                    valueType();
                } else {
                    u8();
                }
            }
            int entries = count(ELEMENT_ENTRIES_MAX, "element entries");
            elementEntries += entries;
            atMost(elementEntries, ELEMENT_ENTRIES_MAX, "element entries");
            for (int e = 0; e < entries; e++) {
                if (expressions) {
                    constantExpression();
                } else {
                    u32("a function index");
                }
            }
        }
    }

    private void code() {
        long heap = Runtime.getRuntime().maxMemory();
        long codeBytesMax = heap / HEAP_BYTES_PER_CODE_BYTE;
        if (limit - at > codeBytesMax) {
            throw broken(
                    "a heap of " + (heap >> 20) + " MiB compiles code of at most " + codeBytesMax + " bytes, this has "
                            + (limit - at) + "; a larger heap (-Xmx) allows more",
                    at);
        }
        int count = count(config.functionsMax(), "function bodies");
        if (count != functions) {
            throw broken("every function has a body: " + functions + " functions, " + count + " bodies", at);
        }
        int oversized = 0;
        long localsOfAll = 0;
        for (int i = 0; i < count; i++) {
            int size = u32("a function's size");
            int body = at;
            if (size > limit - body) {
                throw broken("function body " + i + " ends inside the code section; its size is " + size, body);
            }
            atMost(size, FUNCTION_BYTES_MAX, "bytes of function body " + i);
            if (size > OVERSIZED_FUNCTION_BYTES) {
                atMost(
                        ++oversized,
                        OVERSIZED_FUNCTIONS_MAX,
                        "function bodies above " + OVERSIZED_FUNCTION_BYTES + " bytes");
            }
            long locals = 0;
            int groups = count(FUNCTION_LOCALS_MAX, "groups of locals");
            for (int g = 0; g < groups; g++) {
                locals += u32AsLong("a number of locals");
                atMost(locals, FUNCTION_LOCALS_MAX, "locals of function body " + i);
                valueType();
            }
            localsOfAll += locals;
            atMost(localsOfAll, LOCALS_MAX, "locals of all functions");
            if (at > body + size) {
                throw broken("the locals of function body " + i + " end inside it", at);
            }
            at = body + size;
        }
    }

    private void data() {
        int count = count(DATA_SEGMENTS_MAX, "data segments");
        for (int i = 0; i < count; i++) {
            int flags = u32("a data segment's flags");
            if (flags > 2) {
                throw broken("data segments have flags 0 to 2, these are " + flags, at - 1);
            }
            if (flags == 2) {
                u32("a memory index");
            }
            if (flags != 1) {
                constantExpression();
            }
            int size = u32("a data segment's size");
            if (size > limit - at) {
                throw broken("data segment " + i + " ends inside the data section; its size is " + size, at);
            }
            at += size;
        }
    }

    private void tags() {
        int count = count(TAGS_MAX, "tags");
        for (int i = 0; i < count; i++) {
            u8();
            u32("a type index");
        }
    }

    /** Finds the end of a constant expression. Its types are the validator's. */
    private void constantExpression() {
        while (true) {
            int opcode = u8();
            switch (opcode) {
                case 0x0b -> {
                    return;
                }
                case 0x41, 0x42, 0xd0 -> leb();
                case 0x23, 0xd2 -> u32("an index");
                case 0x43 -> skip(4);
                case 0x44 -> skip(8);
                case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e -> {
                    // integer arithmetic of extended constant expressions
                }
                case 0xfd -> {
                    if (u32("a vector opcode") != 0x0c) {
                        throw broken("the only vector instruction of a constant expression is v128.const", at);
                    }
                    skip(16);
                }
                default ->
                    throw broken(
                            "opcode 0x" + Integer.toHexString(opcode) + " is not constant or not supported", at - 1);
            }
        }
    }

    private void valueType() {
        int type = u8();
        switch (type) {
            case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f -> {
                // i32, i64, f32, f64, v128, funcref, externref
            }
            default ->
                throw broken(
                        "value types are i32, i64, f32, f64, v128, funcref and externref; 0x"
                                + Integer.toHexString(type) + " is none of them",
                        at - 1);
        }
    }

    private String name() {
        int start = at;
        int size = u32("a name's length");
        if (size > limit - at) {
            throw broken("a name ends inside its section; its length is " + size, start);
        }
        atMost(size, NAME_BYTES_MAX, "bytes of a name");
        try {
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(wasm, at, size))
                    .toString();
            at += size;
            return name;
        } catch (CharacterCodingException e) {
            throw broken("names are UTF-8", start);
        }
    }

    private void skipName() {
        name();
    }

    private void skip(int bytes) {
        if (bytes > limit - at) {
            throw broken("a section ends behind its last item", limit);
        }
        at += bytes;
    }

    private int count(int max, String what) {
        int count = u32("the number of " + what);
        atMost(count, max, what);
        if (count > limit - at) {
            throw broken(count + " " + what + " fit in the " + (limit - at) + " bytes left of the section", at);
        }
        return count;
    }

    private void atMost(long actual, long max, String what) {
        if (actual > max) {
            throw broken("at most " + max + " " + what + ", this has " + actual, at);
        }
    }

    private int peek() {
        if (at >= limit) {
            throw broken("a section ends behind its last item", at);
        }
        return wasm[at] & 0xff;
    }

    private int u8() {
        int value = peek();
        at++;
        return value;
    }

    /** An unsigned number that a Java array could have as its size. */
    private int u32(String what) {
        int start = at;
        long value = u32AsLong(what);
        if (value > Integer.MAX_VALUE) {
            throw broken(what + " is at most " + Integer.MAX_VALUE + ", this is " + value, start);
        }
        return (int) value;
    }

    private long u32AsLong(String what) {
        int start = at;
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int b = u8();
            value |= (long) (b & 0x7f) << shift;
            if ((b & 0x80) == 0) {
                if (value > 0xffff_ffffL) {
                    break;
                }
                return value;
            }
        }
        throw broken(what + " has at most 32 bits", start);
    }

    private void leb() {
        for (int i = 0; i < 10; i++) {
            if ((u8() & 0x80) == 0) {
                return;
            }
        }
        throw broken("a constant has at most 64 bits", at);
    }

    private static InvalidModuleException broken(String rule, int offset) {
        return new InvalidModuleException(rule, offset);
    }
}
