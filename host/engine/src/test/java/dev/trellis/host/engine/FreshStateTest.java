package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FreshStateTest {
    private static final int PAGE = 65_536;
    private static WasmEngine engine;
    private static CompiledModule state;

    @BeforeAll
    static void load() throws InterruptedException {
        engine = new WasmEngine(EngineConfig.DEFAULTS);
        state = engine.load(Guests.wasm("state"));
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    /** Runs {@code first} on one borrower, then {@code second} on the next, which must get the same instance. */
    private static void inTurn(Step first, Step second) throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            try (GuestInstance guest = pool.borrow()) {
                first.run(guest);
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.reused()).isTrue();
                second.run(guest);
            }
        }
    }

    private interface Step {
        void run(GuestInstance guest) throws InterruptedException;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4_094, 4_095, 4_096, 8_190, 65_534, 2 * PAGE - 8})
    void store_anyWidthAndPlace_isUndone(int address) throws InterruptedException {
        inTurn(
                guest -> {
                    guest.call("store", address, 0x01020304);
                    guest.call("store8", address, 0x55);
                    guest.call("store16", address, 0x6677);
                    guest.call("store64", address, -1L);
                },
                guest -> assertThat(guest.read(0, guest.memoryBytes())).isEqualTo(initialMemory()));
    }

    @Test
    void bulkWrites_acrossCards_areUndone() throws InterruptedException {
        inTurn(
                guest -> {
                    guest.call("fill", 4_000, 0xee, 10_000);
                    guest.call("copy", 60_000, 1_024, 9_000);
                    guest.call("data_init", 8_190);
                    guest.write(2 * PAGE - 3, new byte[] {1, 2, 3});
                },
                guest -> assertThat(guest.read(0, guest.memoryBytes())).isEqualTo(initialMemory()));
    }

    @Test
    void memoryGrown_shrinksBack() throws InterruptedException {
        inTurn(
                guest -> {
                    assertThat(guest.call("grow", 3)).containsExactly(2);
                    guest.call("store", 5 * PAGE - 4, 1);
                },
                guest -> {
                    assertThat(guest.call("pages")).containsExactly(2);
                    assertThat(guest.read(0, guest.memoryBytes())).isEqualTo(initialMemory());
                    guest.call("grow", 3);
                    assertThat(guest.call("load", 5 * PAGE - 4)).containsExactly(0);
                });
    }

    @Test
    void memoryGrownInEveryCallByOtherSteps_isAlwaysTheImageWithZerosBehindIt() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            for (int round = 0; round < 50; round++) {
                try (GuestInstance guest = pool.borrow()) {
                    assertThat(guest.read(0, guest.memoryBytes())).isEqualTo(initialMemory());
                    guest.call("store", 8_192, round + 1); // before growing: must be carried over
                    int pages = 2;
                    for (int step = 1; step <= 1 + round % 3; step++) {
                        int by = 1 + (round + step) % 2;
                        assertThat(guest.call("grow", by)).containsExactly(pages);
                        pages += by;
                        assertThat(guest.call("load", 8_192)).containsExactly(round + 1);
                        assertThat(guest.read(2 * PAGE, PAGE)).isEqualTo(step == 1 ? new byte[PAGE] : marked());
                        assertThat(guest.call("load", pages * PAGE - 4)).containsExactly(0);
                        guest.call("store", 2 * PAGE, 0x01010101);
                        guest.call("store", pages * PAGE - 4, 7);
                        if (pages * PAGE - 4 < 3 * PAGE) {
                            guest.call("store", pages * PAGE - 4, 0);
                        }
                    }
                }
            }
        }
    }

    /** A page whose first four bytes are ones. */
    private static byte[] marked() {
        byte[] page = new byte[PAGE];
        java.util.Arrays.fill(page, 0, 4, (byte) 1);
        return page;
    }

    @Test
    void globals_areUndone() throws InterruptedException {
        inTurn(
                guest -> {
                    guest.call("count");
                    guest.call("wide");
                },
                guest -> {
                    assertThat(guest.call("count")).containsExactly(8);
                    assertThat(guest.call("wide")).containsExactly(0x1122334455667789L);
                });
    }

    @Test
    void table_setGrownInitialised_isUndone() throws InterruptedException {
        inTurn(
                guest -> {
                    guest.call("table_set_two", 0);
                    guest.call("table_init", 2);
                    guest.call("table_grow", 4);
                    assertThat(guest.call("table_call", 0)).containsExactly(2);
                    assertThat(guest.call("table_call", 4)).containsExactly(1);
                    assertThat(guest.call("table_size")).containsExactly(9);
                },
                guest -> {
                    assertThat(guest.call("table_size")).containsExactly(5);
                    assertThat(guest.call("table_call", 0)).containsExactly(1);
                    assertThatExceptionOfType(GuestException.class).isThrownBy(() -> guest.call("table_call", 4));
                });
    }

    /** The runtime's own table writes its growth into the limits that all instances of the module share. */
    @Test
    void tableGrow_neverLeaksIntoNewInstances() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS);
                GuestInstance first = pool.borrow()) {
            first.call("table_grow", 5);
            try (GuestInstance second = pool.borrow()) {
                assertThat(second.reused()).isFalse();
                assertThat(second.call("table_size")).containsExactly(5);
            }
            try (InstancePool other = state.pool(Guests.probe(), Guests.LIMITS);
                    GuestInstance third = other.borrow()) {
                assertThat(third.call("table_size")).containsExactly(5);
            }
        }
    }

    @Test
    void droppedSegments_areBack() throws InterruptedException {
        inTurn(
                guest -> {
                    guest.call("data_drop");
                    guest.call("elem_drop");
                },
                guest -> {
                    guest.call("data_init", 0);
                    assertThat(guest.readString(0, 9)).isEqualTo("late-data");
                    guest.call("table_init", 0);
                    assertThat(guest.call("table_call", 0)).containsExactly(2);
                });
    }

    @Test
    void droppedSegment_inSameCall_isEmpty() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            try (GuestInstance guest = pool.borrow()) {
                guest.call("data_drop");
                assertThatExceptionOfType(GuestException.class).isThrownBy(() -> guest.call("data_init", 0));
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.reused()).isFalse();
                guest.call("data_init", 0);
            }
        }
    }

    /** The memory of an instance that trapped serves the next one. */
    @Test
    void newInstance_afterATrap_hasFreshMemory() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            for (int grown = 0; grown < 3; grown++) {
                try (GuestInstance guest = pool.borrow()) {
                    guest.call("fill", 0, 0xee, 2 * PAGE);
                    guest.call("grow", grown);
                    assertThatExceptionOfType(GuestException.class).isThrownBy(() -> guest.call("trap_after_store"));
                }
                try (GuestInstance guest = pool.borrow()) {
                    assertThat(guest.reused()).isFalse();
                    assertThat(guest.read(0, guest.memoryBytes())).isEqualTo(initialMemory());
                    guest.discard();
                }
            }
        }
    }

    @Test
    void closedInstance_hasNoMemory() throws InterruptedException {
        try (InstancePool pool = state.pool(Guests.probe(), Guests.LIMITS)) {
            GuestInstance guest = pool.borrow();
            guest.close();
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> guest.write(0, new byte[1]));
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> guest.call("pages"));
        }
    }

    @Test
    void initExport_runsOnce_andBelongsToTheImage() throws InterruptedException {
        try (InstancePool pool =
                state.pool(Guests.probe(), Guests.LIMITS, PoolOptions.DEFAULTS.withInitExports("init", "absent"))) {
            for (int i = 0; i < 3; i++) {
                try (GuestInstance guest = pool.borrow()) {
                    assertThat(guest.call("load", 4_096)).containsExactly(99);
                    assertThat(guest.call("wide")).containsExactly(6);
                    guest.call("store", 4_096, 1);
                }
            }
        }
    }

    @Test
    void startFunction_belongsToTheImage() throws InterruptedException {
        try (InstancePool pool = engine.load(Guests.wasm("start")).pool(HostFunctions.none(), Guests.LIMITS);
                GuestInstance first = pool.borrow();
                GuestInstance second = pool.borrow()) {
            assertThat(first.call("seen")).containsExactly(12);
            assertThat(second.call("seen")).containsExactly(12);
            assertThat(second.reused()).isFalse();
        }
    }

    @Test
    void sharedPool_keepsState() throws InterruptedException {
        try (InstancePool pool =
                state.pool(Guests.probe(), Guests.LIMITS, PoolOptions.DEFAULTS.withState(PoolOptions.State.SHARED))) {
            for (int i = 8; i < 11; i++) {
                try (GuestInstance guest = pool.borrow()) {
                    assertThat(guest.call("count")).containsExactly(i);
                }
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThatExceptionOfType(GuestException.class).isThrownBy(() -> guest.call("trap_after_store"));
            }
            try (GuestInstance guest = pool.borrow()) {
                assertThat(guest.call("count")).containsExactly(8);
            }
        }
    }

    private static byte[] initialMemory() {
        byte[] memory = new byte[2 * PAGE];
        byte[] data = "image".getBytes(StandardCharsets.UTF_8);
        System.arraycopy(data, 0, memory, 1_024, data.length);
        return memory;
    }
}
