package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.wasm.ChicoryException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Function references of one instance among the instances of its store. In the store a reference is the number of its
 * instance, shifted by 32 bits, and the number of the function there. The runtime has one {@code int}: a function of its
 * own by its number, one of another instance by a number above all of those.
 */
final class StoreFunctions {
    private static final long NULL = -1;
    private static final int FOREIGN = 1 << 30;

    private final int self;
    private final List<CoreInstance> instances;
    private final List<CoreFunction> imported;
    private final Map<Long, Integer> foreignNumbers;
    private final List<Long> foreign;

    // Calls of functions of other instances through a table
    private @Nullable Instance caller;
    private @Nullable Machine target;
    private int targetFunction;
    private long typedEntry = NULL;
    private int typedAs;

    private StoreFunctions(
            int self,
            List<CoreInstance> instances,
            List<CoreFunction> imported,
            Map<Long, Integer> foreignNumbers,
            List<Long> foreign) {
        this.self = self;
        this.instances = instances;
        this.imported = imported;
        this.foreignNumbers = foreignNumbers;
        this.foreign = foreign;
    }

    /** For the only instance of its store. */
    static StoreFunctions alone() {
        return new StoreFunctions(0, List.of(), List.of(), Map.of(), List.of());
    }

    /** For no instance yet of the store that has {@code instances}, which get added there in the order of their numbers. */
    static StoreFunctions of(List<CoreInstance> instances) {
        return new StoreFunctions(-1, instances, List.of(), new HashMap<>(), new ArrayList<>());
    }

    /** For instance number {@code instance} of the same store, with the functions that it imports. */
    StoreFunctions forInstance(int instance, List<CoreFunction> importedFunctions) {
        return new StoreFunctions(instance, instances, importedFunctions, foreignNumbers, foreign);
    }

    boolean owns(long entry) {
        return (int) (entry >>> Integer.SIZE) == self;
    }

    long toStore(int reference) {
        if (reference == (int) NULL) {
            return NULL;
        }
        if (reference >= FOREIGN) {
            return foreign.get(reference - FOREIGN);
        }
        // An imported function is what it is where it comes from.
        if (reference < imported.size() && imported.get(reference) instanceof CoreFunction.OfGuest guest) {
            return guest.entry();
        }
        return (long) self << Integer.SIZE | reference;
    }

    int fromStore(long entry) {
        if (entry == NULL) {
            return (int) NULL;
        }
        if (owns(entry)) {
            return (int) entry;
        }
        return foreignNumbers.computeIfAbsent(entry, added -> {
            foreign.add(added);
            return FOREIGN + foreign.size() - 1;
        });
    }

    /** The number of this instance's type that equals the type of the function at {@code entry}. */
    int foreignType(long entry) {
        if (entry != typedEntry) {
            CoreInstance owner = instances.get((int) (entry >>> Integer.SIZE));
            typedAs = instances
                    .get(self)
                    .module()
                    .typeNumber(owner.module().typeOf((int) entry))
                    .orElseThrow(() -> new ChicoryException("indirect call type mismatch"));
            typedEntry = entry;
        }
        return typedAs;
    }

    /**
     * Stands for the owner of {@code entry} in the one call that follows: an instance with this instance's types, of which
     * function {@code n} has type {@code n} and leads to the entry.
     */
    Instance foreignCaller(long entry) {
        CoreInstance owner = instances.get((int) (entry >>> Integer.SIZE));
        target = owner.machine();
        targetFunction = (int) entry;
        Instance standsIn = caller;
        if (standsIn == null) {
            standsIn = instances.get(self).module().standIn(_ -> (_, args) -> {
                Machine callee = Objects.requireNonNull(target);
                return callee.call(targetFunction, args);
            });
            caller = standsIn;
        }
        return standsIn;
    }

    /** Calls a function of another instance that takes or gives references, so that they mean the same there. */
    long[] callForeign(CoreFunction.OfGuest callee, long[] args) {
        StoreFunctions theirs = callee.owner().functions();
        long[] translated = translate(callee.signature().params(), args, this, theirs);
        return translate(callee.signature().results(), callee.callFromGuest(translated), theirs, this);
    }

    private static long[] translate(List<WasmType> types, long[] values, StoreFunctions from, StoreFunctions to) {
        if (values == null || !types.contains(WasmType.FUNCREF)) {
            return values;
        }
        long[] translated = values.clone();
        for (int i = 0; i < translated.length; i++) {
            if (types.get(i) == WasmType.FUNCREF) {
                translated[i] = to.fromStore(from.toStore((int) values[i]));
            }
        }
        return translated;
    }
}
