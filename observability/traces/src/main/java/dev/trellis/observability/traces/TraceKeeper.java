package dev.trellis.observability.traces;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the recent traces of a lattice in memory and answers questions about them. Every controller has one, and one of
 * them answers: one that has just started knows less than the others.
 */
public final class TraceKeeper implements AutoCloseable {
    /** Queue group of those that answer. */
    static final String QUEUE_GROUP = "trellis_traces";

    /** Messages that wait to be taken in; one more is dropped and counted. */
    static final int WAITING_MAX = 512;

    private static final Logger log = LoggerFactory.getLogger(TraceKeeper.class);

    private final TraceStore store;
    private final Subjects subjects;
    private final LatticeTransport transport;
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final ArrayBlockingQueue<IncomingMessage> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final LongAdder refused = new LongAdder();
    private final Thread worker;

    private TraceKeeper(LatticeTransport transport, Subjects subjects, TraceStore store) {
        this.transport = transport;
        this.subjects = subjects;
        this.store = store;
        this.worker = Thread.ofVirtual().name("traces").unstarted(this::work);
    }

    /** Answers to {@link Subjects#trace trace("list")}: traces, newest first. */
    public record Listing(List<TraceSummary> traces) {
        public Listing {
            traces = List.copyOf(traces);
        }
    }

    /** Answers to {@link Subjects#trace trace("get")}: the trace, if it is kept. */
    public record Found(@Nullable Trace trace) {}

    /**
     * Starts keeping.
     *
     * @param transport stays the caller's; to be closed after this
     * @throws TransportException if the lattice refuses the subscriptions
     */
    public static TraceKeeper start(LatticeTransport transport, Subjects subjects) {
        return start(transport, subjects, new TraceStore(TraceStore.Limits.DEFAULTS, System::nanoTime));
    }

    static TraceKeeper start(LatticeTransport transport, Subjects subjects, TraceStore store) {
        var keeper = new TraceKeeper(transport, subjects, store);
        try {
            keeper.open();
        } catch (RuntimeException e) {
            keeper.close();
            throw e;
        }
        return keeper;
    }

    private void open() {
        worker.start();
        subscriptions.add(transport.subscribe(subjects.spans(), this::accept));
        for (String operation : List.of("list", "get")) {
            subscriptions.add(transport.subscribe(subjects.trace(operation), QUEUE_GROUP, this::accept));
        }
    }

    /** Never blocks: spans that come faster than they are taken in are dropped. */
    private void accept(IncomingMessage message) {
        if (!waiting.offer(message)) {
            refuse("they come faster than they can be kept");
        }
    }

    private void work() {
        try {
            while (true) {
                IncomingMessage message = waiting.take();
                try {
                    handle(message);
                } catch (RuntimeException e) {
                    log.warn(
                            "A message on {} was not understood",
                            message.message().subject(),
                            e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private void handle(IncomingMessage message) {
        String subject = message.message().subject();
        byte[] payload = message.message().payload();
        if (subject.equals(subjects.trace("list"))) {
            answer(message, () -> new Listing(store.list(WireJson.read(payload, TraceQuery.class))));
        } else if (subject.equals(subjects.trace("get"))) {
            answer(
                    message,
                    () -> new Found(store.get(new String(payload, StandardCharsets.UTF_8))
                            .orElse(null)));
        } else {
            keep(subject.substring(subject.lastIndexOf('.') + 1), payload);
        }
    }

    private void keep(String host, byte[] payload) {
        try {
            TraceWire.Decoded decoded = TraceWire.decode(new HostId(host).value(), payload);
            store.add(decoded.spans());
            if (decoded.refused() > 0) {
                refuse(decoded.refused() + " of host " + host + " are not valid");
            }
        } catch (IllegalArgumentException e) {
            refuse("host " + host + " sent something else: " + e.getMessage());
        }
    }

    private interface Answer {
        Object get();
    }

    private static void answer(IncomingMessage request, Answer answer) {
        Object reply;
        try {
            reply = answer.get();
        } catch (IllegalArgumentException e) {
            reply = Map.of("error", String.valueOf(e.getMessage()));
        }
        try {
            request.reply(WireJson.write(reply));
        } catch (TransportException e) {
            log.debug("An answer on {} was not sent: {}", request.message().subject(), e.getMessage());
        }
    }

    /** Spans are told of once; how many there were is counted. */
    private void refuse(String reason) {
        refused.increment();
        if (refused.sum() == 1) {
            log.warn("Spans are not kept: {}; further ones are counted only", reason);
        }
    }

    /** Messages that were not taken in, whole or in part. */
    long refused() {
        return refused.sum();
    }

    TraceStore store() {
        return store;
    }

    /** Stops keeping and answering. */
    @Override
    public void close() {
        subscriptions.forEach(Subscription::close);
        worker.interrupt();
    }
}
