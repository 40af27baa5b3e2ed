package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.GlobalInstance;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.wasm.types.DataSegment;
import com.dylibso.chicory.wasm.types.Element;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One instance of a module with everything that it owns and can change. Not for use by two threads at once. */
final class InstanceState {
    /**
     * What an instance is restored to. Shared by many; never written.
     *
     * @param segments of the memory that the instance uses, the data segments that it can still drop
     * @param globals low and high half of each mutable global's value
     * @param elements the passive element segments, null where dropped
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Image(
            List<GuestMemory.Image> memories,
            DataSegment[] segments,
            long[] globals,
            long[][] tables,
            @Nullable Element[] elements) {}

    private final Instance instance;
    private final List<GuestMemory> memories;
    private final @Nullable GuestMemory used;
    private final List<GuestTable> tables;
    private final GlobalInstance[] mutableGlobals;
    private final int[] passiveElements;

    private InstanceState(
            Instance instance, CompiledModule module, List<GuestMemory> memories, List<GuestTable> tables) {
        this.instance = instance;
        this.memories = List.copyOf(memories);
        this.used = instance.memory() instanceof GuestMemory memory ? memory : null;
        this.tables = List.copyOf(tables);
        int[] globals = module.mutableGlobals();
        this.mutableGlobals = new GlobalInstance[globals.length];
        int imported = instance.imports().globalCount();
        for (int i = 0; i < globals.length; i++) {
            mutableGlobals[i] = instance.global(imported + globals[i]);
        }
        this.passiveElements = module.passiveElements();
    }

    /**
     * Builds an instance. Its start function does not run.
     *
     * @param budget that the pages of its memories come from
     * @param from the image that it gets with {@link #restore}; its data segments are not applied then
     */
    static InstanceState build(
            CompiledModule module,
            ImportValues imports,
            GuestLimits limits,
            PageBudget budget,
            StoreFunctions functions,
            @Nullable Image from) {
        List<GuestMemory> memories = new ArrayList<>(1);
        List<GuestTable> tables = new ArrayList<>(1);
        Instance instance = Instance.builder(module.module())
                .withImportValues(imports)
                .withMachineFactory(module::newMachine)
                .withMemoryFactory(declared -> {
                    GuestMemory.Image image =
                            from == null ? null : from.memories().get(memories.size());
                    memories.add(new GuestMemory(declared, budget, image));
                    return memories.getLast();
                })
                .withTableFactory((table, initialValue) -> {
                    tables.add(new GuestTable(table, initialValue, limits.tableEntriesMax(), functions));
                    return tables.getLast();
                })
                .withStart(false)
                .build();
        return new InstanceState(instance, module, memories, tables);
    }

    Instance instance() {
        return instance;
    }

    /** The memory that instructions without a number mean, be it this instance's own or another's; null if there is none. */
    @Nullable
    GuestMemory memory() {
        return used;
    }

    Image takeImage() {
        long[] globals = new long[mutableGlobals.length * 2];
        for (int i = 0; i < mutableGlobals.length; i++) {
            globals[2 * i] = mutableGlobals[i].getValueLow();
            globals[2 * i + 1] = mutableGlobals[i].getValueHigh();
        }
        long[][] entries = new long[tables.size()][];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = tables.get(i).takeImage();
        }
        @Nullable Element[] elements = new @Nullable Element[passiveElements.length];
        for (int i = 0; i < passiveElements.length; i++) {
            elements[i] = instance.element(passiveElements[i]);
        }
        return new Image(
                memories.stream().map(GuestMemory::takeImage).toList(),
                used == null ? new DataSegment[0] : used.droppableSegments(),
                globals,
                entries,
                elements);
    }

    @SuppressWarnings("NullAway") // a dropped element segment is null in the runtime
    void restore(Image image) {
        for (int i = 0; i < memories.size(); i++) {
            memories.get(i).restore(image.memories().get(i));
        }
        if (used != null) {
            used.restoreSegments(image.segments());
        }
        for (int i = 0; i < mutableGlobals.length; i++) {
            mutableGlobals[i].setValueLow(image.globals()[2 * i]);
            mutableGlobals[i].setValueHigh(image.globals()[2 * i + 1]);
        }
        for (int i = 0; i < tables.size(); i++) {
            tables.get(i).restore(image.tables()[i]);
        }
        for (int i = 0; i < passiveElements.length; i++) {
            instance.setElement(passiveElements[i], image.elements()[i]);
        }
    }

    /** The limit that the guest ran into before it failed with {@code reason}, if it did. */
    Optional<GuestFailure> limitReached(String reason) {
        for (GuestMemory memory : memories) {
            if (memory.growthRefused()) {
                return Optional.of(new GuestFailure.MemoryLimitReached(memory.pagesMax(), reason));
            }
        }
        for (GuestTable table : tables) {
            if (table.growthRefused()) {
                return Optional.of(new GuestFailure.TableLimitReached(table.entriesMax(), reason));
            }
        }
        return Optional.empty();
    }

    /** The face of the memory number {@code number} that belongs to this instance. */
    GuestMemory memory(int number) {
        Memory memory = instance.memory(number);
        if (memory instanceof GuestMemory guest) {
            return guest;
        }
        throw new IllegalStateException("every memory is a guest memory, this is a " + memory.getClass());
    }
}
