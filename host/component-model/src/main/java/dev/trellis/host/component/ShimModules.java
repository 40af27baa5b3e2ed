package dev.trellis.host.component;

import dev.trellis.host.component.LinkedComponent.Step;
import dev.trellis.host.engine.GuestStore.ImportName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes modules out of a plan that only pass calls on to lowered functions. */
final class ShimModules {
    /*
     * A lowered function needs the memory of the module that imports it, so neither can be there first. Compilers solve it
     * with two modules: the shim exports functions that call through a table, and exports the table; the fixup, instantiated
     * when the memory and the lowered functions are there, writes them into it. Here a lowered function looks for its memory
     * when it is called, so the module can have it at once: every call is spared two steps, every instance two modules.
     *
     * What the guest can see stays the same: a call before the fixup would have been instantiated traps.
     *
     * Only modules that are exactly this are taken out; of anything unexpected the answer is that it is no such module.
     */

    /** Larger modules are not looked at. */
    private static final int BYTES_MAX = 1 << 20;

    private static final int FUNCTION = 0;
    private static final int TABLE = 1;

    /**
     * Calls through its own table.
     *
     * @param slots of the functions, by export name
     */
    record Shim(Map<String, Integer> slots, String table) {}

    /**
     * Writes imported functions into an imported table.
     *
     * @param functions by slot
     */
    record Fixup(List<ImportName> functions, ImportName table) {}

    /** A shorter plan, and where what was found in the one before is found now. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Shortened(List<Step> steps, Map<CoreReference, CoreReference> moved, int[] numbers) {
        CoreReference now(CoreReference before) {
            CoreReference found = moved.get(before);
            if (found != null) {
                return found;
            }
            return switch (before) {
                case CoreReference.OfInstance(int instance, String name) ->
                    new CoreReference.OfInstance(numbers[instance], name);
                case CoreReference.Canonical canonical -> canonical;
            };
        }

        @Nullable
        CoreReference nowIfAny(@Nullable CoreReference before) {
            return before == null ? null : now(before);
        }
    }

    private final List<Step> steps;
    private final List<ByteSlice> modules;
    private final List<CanonicalFunction> canonicals;
    private final List<Passed> passed = new ArrayList<>();
    private final Set<Integer> removed = new HashSet<>();

    /** A function of a shim, what it leads to, and the step that makes it do so. */
    private record Passed(CoreReference export, int canonical, int fixup) {}

    private ShimModules(List<Step> steps, List<ByteSlice> modules, List<CanonicalFunction> canonicals) {
        this.steps = steps;
        this.modules = modules;
        this.canonicals = canonicals;
    }

    /**
     * The plan without what it can do without.
     *
     * @param modules that {@code steps} instantiate
     * @param canonicals gets more functions
     */
    static Shortened takeOut(List<Step> steps, List<ByteSlice> modules, List<CanonicalFunction> canonicals) {
        return new ShimModules(steps, modules, canonicals).takeOut();
    }

    private Shortened takeOut() {
        Map<CoreReference, Integer> uses = new HashMap<>();
        steps.forEach(step -> step.imports().forEach(one -> uses.merge(one.origin(), 1, Integer::sum)));
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i).module().exports().isEmpty()) {
                int fixup = i;
                fixup(modules.get(i)).ifPresent(found -> resolve(fixup, found, uses));
            }
        }
        int[] numbers = new int[steps.size()];
        int kept = 0;
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = kept;
            kept += removed.contains(i) ? 0 : 1;
        }
        Map<CoreReference, CoreReference> moved = new HashMap<>();
        for (Passed one : passed) {
            moved.put(one.export(), new CoreReference.Canonical(canonicals.size()));
            canonicals.add(new CanonicalFunction.After(canonicals.get(one.canonical()), numbers[one.fixup()]));
        }
        Shortened shortened = new Shortened(new ArrayList<>(kept), moved, numbers);
        for (int i = 0; i < numbers.length; i++) {
            if (!removed.contains(i)) {
                shortened
                        .steps()
                        .add(new Step(
                                steps.get(i).module(),
                                steps.get(i).imports().stream()
                                        .map(one -> new Step.Import(one.name(), shortened.now(one.origin())))
                                        .toList()));
            }
        }
        return shortened;
    }

    private void resolve(int number, Fixup fixup, Map<CoreReference, Integer> uses) {
        Map<ImportName, CoreReference> origins = new HashMap<>();
        steps.get(number).imports().forEach(one -> origins.put(one.name(), one.origin()));
        if (!(origins.get(fixup.table()) instanceof CoreReference.OfInstance(int instance, String name)
                        && instance < number)
                || uses.getOrDefault(new CoreReference.OfInstance(instance, name), 0) != 1) {
            return;
        }
        Optional<Shim> shim =
                shim(modules.get(instance)).filter(found -> found.table().equals(name));
        if (shim.isEmpty()) {
            return;
        }
        List<Passed> found = new ArrayList<>();
        for (Map.Entry<String, Integer> export : shim.get().slots().entrySet()) {
            int slot = export.getValue();
            if (slot >= fixup.functions().size()
                    || !(origins.get(fixup.functions().get(slot)) instanceof CoreReference.Canonical(int canonical))) {
                return;
            }
            found.add(new Passed(new CoreReference.OfInstance(instance, export.getKey()), canonical, number));
        }
        passed.addAll(found);
        removed.add(number);
        removed.add(instance);
    }

    // ---- recognising

    static Optional<Shim> shim(ByteSlice module) {
        return read(module, ShimModules::shim);
    }

    static Optional<Fixup> fixup(ByteSlice module) {
        return read(module, ShimModules::fixup);
    }

    /** Something about a module that this class does not expect. */
    private static final class OtherModuleException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        OtherModuleException() {
            super("another kind of module", null, false, false);
        }
    }

    private interface Reading<T> {
        T read(Map<Integer, Reader> sections);
    }

    private static <T> Optional<T> read(ByteSlice module, Reading<T> reading) {
        if (module.length() > BYTES_MAX) {
            return Optional.empty();
        }
        try {
            Reader reader = new Reader(module.toByteArray(), 8);
            Map<Integer, Reader> sections = new HashMap<>();
            while (!reader.done()) {
                int id = reader.u8();
                Reader content = reader.part(reader.u32());
                if (id != 0) {
                    sections.put(id, content);
                }
            }
            return Optional.of(reading.read(sections));
        } catch (OtherModuleException e) {
            return Optional.empty();
        }
    }

    private static Shim shim(Map<Integer, Reader> sections) {
        expect(sections.keySet().equals(Set.of(1, 3, 4, 7, 10)));
        List<Integer> params = params(section(sections, 1));
        Reader table = section(sections, 4);
        expect(table.u32() == 1 && table.u8() == 0x70);

        Map<Integer, String> names = new HashMap<>();
        String tableName = null;
        Reader exports = section(sections, 7);
        for (int left = exports.u32(); left > 0; left--) {
            String name = exports.name();
            if (exports.u8() == FUNCTION) {
                expect(names.put(exports.u32(), name) == null);
            } else {
                expect(tableName == null && exports.u32() == 0);
                tableName = name;
            }
        }

        Reader functions = section(sections, 3);
        Reader code = section(sections, 10);
        int count = functions.u32();
        expect(code.u32() == count && names.size() == count);
        Map<String, Integer> slots = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int type = functions.u32();
            Reader body = code.part(code.u32());
            expect(type < params.size() && body.u32() == 0);
            for (int param = 0; param < params.get(type); param++) {
                expect(body.u8() == 0x20 && body.u32() == param);
            }
            expect(body.u8() == 0x41);
            int slot = body.s32();
            expect(body.u8() == 0x11 && body.u32() == type && body.u32() == 0 && body.u8() == 0x0b && body.done());
            expect(slot >= 0 && names.containsKey(i));
            slots.put(names.get(i), slot);
        }
        return new Shim(slots, present(tableName));
    }

    private static Fixup fixup(Map<Integer, Reader> sections) {
        expect(sections.keySet().equals(Set.of(1, 2, 9)));
        List<ImportName> functions = new ArrayList<>();
        ImportName table = null;
        Reader imports = section(sections, 2);
        for (int left = imports.u32(); left > 0; left--) {
            ImportName name = new ImportName(imports.name(), imports.name());
            if (imports.u8() == FUNCTION) {
                imports.u32();
                functions.add(name);
            } else {
                expect(table == null && imports.at(-1) == TABLE && imports.u8() == 0x70);
                table = name;
                boolean limited = imports.u8() == 1;
                imports.u32();
                if (limited) {
                    imports.u32();
                }
            }
        }
        Reader elements = section(sections, 9);
        expect(elements.u32() == 1 && elements.u32() == 0);
        expect(elements.u8() == 0x41 && elements.s32() == 0 && elements.u8() == 0x0b);
        List<ImportName> slots = new ArrayList<>();
        for (int left = elements.u32(); left > 0; left--) {
            int function = elements.u32();
            expect(function < functions.size());
            slots.add(functions.get(function));
        }
        return new Fixup(slots, present(table));
    }

    /** How many parameters the function types have. */
    private static List<Integer> params(Reader types) {
        List<Integer> params = new ArrayList<>();
        for (int left = types.u32(); left > 0; left--) {
            expect(types.u8() == 0x60);
            int count = types.u32();
            types.skip(count);
            types.skip(types.u32());
            params.add(count);
        }
        return params;
    }

    private static Reader section(Map<Integer, Reader> sections, int id) {
        return present(sections.get(id));
    }

    private static <T> T present(@Nullable T found) {
        if (found == null) {
            throw new OtherModuleException();
        }
        return found;
    }

    private static void expect(boolean condition) {
        if (!condition) {
            throw new OtherModuleException();
        }
    }

    /** Reads a valid module. */
    private static final class Reader {
        private final byte[] bytes;
        private final int end;
        private int at;

        Reader(byte[] bytes, int at) {
            this(bytes, at, bytes.length);
        }

        private Reader(byte[] bytes, int at, int end) {
            this.bytes = bytes;
            this.at = at;
            this.end = end;
        }

        boolean done() {
            return at == end;
        }

        /** The byte {@code offset} from the next one. */
        int at(int offset) {
            return bytes[at + offset] & 0xff;
        }

        int u8() {
            expect(at < end);
            return bytes[at++] & 0xff;
        }

        int u32() {
            long value = leb();
            expect(value <= Integer.MAX_VALUE);
            return (int) value;
        }

        int s32() {
            int start = at;
            long value = leb();
            int bits = 7 * (at - start);
            return bits < 32 ? (int) value << (32 - bits) >> (32 - bits) : (int) value;
        }

        private long leb() {
            long value = 0;
            for (int shift = 0; shift < 35; shift += 7) {
                int next = u8();
                value |= (next & 0x7fL) << shift;
                if (next < 0x80) {
                    return value;
                }
            }
            throw new OtherModuleException();
        }

        void skip(int count) {
            part(count);
        }

        Reader part(int length) {
            expect(length <= end - at);
            Reader part = new Reader(bytes, at, at + length);
            at += length;
            return part;
        }

        String name() {
            int length = u32();
            expect(length <= end - at);
            String name = new String(bytes, at, length, java.nio.charset.StandardCharsets.UTF_8);
            at += length;
            return name;
        }
    }
}
