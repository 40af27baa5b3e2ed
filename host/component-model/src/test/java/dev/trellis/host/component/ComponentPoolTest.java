package dev.trellis.host.component;

import static dev.trellis.host.component.RunningGuests.LIMITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.WasmEngine;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ComponentPoolTest {
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    private final RunningGuests guests = new RunningGuests();

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private ComponentPool pool(String name) throws InterruptedException {
        return RunningGuests.link(ENGINE, name, guests.imports()).pool(LIMITS.withIdleInstancesMax(2), null);
    }

    @Test
    void borrow_afterOthers_seesTheStateAfterInitialisation() throws InterruptedException {
        try (ComponentPool pool = pool("host")) {
            assertThat(pool.idleInstances()).isEqualTo(1);
            for (int i = 0; i < 3; i++) {
                try (ComponentInstance instance = pool.borrow("number " + i, Duration.ofSeconds(5))) {
                    assertThat(instance.reused()).isEqualTo(i > 0);
                    assertThat(instance.call("calls")).isEqualTo(1L);
                    assertThat(instance.call("calls")).isEqualTo(2L);
                    assertThat(instance.call("join", "x", new byte[0])).isEqualTo("x/0/number " + i);
                    instance.call("keep");
                }
                assertThat(guests.dropped).as("what the guest kept").hasSize(i + 1);
            }
            assertThat(pool.idleInstances()).isEqualTo(1);
        }
    }

    @Test
    void borrow_severalAtOnce_areNewOnesWithTheSameState() throws InterruptedException {
        try (ComponentPool pool = pool("host")) {
            try (ComponentInstance one = pool.borrow();
                    ComponentInstance two = pool.borrow();
                    ComponentInstance three = pool.borrow()) {
                for (ComponentInstance instance : new ComponentInstance[] {one, two, three}) {
                    assertThat(instance.call("calls")).isEqualTo(1L);
                    assertThat(instance.call("count")).isEqualTo(42L);
                }
            }
            assertThat(pool.idleInstances()).as("no more than the limit").isEqualTo(2);
        }
    }

    @Test
    void giveBack_brokenInstance_isDiscarded() throws InterruptedException {
        try (ComponentPool pool = pool("host")) {
            try (ComponentInstance instance = pool.borrow(null, Duration.ofMillis(30))) {
                assertThatExceptionOfType(GuestException.class)
                        .isThrownBy(() -> instance.call("spin"))
                        .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.TimedOut.class));
            }
            assertThat(pool.idleInstances()).isZero();
            try (ComponentInstance next = pool.borrow()) {
                assertThat(next.call("calls")).isEqualTo(1L);
            }
        }
    }

    @Test
    void borrow_initialisationKeepsAResource_everyInstanceHasItsOwnAndIsUsedOnce() throws InterruptedException {
        try (ComponentPool pool = pool("starts")) {
            assertThat(pool.reuses()).isFalse();
            for (int i = 0; i < 3; i++) {
                try (ComponentInstance instance = pool.borrow()) {
                    assertThat(instance.call("add")).isEqualTo(101L);
                }
            }
        }
        assertThat(guests.dropped).hasSize(3);
    }

    @Test
    void close_poolWithBorrowedInstance_dropsItWhenItComesBack() throws InterruptedException {
        ComponentPool pool = pool("host");
        ComponentInstance borrowed = pool.borrow();
        pool.close();

        borrowed.close();

        assertThat(pool.idleInstances()).isZero();
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(pool::borrow);
    }
}
