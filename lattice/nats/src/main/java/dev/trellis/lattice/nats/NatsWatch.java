package dev.trellis.lattice.nats;

import dev.trellis.lattice.transport.KeyValueStore.Change;
import dev.trellis.lattice.transport.KeyValueStore.Entry;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A watch of a store. */
final class NatsWatch implements Subscription {
    /*
     * A watch is a row of consumers, each of which tells everything from the start. A new one begins when something may
     * have been missed: after a reconnect, when the numbers of what the consumer delivers have a gap, when its
     * heartbeat stops. The lock keeps messages out while a consumer is being made, and those of old ones for good.
     */

    /** How often the server says that a consumer lives. */
    static final Duration HEARTBEAT = Duration.ofSeconds(2);

    /** Silence after which a consumer is taken for dead. */
    static final Duration SILENCE_MAX = HEARTBEAT.multipliedBy(3);

    /** First and longest wait between two attempts to begin anew while the store cannot be reached. */
    private static final Duration RETRY_WAIT = Duration.ofMillis(200);

    private static final Duration RETRY_WAIT_MAX = Duration.ofSeconds(1);
    private static final Logger LOG = LoggerFactory.getLogger(NatsWatch.class);

    private final NatsTransport transport;
    private final NatsStore store;
    private final Consumer<Change> handler;
    private final Gate gate = new Gate();
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean restarting = new AtomicBoolean();
    private volatile @Nullable Run run;
    private volatile boolean restartAgain;

    /** One consumer. Its fields are guarded by {@link #lock}. */
    private static final class Run {
        final String inbox;
        final Dispatcher dispatcher;
        NatsStore.@Nullable Consuming consuming;
        long next = 1;
        long initial;
        boolean caughtUp;
        volatile long lastNanos = System.nanoTime();

        Run(String inbox, Dispatcher dispatcher) {
            this.inbox = inbox;
            this.dispatcher = dispatcher;
        }
    }

    NatsWatch(NatsTransport transport, NatsStore store, Consumer<Change> handler) {
        this.transport = transport;
        this.store = store;
        this.handler = handler;
    }

    void start() throws InterruptedException {
        transport.add(this);
        try {
            begin(false);
        } catch (TransportException | InterruptedException e) {
            close();
            throw e;
        }
        if (transport.closed()) {
            close();
        }
    }

    private void begin(boolean again) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            end();
            if (gate.isShut()) {
                return;
            }
            String inbox = transport.newInbox();
            Run fresh = new Run(inbox, transport.dispatcher(inbox, null, message -> onMessage(inbox, message)));
            run = fresh;
            NatsStore.Consuming consuming = store.consume(inbox, false);
            fresh.consuming = consuming;
            fresh.initial = consuming.pending();
            fresh.lastNanos = System.nanoTime();
            if (again) {
                tell(new Change.Restarted());
            }
            if (fresh.initial == 0) {
                fresh.caughtUp = true;
                tell(new Change.CaughtUp());
            }
        } catch (IllegalStateException e) {
            throw new TransportException(new TransportFailure.Disconnected("store " + store.name(), false), e);
        } finally {
            lock.unlock();
        }
    }

    /** Ends the present consumer. */
    private void end() {
        Run old = run;
        run = null;
        if (old != null) {
            transport.closeDispatcher(old.dispatcher);
            if (old.consuming != null) {
                store.stopConsuming(old.consuming);
            }
        }
    }

    private void tell(Change change) {
        gate.pass("A watcher of store " + store.name(), () -> handler.accept(change));
    }

    private void onMessage(String inbox, Message message) {
        lock.lock();
        try {
            Run now = run;
            if (now == null || !now.inbox.equals(inbox)) {
                return; // from a consumer that has been replaced
            }
            now.lastNanos = System.nanoTime();
            if (message.isStatusMessage()) {
                onStatus(now, message);
            } else {
                onChange(now, message);
            }
        } finally {
            lock.unlock();
        }
    }

    private void onStatus(Run now, Message status) {
        Headers headers = status.getHeaders();
        String last = headers == null ? null : headers.getFirst("Nats-Last-Consumer");
        if (last != null && !last.equals(Long.toString(now.next - 1))) {
            restart();
            return;
        }
        store.answerFlowControl(status);
    }

    private void onChange(Run now, Message message) {
        long number = message.metaData().consumerSequence();
        if (number != now.next) {
            LOG.debug("Store {}: change {} came instead of {}", store.name(), number, now.next);
            restart();
            return;
        }
        now.next++;
        Entry entry = store.entry(message);
        if (!NatsStore.isDeletion(message.getHeaders())) {
            tell(new Change.Put(entry));
        } else if (now.caughtUp) {
            tell(new Change.Deleted(entry.key(), entry.revision()));
        }
        // A key that is written meanwhile moves to the end, so what was there at first is told after as many.
        if (!now.caughtUp && (number >= now.initial || message.metaData().pendingCount() == 0)) {
            now.caughtUp = true;
            tell(new Change.CaughtUp());
        }
    }

    /** Begins anew, on a thread of its own, as soon as there is a connection. Does not block. */
    void restart() {
        restartAgain = true;
        if (!gate.isShut() && restarting.compareAndSet(false, true)) {
            Thread.ofVirtual().name("lattice watch " + store.name()).start(this::restartNow);
        }
    }

    private void restartNow() {
        Duration wait = RETRY_WAIT;
        boolean failed = false;
        try {
            while (restartAgain && !gate.isShut() && transport.connected()) {
                restartAgain = false;
                try {
                    begin(true);
                    if (failed) {
                        LOG.info("The watch of store {} has begun anew", store.name());
                    }
                } catch (TransportException e) {
                    if (!failed) {
                        LOG.warn(
                                "The watch of store {} stands still and will begin anew when it can: {}",
                                store.name(),
                                e.getMessage());
                    }
                    failed = true;
                    restartAgain = true;
                    Thread.sleep(wait);
                    wait = wait.multipliedBy(2).compareTo(RETRY_WAIT_MAX) > 0 ? RETRY_WAIT_MAX : wait.multipliedBy(2);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody interrupts this thread but the end of the process
        } finally {
            restarting.set(false);
        }
    }

    /** Looks whether the consumer is alive; to be called about once a second. */
    void tick() {
        if (!transport.connected()) {
            return;
        }
        Run now = run;
        boolean silent = now != null && System.nanoTime() - now.lastNanos > SILENCE_MAX.toNanos();
        if (restartAgain || silent) {
            restart();
        }
    }

    @Override
    public void close() {
        transport.remove(this);
        if (gate.shut()) {
            Run now = run;
            if (now != null) {
                transport.closeDispatcher(now.dispatcher);
                NatsStore.Consuming consuming = now.consuming;
                if (consuming != null) {
                    store.stopConsuming(consuming);
                }
            }
        }
        gate.awaitEmpty();
    }
}
