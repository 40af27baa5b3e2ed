package dev.trellis.host.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.InvalidModuleException;
import dev.trellis.host.engine.LinkException;
import dev.trellis.host.engine.WasmEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Components with changed bytes that are still valid: linking and running them fails in the ways that are told, or not. */
class MutatedInstanceTest {
    private static final int MUTANTS = Integer.getInteger("trellis.component.run-mutants", 250);
    private static final long SEED = Long.getLong("trellis.component.seed", 20_261_120L);

    private static final List<String> NAMES = List.of("echo", "host", "things", "nested", "starts", "shim");

    private static final GuestLimits LIMITS = GuestLimits.DEFAULTS
            .withMemoryPagesMax(64)
            .withTimeBudget(Duration.ofMillis(30))
            .withStartBudget(Duration.ofMillis(30));

    private int linked;
    private int returned;
    private int failed;

    @Test
    void mutants_linkedAndCalled_failOnlyAsTold() throws InterruptedException {
        Random random = new Random(SEED);
        ComponentImports imports = imports();
        try (WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS)) {
            for (int i = 0; i < MUTANTS; i++) {
                String name = NAMES.get(i % NAMES.size());
                byte[] mutant = mutated(RunningGuests.wasm(name), random);
                try {
                    run(ValidComponent.of(mutant, EngineConfig.DEFAULTS), engine, imports);
                } catch (InvalidComponentException
                        | ComponentLinkException
                        | InvalidModuleException
                        | LinkException
                        | GuestException e) {
                    failed++;
                } catch (RuntimeException | Error e) {
                    fail(
                            "mutant " + i + " of " + name + ", seed " + SEED + ": "
                                    + HexFormat.of().formatHex(mutant),
                            e);
                }
            }
        }
        System.out.printf(
                "mutants: %d, linked %d; calls that returned %d, components or calls refused %d%n",
                MUTANTS, linked, returned, failed);
        assertThat(linked).as("mutants that still link").isGreaterThan(MUTANTS / 20);
        assertThat(returned).as("calls that returned").isGreaterThan(MUTANTS / 20);
    }

    /** Changes bytes that are not in core modules, mostly: those are the engine's, and compiling takes long. */
    private static byte[] mutated(byte[] original, Random random) {
        List<ByteSlice> modules = new ArrayList<>();
        collect(ValidComponent.of(original, EngineConfig.DEFAULTS).source(), modules);
        byte[] mutant = original.clone();
        int changes = 1 + random.nextInt(2);
        while (changes > 0) {
            int at = 8 + random.nextInt(mutant.length - 8);
            boolean inModule = modules.stream()
                    .anyMatch(module -> at >= module.offset() && at < module.offset() + module.length());
            if (!inModule || random.nextInt(400) == 0) {
                mutant[at] =
                        random.nextBoolean() ? (byte) random.nextInt(256) : (byte) (mutant[at] + random.nextInt(5) - 2);
                changes--;
            }
        }
        return mutant;
    }

    private static void collect(Component component, List<ByteSlice> into) {
        for (Definition definition : component.definitions()) {
            switch (definition) {
                case Definition.CoreModule(int offset, ByteSlice bytes) -> into.add(bytes);
                case Definition.NestedComponent(int offset, Component nested) -> collect(nested, into);
                default -> {
                    // Has no module in it.
                }
            }
        }
    }

    private void run(ValidComponent component, WasmEngine engine, ComponentImports imports)
            throws InterruptedException {
        LinkedComponent made = LinkedComponent.link(component, engine, imports);
        linked++;
        for (ComponentExport export : made.exports().values()) {
            try (ComponentInstance instance = made.newInstance(LIMITS, "attached")) {
                List<DefinedType.Field> parameters = export.type().parameters();
                @Nullable Object[] args = new @Nullable Object[parameters.size()];
                boolean resources = false;
                for (int i = 0; i < args.length; i++) {
                    resources |= parameters.get(i).type().has(ValueType.Trait.HANDLE);
                    args[i] = resources ? null : value(parameters.get(i).type());
                }
                if (!resources) {
                    instance.call(export, args);
                    returned++;
                }
            } catch (GuestException e) {
                failed++;
            } catch (IllegalStateException e) {
                // The host functions here give nothing, whatever their mutated type asks for.
                assertThat(e).hasMessageContaining("gave a result of the wrong type");
                failed++;
            }
        }
    }

    private static ComponentImports imports() {
        ComponentImports.Function nothing = (_, _) -> null;
        return ComponentImports.of(
                        ComponentImports.Interface.named("test:host/counters@0.2.0")
                                .resource(ComponentImports.Resource.of("counter", Object.class))
                                .function("[constructor]counter", (_, _) -> new Object())
                                .function("[method]counter.add", (_, _) -> 1)
                                .function("finish", (_, _) -> 1)
                                .build(),
                        ComponentImports.Interface.named("test:host/text@0.2.0")
                                .function("join", (_, _) -> "joined")
                                .build())
                .and("back", nothing)
                .and("leave", nothing);
    }

    /** Some value of a type without resources. */
    private static Object value(ValueType type) {
        return switch (type) {
            case PrimitiveType primitive ->
                switch (primitive) {
                    case BOOL -> true;
                    case S8, U8, S16, U16, S32, CHAR -> 7;
                    case U32, S64, U64 -> 7L;
                    case F32 -> 7f;
                    case F64 -> 7d;
                    case STRING -> "gr\u00fcn \u2603";
                    case ERROR_CONTEXT -> throw new IllegalStateException("not linked");
                };
            case DefinedType defined ->
                switch (defined.shape()) {
                    case Shape.RecordOf(List<DefinedType.Field> fields) ->
                        fields.stream().map(field -> value(field.type())).toList();
                    case Shape.Tuple(List<ValueType> types) ->
                        types.stream().map(MutatedInstanceTest::value).toList();
                    case Shape.Variant(List<DefinedType.Case> cases) ->
                        new Variant(
                                cases.getLast().label(),
                                cases.getLast()
                                        .type()
                                        .map(MutatedInstanceTest::value)
                                        .orElse(null));
                    case Shape.Enumeration(List<String> labels) -> labels.getLast();
                    case Shape.OptionOf(ValueType some) -> Optional.of(value(some));
                    case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) ->
                        Result.err(error.map(MutatedInstanceTest::value).orElse(null));
                    case Shape.Flags _ -> 1L;
                    case Shape.ListOf(ValueType element) -> list(element);
                    case Shape.FixedListOf(ValueType element, int length) -> {
                        Object[] values = new Object[length];
                        Arrays.fill(values, value(element));
                        yield Arrays.asList(values);
                    }
                    case Shape.MapOf(PrimitiveType key, ValueType entry) -> List.of(List.of(value(key), value(entry)));
                    case Shape.Own _, Shape.Borrow _, Shape.StreamOf _, Shape.FutureOf _ ->
                        throw new IllegalStateException("not called");
                };
        };
    }

    private static Object list(ValueType element) {
        if (element instanceof PrimitiveType primitive) {
            switch (primitive) {
                case S8, U8 -> {
                    return new byte[] {1, 2, 3};
                }
                case S16, U16 -> {
                    return new short[] {1, 2, 3};
                }
                case S32, U32 -> {
                    return new int[] {1, 2, 3};
                }
                case S64, U64 -> {
                    return new long[] {1, 2, 3};
                }
                case F32 -> {
                    return new float[] {1, 2, 3};
                }
                case F64 -> {
                    return new double[] {1, 2, 3};
                }
                case BOOL, CHAR, STRING, ERROR_CONTEXT -> {
                    // Lists of objects.
                }
            }
        }
        return List.of(value(element), value(element));
    }
}
