package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.runtime.TableInstance;
import com.dylibso.chicory.wasm.types.Export;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** One instance of a module in a {@link GuestStore}. */
public final class CoreInstance {
    private final GuestStore store;
    private final CompiledModule module;
    private final int number;
    private final InstanceState state;
    private final StoreFunctions functions;
    private final Machine machine;
    private final Map<String, CoreItem> exports = new HashMap<>();

    CoreInstance(GuestStore store, CompiledModule module, int number, InstanceState state, StoreFunctions functions) {
        this.store = store;
        this.module = module;
        this.number = number;
        this.state = state;
        this.functions = functions;
        this.machine = state.instance().getMachine();
    }

    public CompiledModule module() {
        return module;
    }

    /** What is exported under {@code name}. */
    public Optional<CoreItem> export(String name) {
        CoreItem known = exports.get(name);
        if (known != null) {
            return Optional.of(known);
        }
        int export = module.exportNumber(name);
        if (export < 0) {
            return Optional.empty();
        }
        CoreItem item = item(module.module().exportSection().getExport(export));
        exports.put(name, item);
        return Optional.of(item);
    }

    private CoreItem item(Export export) {
        int index = export.index();
        return switch (export.exportType()) {
            case FUNCTION ->
                index < module.importedFunctions()
                        ? store.importedFunction(this, index)
                        : new CoreFunction.OfGuest(this, index);
            case MEMORY -> new CoreMemory(state.memory(index));
            case TABLE -> new CoreTable(table(index));
            case GLOBAL -> new CoreGlobal(state.instance().global(index));
            case TAG -> new CoreTag(state.instance().tag(index));
        };
    }

    private GuestTable table(int index) {
        TableInstance table = state.instance().table(index);
        if (table instanceof GuestTable guest) {
            return guest;
        }
        throw new IllegalStateException("every table is a guest table, this is a " + table.getClass());
    }

    StoreFunctions functions() {
        return functions;
    }

    GuestStore store() {
        return store;
    }

    int number() {
        return number;
    }

    Machine machine() {
        return machine;
    }

    InstanceState state() {
        return state;
    }
}
