package dev.trellis.lattice.transport;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One subscription of an in-process lattice: a bounded queue and the virtual thread that empties it in order. */
final class InProcessSubscription implements Subscription {
    /** Payload bytes that wait for one slow subscriber; further messages are dropped, as at the bound of messages. */
    static final long QUEUE_BYTES_MAX = 256L << 20;

    /** How long closing waits for a handler that is running. */
    private static final long CLOSE_WAIT_MILLIS = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(InProcessSubscription.class);

    private final InProcessTransport owner;
    private final String pattern;
    private final @Nullable String queueGroup;
    private final Consumer<IncomingMessage> handler;
    private final LinkedBlockingQueue<IncomingMessage> queue =
            new LinkedBlockingQueue<>(LatticeTransport.SUBSCRIPTION_QUEUE_MAX);
    private final AtomicLong queuedBytes = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final ReentrantLock handling = new ReentrantLock();
    private final Thread dispatcher;
    private volatile boolean closed;

    InProcessSubscription(
            InProcessTransport owner, String pattern, @Nullable String queueGroup, Consumer<IncomingMessage> handler) {
        this.owner = owner;
        this.pattern = pattern;
        this.queueGroup = queueGroup;
        this.handler = handler;
        this.dispatcher = Thread.ofVirtual().name("lattice " + pattern).unstarted(this::dispatch);
    }

    void start() {
        dispatcher.start();
    }

    String pattern() {
        return pattern;
    }

    @Nullable
    String queueGroup() {
        return queueGroup;
    }

    /** Queues {@code incoming}, or drops it if the subscriber has too much to do. Never waits. */
    void offer(IncomingMessage incoming) {
        int bytes = incoming.message().payload().length;
        if (closed) {
            return;
        }
        if (queuedBytes.addAndGet(bytes) > QUEUE_BYTES_MAX || !queue.offer(incoming)) {
            queuedBytes.addAndGet(-bytes);
            if (dropped.getAndIncrement() == 0) {
                LOG.warn(
                        "The subscriber of {} is too slow: {} messages wait for it, further ones are dropped",
                        pattern,
                        queue.size());
            }
        }
    }

    private void dispatch() {
        while (!closed) {
            try {
                IncomingMessage incoming = queue.take();
                queuedBytes.addAndGet(-incoming.message().payload().length);
                deliver(incoming);
            } catch (InterruptedException e) {
                // A handler left its interrupt behind; take() has cleared it, and the next message is not to suffer.
                LOG.debug("The handler of {} left an interrupt behind", pattern, e);
            }
            if (dropped.get() > 0 && queue.isEmpty()) {
                LOG.warn("The subscriber of {} has caught up; it missed {} messages", pattern, dropped.getAndSet(0));
            }
        }
    }

    private void deliver(IncomingMessage incoming) {
        handling.lock();
        try {
            if (!closed) {
                handler.accept(incoming);
            }
        } catch (RuntimeException | Error e) {
            LOG.error(
                    "The handler of {} failed on a message to {}",
                    pattern,
                    incoming.message().subject(),
                    e);
        } finally {
            handling.unlock();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        owner.remove(this);
        if (handling.isHeldByCurrentThread()) {
            return; // the handler closes its own subscription: dispatch() ends when it returns
        }
        try {
            if (handling.tryLock(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
                handling.unlock();
            } else {
                LOG.warn("The handler of {} still runs after its subscription was closed", pattern);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            queue.clear();
            queuedBytes.set(0);
            wake();
        }
    }

    /** Lets {@link #dispatch} see that it is over, if it waits for a message; a running handler is not disturbed. */
    private void wake() {
        queue.offer(InProcessTransport.NOTHING);
    }
}
