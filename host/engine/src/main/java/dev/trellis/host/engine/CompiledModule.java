package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.Export;
import com.dylibso.chicory.wasm.types.ExternalType;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.Import;
import com.dylibso.chicory.wasm.types.ValType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A module that is valid, within the engine's limits, and compiled. Immutable; safe for concurrent use. */
public final class CompiledModule {
    private final ModuleDigest digest;
    private final WasmModule module;
    private final Function<Instance, Machine> machineFactory;
    private final Map<String, byte[]> customSections;
    private final int interpretedFunctions;
    private final int startFunction;
    private final long weight;
    private final Watchdog watchdog;
    private final List<ModuleImport> imports;
    private final List<ModuleExport> exports;

    CompiledModule(ModuleDigest digest, CompiledCode code, boolean verifyAll, Watchdog watchdog) {
        this.digest = digest;
        this.module = ModuleCompiler.parse(code.stripped(), false);
        this.machineFactory = CodeLoader.machineFactory(code, verifyAll);
        this.customSections = code.customSections();
        this.interpretedFunctions = code.interpretedFunctions();
        this.startFunction = code.startFunction();
        this.weight = code.weight();
        this.watchdog = watchdog;
        this.imports = imports(module);
        this.exports = exports(module);
    }

    public ModuleDigest digest() {
        return digest;
    }

    /** In the module's order. */
    public List<ModuleImport> imports() {
        return imports;
    }

    /** In the module's order. */
    public List<ModuleExport> exports() {
        return exports;
    }

    /**
     * The content of the first custom section with this name, as a copy. Debug information ({@code .debug*}) and what
     * exceeds 8 MiB in total is not kept.
     */
    public Optional<byte[]> customSection(String name) {
        return Optional.ofNullable(customSections.get(name)).map(byte[]::clone);
    }

    /** Functions that are too large for a JVM method and run interpreted, about a hundred times slower. */
    public int interpretedFunctions() {
        return interpretedFunctions;
    }

    /** Like {@link #pool(HostFunctions, GuestLimits, PoolOptions)} with {@link PoolOptions#DEFAULTS}. */
    public InstancePool pool(HostFunctions imports, GuestLimits limits) throws InterruptedException {
        return pool(imports, limits, PoolOptions.DEFAULTS);
    }

    /**
     * Creates a pool of instances. Runs the start function and {@code options.initExports()} once, on this thread, and
     * takes the image of fresh state.
     *
     * @throws LinkException if an import is missing or has another signature, or the module starts above {@code limits}
     * @throws GuestException if initialisation failed
     * @throws InterruptedException if this thread was interrupted during initialisation
     */
    public InstancePool pool(HostFunctions imports, GuestLimits limits, PoolOptions options)
            throws InterruptedException {
        return new InstancePool(this, Linker.link(this, imports, limits), limits, options, watchdog);
    }

    WasmModule module() {
        return module;
    }

    GuestMachine newMachine(Instance instance) {
        return new GuestMachine(machineFactory.apply(instance));
    }

    int startFunction() {
        return startFunction;
    }

    long weight() {
        return weight;
    }

    Optional<String> functionName(int function) {
        byte[] names = customSections.get("name");
        return names == null ? Optional.empty() : FunctionNames.find(names, function);
    }

    private static List<ModuleImport> imports(WasmModule module) {
        List<ModuleImport> imports = new ArrayList<>();
        for (int i = 0; i < module.importSection().importCount(); i++) {
            Import imported = module.importSection().getImport(i);
            Optional<Signature> signature = imported instanceof FunctionImport function
                    ? Optional.of(signature(module.typeSection().getType(function.typeIndex())))
                    : Optional.empty();
            imports.add(new ModuleImport(
                    importName(imported.module()),
                    importName(imported.name()),
                    kind(imported.importType()),
                    signature));
        }
        return List.copyOf(imports);
    }

    private static String importName(String name) {
        return name.equals(ModuleScanner.EMPTY_IMPORT_NAME) ? "" : name;
    }

    private static List<ModuleExport> exports(WasmModule module) {
        List<ModuleExport> exports = new ArrayList<>();
        for (int i = 0; i < module.exportSection().exportCount(); i++) {
            Export export = module.exportSection().getExport(i);
            Optional<Signature> signature = export.exportType() == ExternalType.FUNCTION
                    ? Optional.of(signature(functionType(module, export.index())))
                    : Optional.empty();
            exports.add(new ModuleExport(export.name(), kind(export.exportType()), signature));
        }
        return List.copyOf(exports);
    }

    private static FunctionType functionType(WasmModule module, int function) {
        int imported = 0;
        for (int i = 0; i < module.importSection().importCount(); i++) {
            if (module.importSection().getImport(i) instanceof FunctionImport functionImport) {
                if (imported == function) {
                    return module.typeSection().getType(functionImport.typeIndex());
                }
                imported++;
            }
        }
        return module.typeSection().getType(module.functionSection().getFunctionType(function - imported));
    }

    private static Signature signature(FunctionType type) {
        return new Signature(
                type.params().stream().map(CompiledModule::type).toList(),
                type.returns().stream().map(CompiledModule::type).toList());
    }

    private static WasmType type(ValType type) {
        return switch (type.opcode()) {
            case ValType.ID.I32 -> WasmType.I32;
            case ValType.ID.I64 -> WasmType.I64;
            case ValType.ID.F32 -> WasmType.F32;
            case ValType.ID.F64 -> WasmType.F64;
            case ValType.ID.V128 -> WasmType.V128;
            default -> type.equals(ValType.ExternRef) ? WasmType.EXTERNREF : WasmType.FUNCREF;
        };
    }

    static ValType type(WasmType type) {
        return switch (type) {
            case I32 -> ValType.I32;
            case I64 -> ValType.I64;
            case F32 -> ValType.F32;
            case F64 -> ValType.F64;
            case V128 -> ValType.V128;
            case FUNCREF -> ValType.FuncRef;
            case EXTERNREF -> ValType.ExternRef;
        };
    }

    private static ExternalKind kind(ExternalType type) {
        return switch (type) {
            case FUNCTION -> ExternalKind.FUNCTION;
            case TABLE -> ExternalKind.TABLE;
            case MEMORY -> ExternalKind.MEMORY;
            case GLOBAL -> ExternalKind.GLOBAL;
            case TAG -> ExternalKind.TAG;
        };
    }
}
