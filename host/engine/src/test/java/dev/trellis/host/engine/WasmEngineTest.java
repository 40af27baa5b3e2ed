package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WasmEngineTest {
    @TempDir
    private Path directory;

    private WasmEngine engine;

    @BeforeEach
    void open() {
        engine = new WasmEngine(EngineConfig.DEFAULTS);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private InvalidModuleException refused(byte[] wasm) {
        InvalidModuleException e = catchThrowableOfType(InvalidModuleException.class, () -> engine.load(wasm));
        assertThat(e).as("load of " + wasm.length + " bytes").isNotNull();
        return e;
    }

    private static byte[] instructions(int... opcodes) {
        byte[] bytes = new byte[opcodes.length];
        for (int i = 0; i < opcodes.length; i++) {
            bytes[i] = (byte) opcodes[i];
        }
        return bytes;
    }

    // Reading a module

    @Test
    void load_module_tellsImportsExportsAndDigest() throws InterruptedException {
        byte[] wasm = Guests.wasm("state");
        CompiledModule module = engine.load(wasm);
        assertThat(module.digest()).isEqualTo(ModuleDigest.of(wasm));
        assertThat(module.imports())
                .containsExactly(new ModuleImport(
                        "host",
                        "probe",
                        ExternalKind.FUNCTION,
                        Optional.of(new Signature(List.of(WasmType.I32), List.of(WasmType.I32)))));
        assertThat(module.exports())
                .contains(
                        new ModuleExport("memory", ExternalKind.MEMORY, Optional.empty()),
                        new ModuleExport(
                                "store64",
                                ExternalKind.FUNCTION,
                                Optional.of(new Signature(List.of(WasmType.I32, WasmType.I64), List.of()))));
        assertThat(module.interpretedFunctions()).isZero();
    }

    @Test
    void load_customSections_areKept_butNotDebugInformation() throws InterruptedException {
        byte[] token = "eyJ0".getBytes(StandardCharsets.UTF_8);
        CompiledModule module = engine.load(new ModuleBytes()
                .custom("jwt", token)
                .custom(".debug_info", token)
                .done());
        assertThat(module.customSection("jwt")).hasValue(token);
        assertThat(module.customSection(".debug_info")).isEmpty();
        assertThat(module.customSection("absent")).isEmpty();
    }

    /** The runtime's parser refuses such an import, which adapters of components have. */
    @Test
    void load_importWithEmptyNames_works() throws InterruptedException {
        int[] calls = {0};
        CompiledModule module = engine.load(Guests.wasm("empty_import"));
        assertThat(module.imports().getFirst().name()).isEmpty();
        module.pool(
                        HostFunctions.of(new HostFunction("", "", List.of(), List.of(), (caller, args) -> {
                            calls[0]++;
                            return new long[0];
                        })),
                        Guests.LIMITS)
                .close();
        assertThat(calls[0]).isOne();
    }

    // Caches

    @Test
    void load_sameBytesAtOnce_compilesOnce() throws Exception {
        byte[] wasm = Guests.wasm("state");
        CountDownLatch start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<CompiledModule>> loads = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                loads.add(threads.submit(() -> {
                    start.await();
                    return engine.load(wasm);
                }));
            }
            start.countDown();
            Set<CompiledModule> modules = new HashSet<>();
            for (Future<CompiledModule> load : loads) {
                modules.add(load.get());
            }
            assertThat(modules).hasSize(1);
        }
        assertThat(engine.compilations()).isOne();
    }

    @Test
    void load_afterRestart_comesFromDisk_andRuns() throws InterruptedException {
        runState(directory, 1);
        runState(directory, 0);
    }

    @Test
    void load_damagedEntry_isCompiledAgain_andReplaced() throws Exception {
        runState(directory, 1);
        Path entry = onlyEntry();
        byte[] good = Files.readAllBytes(entry);
        for (int at : new int[] {0, 9, 40, 60, good.length / 2, good.length - 1}) {
            byte[] damaged = good.clone();
            damaged[at] ^= 0x10;
            Files.write(entry, damaged);
            runState(directory, 1);
        }
        for (int length : new int[] {0, 7, 39, 40, good.length - 1}) {
            Files.write(entry, Arrays.copyOf(good, length));
            runState(directory, 1);
        }
        runState(directory, 0);
    }

    @Test
    void load_entryOfAnotherModule_isNotTaken() throws Exception {
        runState(directory, 1);
        Path entry = onlyEntry();
        try (WasmEngine other = new WasmEngine(EngineConfig.DEFAULTS.withCacheDirectory(directory))) {
            other.load(Guests.wasm("start"));
        }
        try (Stream<Path> files = Files.list(directory)) {
            Path foreign = files.filter(file -> !file.equals(entry)).findFirst().orElseThrow();
            Files.copy(foreign, entry, StandardCopyOption.REPLACE_EXISTING);
        }
        runState(directory, 1);
    }

    @Test
    void load_directoryNotWritable_stillWorks() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        runState(file.resolve("cache"), 1);
    }

    @Test
    void diskCache_overItsBound_dropsOldEntries() throws Exception {
        EngineConfig config = EngineConfig.DEFAULTS;
        EngineConfig tiny = new EngineConfig(
                Optional.of(directory),
                1,
                config.memoryCacheBytesMax(),
                config.moduleBytesMax(),
                config.functionsMax(),
                config.compileTimeMax(),
                config.compilesMax());
        try (WasmEngine small = new WasmEngine(tiny)) {
            small.load(Guests.wasm("state"));
            small.load(Guests.wasm("start"));
        }
        assertThat(onlyEntry().getFileName().toString())
                .startsWith(ModuleDigest.of(Guests.wasm("start")).hex());
    }

    private static void runState(Path cache, int compilations) throws InterruptedException {
        try (WasmEngine fresh = new WasmEngine(EngineConfig.DEFAULTS.withCacheDirectory(cache));
                InstancePool pool = fresh.load(Guests.wasm("state")).pool(Guests.probe(), Guests.LIMITS);
                GuestInstance guest = pool.borrow()) {
            assertThat(fresh.compilations()).isEqualTo(compilations);
            assertThat(guest.call("table_call", 1)).containsExactly(2);
            assertThat(guest.callI32("add", 20, 22)).isEqualTo(42);
            assertThat(guest.readString(1_024, 5)).isEqualTo("image");
        }
    }

    private Path onlyEntry() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.getFirst();
        }
    }

    // Linking

    @Test
    void pool_missingImport_namesIt() throws InterruptedException {
        CompiledModule module = engine.load(Guests.wasm("state"));
        assertThatExceptionOfType(LinkException.class)
                .isThrownBy(() -> module.pool(HostFunctions.none(), Guests.LIMITS))
                .withMessage(
                        "import host.probe: the module expects a function (i32) -> i32, the host offers none of this"
                                + " name");
    }

    @Test
    void pool_wrongSignature_namesBoth() throws InterruptedException {
        CompiledModule module = engine.load(Guests.wasm("state"));
        HostFunctions wrong = HostFunctions.of(
                new HostFunction("host", "probe", List.of(WasmType.I64), List.of(), (caller, args) -> args));
        assertThatExceptionOfType(LinkException.class)
                .isThrownBy(() -> module.pool(wrong, Guests.LIMITS))
                .withMessageContainingAll("host.probe", "(i32) -> i32", "(i64) -> ()");
    }

    @Test
    void pool_firstMemoryAboveTheLimit_isRefused() throws InterruptedException {
        CompiledModule module = engine.load(Guests.wasm("state"));
        assertThatExceptionOfType(LinkException.class)
                .isThrownBy(() -> module.pool(Guests.probe(), Guests.LIMITS.withMemoryPagesMax(1)))
                .withMessageContainingAll("memory 0", "2 pages", "limit is 1");
        assertThatExceptionOfType(LinkException.class)
                .isThrownBy(() -> module.pool(Guests.probe(), Guests.LIMITS.withTableEntriesMax(4)))
                .withMessageContaining("table 0");
    }

    // Hostile modules

    @Test
    void load_notAModule_saysWhere() {
        assertThat(refused(new byte[0]).offset()).hasValue(0);
        assertThat(refused(instructions(0, 'a', 's', 'm', 2, 0, 0, 0)).offset()).hasValue(4);
        assertThat(refused(instructions(0, 'a', 's', 'm', 0x0d, 0, 1, 0)).rule())
                .contains("component");
    }

    @Test
    void load_hugeCounts_areRefusedBeforeAnythingIsAllocated() {
        byte[] huge = ModuleBytes.bytes(0x7fff_ffff);
        for (int section : new int[] {1, 2, 3, 4, 6, 7, 9, 10, 11, 13}) {
            assertThat(refused(new ModuleBytes().section(section, huge).done()).offset())
                    .isPresent();
        }
        assertThat(refused(new ModuleBytes()
                                .section(1, ModuleBytes.bytes(1, 0x60, 0x7fff_ffff))
                                .done())
                        .offset())
                .isPresent();
        assertThat(refused(new ModuleBytes()
                                .section(2, ModuleBytes.bytes(1, 0x7fff_ffff))
                                .done())
                        .offset())
                .isPresent();
        assertThat(refused(new ModuleBytes()
                                .section(11, ModuleBytes.bytes(1, 1, 0x7fff_ffff))
                                .done())
                        .offset())
                .isPresent();
        assertThat(refused(new ModuleBytes()
                                .section(9, ModuleBytes.bytes(1, 1, 0, 0x7fff_ffff))
                                .done())
                        .offset())
                .isPresent();
    }

    @Test
    void load_localsBomb_isRefused() {
        byte[] body = ModuleBytes.bytes(2, 40_000, 0x7f, 40_000, 0x7e, 0x0b);
        assertThat(refused(ModuleBytes.functions(1, body)).rule()).contains("50000 locals");
        byte[] many = ModuleBytes.bytes(1, 49_000, 0x7f, 0x0b);
        assertThat(refused(ModuleBytes.functions(100, many)).rule()).contains("locals of all functions");
    }

    @Test
    void load_tooManyFunctions_isRefused() {
        assertThat(refused(ModuleBytes.functions(60_000, ModuleBytes.bytes(0, 0x0b)))
                        .rule())
                .contains("50000 functions");
    }

    @Test
    void load_manyOversizedFunctions_isRefused() {
        byte[] body = ModuleBytes.bytes(0, new byte[] {}, ModuleBytes.repeat(20_000, ModuleBytes.bytes(1)), 0x0b);
        assertThat(refused(ModuleBytes.functions(65, body)).rule()).contains("64 function bodies above");
    }

    @Test
    void load_deepNesting_isRefusedOrCompiled_neverLethal() throws InterruptedException {
        byte[] blocks = ModuleBytes.bytes(
                0,
                ModuleBytes.repeat(100_000, instructions(0x02, 0x40)),
                ModuleBytes.repeat(100_000, instructions(0x0b)),
                0x0b);
        try {
            engine.load(ModuleBytes.functions(1, blocks));
        } catch (InvalidModuleException e) {
            assertThat(e).hasMessageContaining("module refused");
        }
    }

    @Test
    void load_notCompiledInTime_isRefused() {
        EngineConfig config = EngineConfig.DEFAULTS;
        EngineConfig hasty = new EngineConfig(
                Optional.empty(),
                config.diskCacheBytesMax(),
                config.memoryCacheBytesMax(),
                config.moduleBytesMax(),
                config.functionsMax(),
                Duration.ofNanos(1),
                1);
        try (WasmEngine impatient = new WasmEngine(hasty)) {
            assertThatExceptionOfType(InvalidModuleException.class)
                    .isThrownBy(() -> impatient.load(Guests.wasm("state")))
                    .withMessageContaining("compiles within");
        }
    }

    @Test
    void load_tooManyBytes_isRefused() {
        byte[] big = Arrays.copyOf(Guests.wasm("state"), EngineConfig.DEFAULTS.moduleBytesMax() + 1);
        assertThat(refused(big).rule()).contains("at most");
    }

    @Test
    void load_garbageCollectionTypes_areRefused() {
        byte[] struct = ModuleBytes.bytes(1, 0x5f, 1, 0x7f, 0);
        assertThat(refused(new ModuleBytes().section(1, struct).done()).rule()).contains("garbage collection");
        // ref.i31, i31.get_s, drop: needs no type of its own, and fills a table outside the guest's memory
        byte[] i31 = instructions(0, 0x41, 1, 0xfb, 0x1c, 0xfb, 0x1d, 0x1a, 0x0b);
        assertThat(refused(ModuleBytes.functions(1, i31)).rule()).contains("garbage collection");
    }

    @Test
    void load_sharedMemory_isRefused() {
        assertThat(refused(new ModuleBytes()
                                .section(5, ModuleBytes.bytes(1, 3, 1, 1))
                                .done())
                        .rule())
                .contains("shared");
    }

    @Test
    void load_interpretedFunctionWithManyLocals_isRefused() {
        byte[] body = ModuleBytes.bytes(1, 5_000, 0x7f, ModuleBytes.repeat(40_000, instructions(0x41, 1, 0x1a)), 0x0b);
        assertThat(refused(ModuleBytes.functions(1, body)).rule()).contains("at most 4000 locals");
    }

    @Test
    void load_functionTooLargeForTheJvm_isInterpreted_andCounted() throws InterruptedException {
        // i32.const 0, then 40,000 times i32.const 1 and i32.add: above 64 KiB of JVM code, all of it executed
        byte[] body = ModuleBytes.bytes(
                0, instructions(0x41, 0), ModuleBytes.repeat(40_000, instructions(0x41, 1, 0x6a)), 0x0b);
        byte[] wasm = new ModuleBytes()
                .section(1, ModuleBytes.bytes(1, 0x60, 0, 1, 0x7f))
                .section(3, ModuleBytes.bytes(1, 0))
                .section(7, ModuleBytes.bytes(1, 1, new byte[] {'f'}, 0, 0))
                .section(10, ModuleBytes.bytes(1, body.length, body))
                .done();
        for (int compilations : new int[] {1, 0}) {
            try (WasmEngine cached = new WasmEngine(EngineConfig.DEFAULTS.withCacheDirectory(directory))) {
                CompiledModule module = cached.load(wasm);
                assertThat(cached.compilations()).isEqualTo(compilations);
                assertThat(module.interpretedFunctions()).isOne();
                try (InstancePool pool = module.pool(HostFunctions.none(), Guests.LIMITS);
                        GuestInstance guest = pool.borrow()) {
                    assertThat(guest.call("f")).containsExactly(40_000);
                }
            }
        }
    }
}
