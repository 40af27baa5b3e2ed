package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.ImportFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Fits what a module imports and needs to what the host offers and allows. */
final class Linker {
    private Linker() {}

    /** @throws LinkException naming the first thing that does not fit */
    static ImportValues link(CompiledModule module, HostFunctions offered, GuestLimits limits) {
        memoryFits(module.module(), limits);
        tablesFit(module.module(), limits);
        // Two imports of one name, as some toolchains emit, resolve to one function.
        Map<String, ImportFunction> linked = new LinkedHashMap<>();
        List<ModuleImport> imports = module.imports();
        for (int i = 0; i < imports.size(); i++) {
            ModuleImport wanted = imports.get(i);
            HostFunction function = resolve(wanted, offered);
            FunctionImport declared =
                    (FunctionImport) module.module().importSection().getImport(i);
            linked.putIfAbsent(
                    declared.module() + '\0' + declared.name(), adapt(declared.module(), declared.name(), function));
        }
        return ImportValues.builder()
                .addFunction(linked.values().toArray(ImportFunction[]::new))
                .build();
    }

    private static HostFunction resolve(ModuleImport wanted, HostFunctions offered) {
        String subject = "import " + wanted.module() + "." + wanted.name();
        Signature signature = wanted.signature()
                .orElseThrow(() -> new LinkException(
                        subject,
                        "guests import functions only, this is a "
                                + wanted.kind().name().toLowerCase(Locale.ROOT)));
        HostFunction function = offered.find(wanted.module(), wanted.name())
                .orElseThrow(() -> new LinkException(
                        subject, "the module expects a function " + signature + ", the host offers none of this name"));
        if (!function.signature().equals(signature)) {
            throw new LinkException(
                    subject,
                    "the module expects a function " + signature + ", the host offers " + function.signature());
        }
        return function;
    }

    private static ImportFunction adapt(String module, String name, HostFunction function) {
        FunctionType type = FunctionType.of(
                function.signature().params().stream().map(CompiledModule::type).toList(),
                function.signature().results().stream()
                        .map(CompiledModule::type)
                        .toList());
        int results = function.signature().results().size();
        HostFunction.Body body = function.body();
        boolean leaf = function.leaf();
        return new com.dylibso.chicory.runtime.HostFunction(module, name, type, (instance, args) -> {
            GuestInstance guest = GuestMachine.guestOf(instance);
            CallGuard guard = guest.guard();
            if (!leaf) {
                StackReserve.check();
            }
            long[] result;
            try {
                result = body.call(guest, args);
                if (result.length != results) {
                    throw new IllegalStateException("host function " + function.module() + "." + function.name()
                            + " must give " + results + " results, gave " + result.length);
                }
            } catch (Throwable e) {
                throw guard.hostThrew(e);
            }
            guard.checkTime();
            return result;
        });
    }

    private static void memoryFits(WasmModule module, GuestLimits limits) {
        module.memorySection().ifPresent(section -> {
            for (int i = 0; i < section.memoryCount(); i++) {
                int pages = section.getMemory(i).limits().initialPages();
                if (pages > limits.memoryPagesMax()) {
                    throw new LinkException(
                            "memory " + i,
                            "it starts with " + pages + " pages of 64 KiB, the guest's limit is "
                                    + limits.memoryPagesMax());
                }
            }
        });
    }

    static void tablesFit(WasmModule module, GuestLimits limits) {
        for (int i = 0; i < module.tableSection().tableCount(); i++) {
            long entries = module.tableSection().getTable(i).limits().min();
            if (entries > limits.tableEntriesMax()) {
                throw new LinkException(
                        "table " + i,
                        "it starts with " + entries + " entries, the guest's limit is " + limits.tableEntriesMax());
            }
        }
    }
}
