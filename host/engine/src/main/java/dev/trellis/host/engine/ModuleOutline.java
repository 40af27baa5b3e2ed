package dev.trellis.host.engine;

import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.GlobalImport;
import com.dylibso.chicory.wasm.types.MemoryImport;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.dylibso.chicory.wasm.types.MutabilityType;
import com.dylibso.chicory.wasm.types.TableImport;
import com.dylibso.chicory.wasm.types.TableLimits;
import com.dylibso.chicory.wasm.types.TagImport;
import com.dylibso.chicory.wasm.types.TagType;
import com.dylibso.chicory.wasm.types.ValType;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** What a core module imports and exports, with full types, each in the module's order. */
public record ModuleOutline(List<Import> imports, List<Export> exports) {
    /** One import of a module. */
    public record Import(String module, String name, ExternalType type) {}

    /** One export of a module. */
    public record Export(String name, ExternalType type) {}

    public ModuleOutline {
        imports = List.copyOf(imports);
        exports = List.copyOf(exports);
    }

    /**
     * Validates a module, all of its code included, without compiling it. What passes may still be refused by
     * {@link WasmEngine#load}, where it is too costly to compile.
     *
     * @param wasm a core module in binary form; not kept
     * @throws InvalidModuleException if the module is malformed, invalid, or above a limit of {@code config}
     */
    public static ModuleOutline of(byte[] wasm, EngineConfig config) {
        return ModuleCompiler.outline(wasm, config);
    }

    /** Of a valid module. */
    static ModuleOutline of(WasmModule module) {
        Spaces spaces = new Spaces(module);
        List<Import> imports = new ArrayList<>();
        for (int i = 0; i < module.importSection().importCount(); i++) {
            var imported = module.importSection().getImport(i);
            ExternalType type =
                    switch (imported) {
                        case FunctionImport function -> spaces.function(function.typeIndex());
                        case TableImport table -> table(table.entryType(), table.limits());
                        case MemoryImport memory -> memory(memory.limits());
                        case GlobalImport global -> global(global.type(), global.mutabilityType());
                        case TagImport tag -> spaces.tag(tag.tagType());
                        default -> throw new IllegalStateException("an import of a new kind: " + imported.importType());
                    };
            spaces.add(type);
            imports.add(new Import(
                    CompiledModule.importName(imported.module()), CompiledModule.importName(imported.name()), type));
        }
        spaces.addDefined();
        List<Export> exports = new ArrayList<>();
        for (int i = 0; i < module.exportSection().exportCount(); i++) {
            var export = module.exportSection().getExport(i);
            exports.add(new Export(export.name(), spaces.get(export)));
        }
        return new ModuleOutline(imports, exports);
    }

    private static ExternalType table(ValType element, TableLimits limits) {
        return new ExternalType.Table(
                CompiledModule.type(element), limits.min(), max(limits.max(), TableLimits.LIMIT_MAX));
    }

    private static ExternalType memory(MemoryLimits limits) {
        return new ExternalType.Memory(limits.initialPages(), max(limits.maximumPages(), MemoryLimits.MAX_PAGES));
    }

    /** The parser writes the largest maximum where the module has none. */
    private static OptionalLong max(long max, long none) {
        return max >= none ? OptionalLong.empty() : OptionalLong.of(max);
    }

    private static ExternalType global(ValType type, MutabilityType mutability) {
        return new ExternalType.Global(CompiledModule.type(type), mutability == MutabilityType.Var);
    }

    /** The index spaces that exports point into. */
    private static final class Spaces {
        private final WasmModule module;
        private final List<ExternalType> functions = new ArrayList<>();
        private final List<ExternalType> tables = new ArrayList<>();
        private final List<ExternalType> memories = new ArrayList<>();
        private final List<ExternalType> globals = new ArrayList<>();
        private final List<ExternalType> tags = new ArrayList<>();

        Spaces(WasmModule module) {
            this.module = module;
        }

        ExternalType function(int type) {
            return new ExternalType.Function(signature(type));
        }

        ExternalType tag(TagType tag) {
            return new ExternalType.Tag(signature(tag.typeIdx()));
        }

        private Signature signature(int type) {
            FunctionType function = module.typeSection().getType(type);
            return CompiledModule.signature(function);
        }

        void add(ExternalType type) {
            space(type.kind()).add(type);
        }

        void addDefined() {
            for (int i = 0; i < module.functionSection().functionCount(); i++) {
                add(function(module.functionSection().getFunctionType(i)));
            }
            for (int i = 0; i < module.tableSection().tableCount(); i++) {
                add(table(
                        module.tableSection().getTable(i).elementType(),
                        module.tableSection().getTable(i).limits()));
            }
            module.memorySection().ifPresent(section -> {
                for (int i = 0; i < section.memoryCount(); i++) {
                    add(memory(section.getMemory(i).limits()));
                }
            });
            for (int i = 0; i < module.globalSection().globalCount(); i++) {
                add(global(
                        module.globalSection().getGlobal(i).valueType(),
                        module.globalSection().getGlobal(i).mutabilityType()));
            }
            module.tagSection().ifPresent(section -> {
                for (int i = 0; i < section.tagCount(); i++) {
                    add(tag(section.getTag(i)));
                }
            });
        }

        ExternalType get(com.dylibso.chicory.wasm.types.Export export) {
            return space(CompiledModule.kind(export.exportType())).get(export.index());
        }

        private List<ExternalType> space(ExternalKind kind) {
            return switch (kind) {
                case FUNCTION -> functions;
                case TABLE -> tables;
                case MEMORY -> memories;
                case GLOBAL -> globals;
                case TAG -> tags;
            };
        }
    }
}
