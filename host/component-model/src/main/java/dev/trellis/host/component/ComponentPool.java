package dev.trellis.host.component;

import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.StoreImage;
import dev.trellis.host.engine.WasmEngine;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Instances of one linked component with one set of limits; each borrower sees the state after initialisation. Safe for
 * concurrent use.
 */
public final class ComponentPool implements AutoCloseable {
    private final LinkedComponent linked;
    private final WasmEngine engine;
    private final GuestLimits limits;
    private final Supplier<? extends @Nullable Object> initAttachments;
    /** Null if initialisation left handles behind: then every instance is initialised by itself and used once. */
    private final @Nullable StoreImage image;

    private final ConcurrentLinkedDeque<ComponentInstance> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();
    private volatile boolean closed;

    ComponentPool(
            LinkedComponent linked,
            WasmEngine engine,
            GuestLimits limits,
            Supplier<? extends @Nullable Object> initAttachments)
            throws InterruptedException {
        this.linked = linked;
        this.engine = engine;
        this.limits = limits;
        this.initAttachments = initAttachments;
        ComponentInstance first = new ComponentInstance(linked, engine.newStore(limits));
        first.initialise(initAttachments.get());
        this.image = first.holdsNothing() ? first.takeImage() : null;
        keep(first);
    }

    /** Borrows with nothing attached and the whole time budget. */
    public ComponentInstance borrow() throws InterruptedException {
        return borrow(null, limits.timeBudget());
    }

    /**
     * Borrows an instance: a pooled one if there is one, else a new one.
     *
     * @param attachment what host functions find with {@link ComponentInstance#attachment}; null for nothing
     * @param budget time that all calls together may take from now on; at most the limits' time budget counts
     * @throws GuestException if the initialisation of a new instance failed
     */
    public ComponentInstance borrow(@Nullable Object attachment, Duration budget) throws InterruptedException {
        if (closed) {
            throw new IllegalStateException("the pool of component instances is closed");
        }
        ComponentInstance instance = idle.pollFirst();
        if (instance == null) {
            instance = build();
        } else {
            idleCount.decrementAndGet();
        }
        instance.lend(this, attachment, budget);
        return instance;
    }

    private ComponentInstance build() throws InterruptedException {
        StoreImage from = image;
        if (from == null) {
            ComponentInstance instance = new ComponentInstance(linked, engine.newStore(limits));
            instance.initialise(initAttachments.get());
            return instance;
        }
        ComponentInstance instance = new ComponentInstance(linked, engine.newStore(limits, from));
        instance.initialise(initAttachments.get());
        instance.restore(from);
        return instance;
    }

    public LinkedComponent component() {
        return linked;
    }

    public GuestLimits limits() {
        return limits;
    }

    /** Whether instances are used again; not so where initialisation leaves resources open. */
    public boolean reuses() {
        return image != null;
    }

    /** Instances that wait for a borrower. */
    public int idleInstances() {
        return idleCount.get();
    }

    /** Drops idle instances; borrowed ones are dropped when they come back. Borrowing is refused from now on. */
    @Override
    public void close() {
        closed = true;
        for (ComponentInstance instance = idle.pollFirst(); instance != null; instance = idle.pollFirst()) {
            idleCount.decrementAndGet();
            instance.forget();
        }
    }

    /** @param instance that has no handles any more */
    void giveBack(ComponentInstance instance) {
        StoreImage to = image;
        if (instance.broken() || to == null) {
            instance.forget();
            return;
        }
        instance.restore(to);
        keep(instance);
    }

    private void keep(ComponentInstance instance) {
        if (closed || idleCount.incrementAndGet() > limits.idleInstancesMax()) {
            if (!closed) {
                idleCount.decrementAndGet();
            }
            instance.forget();
            return;
        }
        idle.addFirst(instance);
        if (closed) {
            close();
        }
    }
}
