package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.CodeSection;
import com.dylibso.chicory.wasm.types.Export;
import com.dylibso.chicory.wasm.types.ExternalType;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionSection;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.Import;
import com.dylibso.chicory.wasm.types.MutabilityType;
import com.dylibso.chicory.wasm.types.PassiveElement;
import com.dylibso.chicory.wasm.types.ValType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

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
    private final Map<Signature, Integer> typeNumbers = new HashMap<>();
    private final Map<String, Integer> exportNumbers = new HashMap<>();
    private final int[] mutableGlobals;
    private final int[] passiveElements;

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
        for (int type = 0; type < module.typeSection().typeCount(); type++) {
            typeNumbers.putIfAbsent(signature(module.typeSection().getType(type)), type);
        }
        for (int export = 0; export < exports.size(); export++) {
            exportNumbers.put(exports.get(export).name(), export);
        }
        this.mutableGlobals = IntStream.range(0, module.globalSection().globalCount())
                .filter(i -> module.globalSection().getGlobal(i).mutabilityType() == MutabilityType.Var)
                .toArray();
        this.passiveElements = IntStream.range(0, module.elementSection().elementCount())
                .filter(i -> module.elementSection().getElement(i) instanceof PassiveElement)
                .toArray();
    }

    public ModuleDigest digest() {
        return digest;
    }

    /** What it imports and exports, with full types. */
    ModuleOutline outline() {
        return ModuleOutline.of(module);
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

    /** The number of the export {@code name}; -1 if there is none. */
    int exportNumber(String name) {
        return exportNumbers.getOrDefault(name, -1);
    }

    /** How many functions are imported; they have the first numbers. */
    int importedFunctions() {
        return module.importSection().count(ExternalType.FUNCTION);
    }

    /** The type of import number {@code number}, which is a function. */
    FunctionType importedType(int number) {
        FunctionImport function = (FunctionImport) module.importSection().getImport(number);
        return module.typeSection().getType(function.typeIndex());
    }

    /** Numbers of the mutable globals among those that the module defines. */
    int[] mutableGlobals() {
        return mutableGlobals;
    }

    /** Numbers of the passive element segments. */
    int[] passiveElements() {
        return passiveElements;
    }

    /** The type of function number {@code function}, imported ones counted first. */
    Signature typeOf(int function) {
        return signature(functionType(module, function));
    }

    /** The first of this module's types that equals {@code type}. */
    Optional<Integer> typeNumber(Signature type) {
        return Optional.ofNullable(typeNumbers.get(type));
    }

    /** An instance with this module's types, and for each of them one function that {@code machine} runs. */
    Instance standIn(Function<Instance, Machine> machine) {
        FunctionSection.Builder functions = FunctionSection.builder();
        CodeSection.Builder bodies = CodeSection.builder();
        for (int type = 0; type < module.typeSection().typeCount(); type++) {
            functions.addFunctionType(type);
            bodies.addFunctionBody(new FunctionBody(List.of(), List.of()));
        }
        WasmModule types = WasmModule.builder()
                .setTypeSection(module.typeSection())
                .setFunctionSection(functions.build())
                .setCodeSection(bodies.build())
                .build();
        return Instance.builder(types)
                .withMachineFactory(machine)
                .withStart(false)
                .build();
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

    static String importName(String name) {
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

    static Signature signature(FunctionType type) {
        return new Signature(
                type.params().stream().map(CompiledModule::type).toList(),
                type.returns().stream().map(CompiledModule::type).toList());
    }

    static WasmType type(ValType type) {
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

    static ExternalKind kind(ExternalType type) {
        return switch (type) {
            case FUNCTION -> ExternalKind.FUNCTION;
            case TABLE -> ExternalKind.TABLE;
            case MEMORY -> ExternalKind.MEMORY;
            case GLOBAL -> ExternalKind.GLOBAL;
            case TAG -> ExternalKind.TAG;
        };
    }
}
