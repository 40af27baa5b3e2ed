package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.trellis.host.engine.GuestStore.ImportName;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two instances that share a memory, a table and a global; the types of their modules are numbered differently. */
@SuppressWarnings("NullAway.Init") // instantiate() does
class GuestStoreTest {
    private static final Signature NULLARY = new Signature(List.of(), List.of(WasmType.I32));
    private static final int SEVEN = 0;
    private static final int NINE = 1;
    private static final int DOUBLE = 2;
    private static final int CALL = 3;
    private static final int ANSWER = 4;
    private static final int EMPTY = 6;

    private final WasmEngine engine = new WasmEngine(EngineConfig.DEFAULTS);
    private GuestStore store;
    private CoreInstance main;
    private CoreInstance filler;

    @BeforeEach
    void instantiate() throws InterruptedException {
        store = build(engine.newStore(Guests.LIMITS), () -> 42);
    }

    @AfterEach
    void close() {
        store.close();
        engine.close();
    }

    private interface Answer {
        int get() throws InterruptedException;
    }

    private GuestStore build(GuestStore into, Answer answer) throws InterruptedException {
        into.beginInitialisation();
        CoreFunction host = into.hostFunction(NULLARY, _ -> new long[] {answer.get()});
        main = into.instantiate(engine.load(Guests.wasm("store_main")), Map.of(new ImportName("host", "answer"), host));
        Map<ImportName, CoreItem> imports = new HashMap<>();
        imports.put(new ImportName("host", "answer"), host);
        for (String name : List.of("memory", "table", "count", "call", "get_seven")) {
            imports.put(new ImportName("main", name), main.export(name).orElseThrow());
        }
        filler = into.instantiate(engine.load(Guests.wasm("store_filler")), imports);
        into.end();
        into.begin(Duration.ofSeconds(5));
        return into;
    }

    private static long call(CoreInstance instance, String export, long... args) throws InterruptedException {
        CoreFunction function = (CoreFunction) instance.export(export).orElseThrow();
        long[] results = function.call(args);
        return results.length == 0 ? 0 : results[0];
    }

    @Test
    void callThroughASharedTable_reachesFunctionsOfEitherInstanceAndOfTheHost() throws InterruptedException {
        for (CoreInstance caller : List.of(main, filler)) {
            assertThat(call(caller, "call", SEVEN)).isEqualTo(7);
            assertThat(call(caller, "call", NINE)).isEqualTo(9);
            assertThat(call(caller, "call", ANSWER)).isEqualTo(42);
        }
        assertThat(call(main, "call_unary", DOUBLE, 21)).isEqualTo(42);
        assertThat(call(main, "call_unary", CALL, NINE))
                .as("main's own, by way of the other's import")
                .isEqualTo(9);
    }

    @Test
    void callThroughASharedTable_withAnotherType_traps() throws InterruptedException {
        for (int slot : List.of(DOUBLE, CALL, NINE, ANSWER)) {
            try (GuestStore fresh = build(engine.newStore(Guests.LIMITS), () -> 42)) {
                assertThat(fresh.broken()).isFalse();
                GuestException e = catchThrowableOfType(GuestException.class, () -> call(main, "call_wide", slot));
                assertThat(e.failure().describe()).contains("indirect call type mismatch");
                assertThat(fresh.broken()).isTrue();
                assertThatThrownBy(() -> call(main, "call", SEVEN)).isInstanceOf(IllegalStateException.class);
            }
        }
        build(store, () -> 42);
        assertThatThrownBy(() -> call(filler, "call", DOUBLE)).hasMessageContaining("indirect call type mismatch");
    }

    @Test
    void functionsMovedInTheTable_keepTheirOwner() throws InterruptedException {
        call(main, "move", 5, NINE);
        assertThat(call(main, "call", 5)).isEqualTo(9);
        assertThat(call(filler, "call", 5)).isEqualTo(9);
        call(main, "copy", 3, 0, 3); // seven, nine, double now also at 3, 4, 5
        assertThat(call(main, "call", 3)).isEqualTo(7);
        assertThat(call(filler, "call", 4)).isEqualTo(9);
        assertThat(call(main, "call_unary", 5, 4)).isEqualTo(8);
        call(filler, "keep_seven", EMPTY);
        assertThat(call(filler, "call", EMPTY))
                .as("a reference that a call gave")
                .isEqualTo(7);
        assertThat(call(main, "call", EMPTY)).isEqualTo(7);
        assertThat(call(main, "is_null", 7)).isEqualTo(1);
        assertThat(call(main, "is_null", NINE)).isEqualTo(0);
    }

    @Test
    void memoryAndGlobal_areShared_andGrowForBoth() throws InterruptedException {
        CoreMemory memory = (CoreMemory) main.export("memory").orElseThrow();
        assertThat(memory.readInt(100)).as("a segment of the other instance").isEqualTo(42);
        assertThat(call(main, "grow", 1)).isEqualTo(1);
        call(main, "store", 65_536 + 8, 77);
        assertThat(call(filler, "load", 65_536 + 8)).isEqualTo(77);
        assertThat(memory.size()).isEqualTo(2 * 65_536);
        call(filler, "init", 300);
        assertThat(call(main, "load", 300)).isEqualTo(43);
        assertThat(call(main, "bump")).isEqualTo(6);
        assertThat(call(filler, "bump")).isEqualTo(16);
        assertThat(call(main, "bump")).isEqualTo(17);
        assertThat(memory.readInt(200)).as("start functions that ran").isEqualTo(1);
    }

    @Test
    void restore_givesBackEverythingThatGuestsChanged() throws InterruptedException {
        store.end();
        StoreImage image = store.takeImage();
        for (int round = 0; round < 3; round++) {
            store.begin(Duration.ofSeconds(5));
            changeEverything();
            store.end();
            store.restore(image);
            store.begin(Duration.ofSeconds(5));
            expectFresh();
            store.end();
        }
    }

    @Test
    void storeFromAnImage_hasItsState_andRunsNothing() throws InterruptedException {
        call(main, "store", 400, 5);
        store.end();
        StoreImage image = store.takeImage();
        try (GuestStore second = build(engine.newStore(Guests.LIMITS, image), () -> 43)) {
            second.restore(image);
            expectFresh();
            assertThat(call(main, "load", 400)).isEqualTo(5);
            assertThat(call(main, "call", ANSWER)).as("its own host function").isEqualTo(43);
            changeEverything();
        }
        store.begin(Duration.ofSeconds(5));
        try (GuestStore third = build(engine.newStore(Guests.LIMITS, image), () -> 44)) {
            third.restore(image);
            expectFresh();
        }
    }

    private void changeEverything() throws InterruptedException {
        assertThat(call(main, "grow", 2)).isEqualTo(1);
        call(main, "store", 2 * 65_536, 1);
        call(main, "store", 100, 1);
        call(main, "store", 200, 9);
        call(main, "bump");
        call(main, "move", NINE, SEVEN);
        call(filler, "table_init", SEVEN);
        assertThat(call(main, "grow_table", 4)).isEqualTo(8);
        call(filler, "drop");
    }

    private void expectFresh() throws InterruptedException {
        assertThat(call(main, "load", 100)).isEqualTo(42);
        assertThat(call(main, "load", 200)).isEqualTo(1);
        call(filler, "init", 500); // would trap, were its segments still dropped
        call(filler, "table_init", 7);
        assertThat(call(main, "call", SEVEN)).isEqualTo(7);
        assertThat(call(main, "call", NINE)).isEqualTo(9);
        assertThat(call(main, "grow_table", 0)).isEqualTo(8);
        assertThat(call(main, "grow", 0)).isEqualTo(1);
        assertThat(call(main, "bump")).isEqualTo(6);
    }

    @Test
    void limitsOfAStore_holdForAllItsMemories() throws InterruptedException {
        GuestLimits limits = Guests.LIMITS.withMemoryPagesMax(2).withTableEntriesMax(9);
        try (GuestStore small = build(engine.newStore(limits), () -> 1)) {
            assertThat(call(main, "grow", 1)).isEqualTo(1);
            assertThat(call(main, "grow", 1)).isEqualTo(-1);
            assertThat(call(main, "grow_table", 1)).isEqualTo(8);
            assertThat(call(main, "grow_table", 1)).isEqualTo(-1);
            GuestException e = catchThrowableOfType(GuestException.class, () -> call(main, "trap"));
            assertThat(e.failure()).isInstanceOf(GuestFailure.MemoryLimitReached.class);
            assertThat(small.broken()).isTrue();
        }
        try (GuestStore tiny = engine.newStore(Guests.LIMITS.withMemoryPagesMax(1))) {
            tiny.beginInitialisation();
            Map<ImportName, CoreItem> host =
                    Map.of(new ImportName("host", "answer"), tiny.hostFunction(NULLARY, _ -> new long[1]));
            tiny.instantiate(engine.load(Guests.wasm("store_main")), host);
            assertThatThrownBy(() -> tiny.instantiate(engine.load(Guests.wasm("store_main")), host))
                    .isInstanceOf(LinkException.class)
                    .hasMessageContaining("1 pages of 64 KiB, the guest has 0 left of 1");
        }
    }

    @Test
    void importsThatDoNotFit_areRefused() {
        CompiledModule module;
        try {
            module = engine.load(Guests.wasm("store_main"));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        store.beginInitialisation();
        assertThatThrownBy(() -> store.instantiate(module, Map.of()))
                .isInstanceOf(LinkException.class)
                .hasMessage("import host.answer: the module expects a function, there is nothing of this name");
        assertThatThrownBy(() -> store.instantiate(
                        module,
                        Map.of(
                                new ImportName("host", "answer"),
                                main.export("memory").orElseThrow())))
                .hasMessage("import host.answer: the module expects a function, there is a memory");
        assertThatThrownBy(() -> store.instantiate(
                        module,
                        Map.of(
                                new ImportName("host", "answer"),
                                main.export("load").orElseThrow())))
                .hasMessage("import host.answer: the module expects a function () -> i32, there is (i32) -> i32");
    }

    @Test
    void hostFunctionThatThrows_endsTheCallUnchanged_andBreaksTheStore() throws InterruptedException {
        var fault = new IllegalArgumentException("host's own");
        try (GuestStore failing = build(engine.newStore(Guests.LIMITS), () -> {
            throw fault;
        })) {
            assertThatThrownBy(() -> call(filler, "call", ANSWER)).isSameAs(fault);
            assertThat(failing.broken()).isTrue();
        }
    }

    @Test
    void hostFunctionBeyondTheBudget_isInterrupted() throws InterruptedException {
        try (GuestStore slow = build(engine.newStore(Guests.HASTY), () -> {
            Thread.sleep(Duration.ofMinutes(1));
            return 1;
        })) {
            GuestException e = catchThrowableOfType(GuestException.class, () -> call(main, "call", ANSWER));
            assertThat(e.failure()).isInstanceOf(GuestFailure.TimedOut.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(slow.broken()).isTrue();
        }
    }

    @Test
    void instantiate_moduleWithTwoMemories_keepsThemApartAndRestoresBoth() throws InterruptedException {
        try (GuestStore two = engine.newStore(Guests.LIMITS)) {
            two.beginInitialisation();
            CoreInstance instance = two.instantiate(engine.load(Guests.wasm("two_memories")), Map.of());
            two.end();
            StoreImage image = two.takeImage();
            two.begin(Duration.ofSeconds(5));
            assertThat(List.of(peek(instance, 0, 8), peek(instance, 1, 8))).containsExactly('A', 'B');
            call(instance, "init");
            call(instance, "poke", 0, 8, 'x');
            call(instance, "poke", 1, 9, 'y');
            assertThat(call(instance, "grow_b")).isEqualTo(1);
            assertThat(List.of(
                            peek(instance, 0, 8), peek(instance, 1, 8), peek(instance, 0, 17), peek(instance, 1, 17)))
                    .containsExactly('x', 'B', 'D', 'D');

            two.end();
            two.restore(image);

            two.begin(Duration.ofSeconds(5));
            assertThat(List.of(
                            peek(instance, 0, 8), peek(instance, 1, 9), peek(instance, 0, 17), peek(instance, 1, 17)))
                    .containsExactly('A', (char) 0, (char) 0, (char) 0);
            assertThat(call(instance, "grow_b")).isEqualTo(1);
            call(instance, "init");
            assertThat(peek(instance, 1, 16)).as("the dropped segment is back").isEqualTo('C');
        }
    }

    private static char peek(CoreInstance instance, int memory, int at) throws InterruptedException {
        return (char) call(instance, "peek", memory, at);
    }

    @Test
    void run_severalCallsAndHostWork_areOneCallUnderTheDeadline() throws InterruptedException {
        assertThat(store.<Long>run(() -> call(main, "call", SEVEN) + call(filler, "call", NINE)))
                .isEqualTo(16);

        store.end();
        store.begin(Duration.ofMillis(20));
        GuestException late = catchThrowableOfType(
                GuestException.class,
                () -> store.<Long>run(() -> {
                    while (true) {
                        call(main, "call", SEVEN);
                        store.checkTime();
                    }
                }));
        assertThat(late.failure()).isInstanceOf(GuestFailure.TimedOut.class);
        assertThat(store.broken()).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void await_doesNotUseUpTheBudget() throws InterruptedException {
        store.end();
        store.begin(Duration.ofMillis(500));
        CountDownLatch over = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            LockSupport.parkNanos(700_000_000);
            over.countDown();
        });
        assertThat(store.<Long>run(() -> {
                    store.await(System.nanoTime() + 60_000_000_000L, over::await);
                    return call(main, "call", SEVEN);
                }))
                .isEqualTo(7);
        assertThat(store.timeLeft()).isLessThanOrEqualTo(Duration.ofMillis(500));
    }

    @Test
    void await_pastItsEnd_endsTheCall() {
        long end = System.nanoTime() + 20_000_000;
        GuestException late = catchThrowableOfType(
                GuestException.class,
                () -> store.<Long>run(() -> {
                    store.await(end, () -> LockSupport.parkNanos(40_000_000));
                    while (true) {
                        call(main, "call", SEVEN);
                        store.checkTime();
                    }
                }));
        assertThat(late.failure()).isInstanceOf(GuestFailure.TimedOut.class);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void run_stackEnds_failsAsStackExhausted() {
        GuestException deep = catchThrowableOfType(GuestException.class, () -> store.<Long>run(this::endlessly));

        assertThat(deep.failure()).isInstanceOf(GuestFailure.StackExhausted.class);
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    private long endlessly() {
        return endlessly() + 1;
    }

    @Test
    void memory_textAndNumbers_crossBlocksAndAreChecked() {
        CoreMemory memory = (CoreMemory) main.export("memory").orElseThrow();
        byte[] text = "gr\u00fcn \u2603".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        int across = GuestMemory.BLOCK_BYTES - 3;
        memory.write(across, text, 0, text.length);

        assertThat(memory.readUtf8(across, text.length)).contains("gr\u00fcn \u2603");
        assertThat(memory.isUtf8(across, 3)).as("ends within a character").isFalse();
        assertThat(memory.readUtf8(across, 3)).isEmpty();
        memory.write(64, new byte[] {(byte) 0xef, (byte) 0xbf, (byte) 0xbd}, 0, 3);
        assertThat(memory.readUtf8(64, 3))
                .as("a replacement character of the guest's own")
                .contains("\ufffd");

        var ints = java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int at : new int[] {GuestMemory.BLOCK_BYTES - 8, GuestMemory.BLOCK_BYTES - 7}) {
            memory.writeNumbers(at, new int[] {1, -2, 3, -4, 5}, ints, 5);
            int[] back = new int[5];
            memory.readNumbers(at, back, ints, 5);
            assertThat(back).containsExactly(1, -2, 3, -4, 5);
            assertThat(memory.readInt(at + 4)).isEqualTo(-2);
        }
        assertThatThrownBy(() -> memory.readNumbers(memory.size() - 16, new int[5], ints, 5))
                .isInstanceOf(GuestMemoryException.class);
        assertThatThrownBy(() -> memory.writeLatin1(memory.size() - 1, "ab")).isInstanceOf(GuestMemoryException.class);
    }
}
