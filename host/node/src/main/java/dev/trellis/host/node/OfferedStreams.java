package dev.trellis.host.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.StreamRef;
import dev.trellis.lattice.contracts.rpc.Pull;
import dev.trellis.lattice.contracts.rpc.Pulled;
import dev.trellis.lattice.contracts.rpc.Push;
import dev.trellis.lattice.contracts.rpc.Pushed;
import dev.trellis.lattice.contracts.rpc.StreamReply;
import dev.trellis.lattice.contracts.rpc.StreamStep;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.TransportException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP exchanges of calls that this host has made to others, each for the time of its call: whoever runs the call
 * takes parts of the request's body and gives parts of the response, step by step ({@link RemoteStream} is that side).
 * A step's reply comes once it is done, which holds back who is too fast. Safe for concurrent use.
 */
final class OfferedStreams {
    /** Exchanges offered at once; a call with one more fails as overloaded. */
    static final int STREAMS_MAX = 8192;

    /** Parts of one response that may be under way at once; a later one is refused. */
    static final int PUSHES_MAX = 4;

    /** How long a pull waits for bytes before it is answered without, so that both sides know of each other. */
    static final Duration PULL_MAX = Duration.ofSeconds(5);

    private static final InvocationFailure OVER =
            new InvocationFailure.ConnectionLost("HTTP exchange", "the call that it belongs to is over");
    private static final Logger log = LoggerFactory.getLogger(OfferedStreams.class);

    private record Id(long high, long low) {}

    private final HostId host;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentMap<Id, Offer> offers = new ConcurrentHashMap<>();

    /** Those of the calls that {@code host} makes. */
    OfferedStreams(HostId host) {
        this.host = host;
    }

    /**
     * Offers an exchange until the offer is closed.
     *
     * @throws InvocationException with {@link InvocationFailure.Overloaded} at the bound
     */
    Offer offer(HttpExchange exchange, Deadline deadline) {
        if (offers.size() >= STREAMS_MAX) {
            throw new InvocationException(new InvocationFailure.Overloaded(
                    host.value(), STREAMS_MAX + " calls with bodies that move are under way to other hosts"));
        }
        var offer = new Offer(new Id(random.nextLong(), random.nextLong()), exchange, deadline);
        offers.put(offer.id, offer);
        return offer;
    }

    /** Exchanges offered now. */
    int size() {
        return offers.size();
    }

    /** Takes one step of another host. Never blocks: a step that has to wait does so on a thread of its own. */
    void accept(IncomingMessage message) {
        StreamStep step;
        try {
            step = StreamStep.parseFrom(
                    UnsafeByteOperations.unsafeWrap(message.message().payload()));
        } catch (InvalidProtocolBufferException e) {
            reply(message, failed(malformed("is not a step of a stream")));
            return;
        }
        Offer offer = offers.get(new Id(step.getIdHigh(), step.getIdLow()));
        if (offer == null) {
            reply(message, failed(OVER));
        } else if (!offer.enter()) {
            reply(message, failed(malformed("takes " + PUSHES_MAX + " parts and one question at once, no more")));
        } else {
            Thread.ofVirtual().name("stream").start(() -> {
                StreamReply reply;
                try {
                    reply = offer.take(step);
                } finally {
                    offer.leave(); // before the reply, which the next step may follow at once
                }
                reply(message, reply);
            });
        }
    }

    private static void reply(IncomingMessage message, StreamReply reply) {
        try {
            message.reply(reply.toByteArray());
        } catch (TransportException e) {
            log.debug("A step of a stream was not answered: {}", e.getMessage());
        }
    }

    private static InvocationFailure malformed(String what) {
        return new InvocationFailure.Malformed("HTTP exchange", what);
    }

    private static StreamReply failed(InvocationFailure failure) {
        return StreamReply.newBuilder().setFailure(CallCodec.toWire(failure)).build();
    }

    /** One exchange while it is offered. Not touched any more once {@link #close} has returned. */
    final class Offer implements AutoCloseable {
        private final Id id;
        private final HttpExchange exchange;
        private final Deadline deadline;
        private final StreamRef ref;
        private final AtomicInteger steps = new AtomicInteger();

        // all under the lock of this
        private boolean closed;
        private boolean touched;
        private boolean pulling;
        private long pulled;
        private long nextPush;
        private boolean ended;

        private Offer(Id id, HttpExchange exchange, Deadline deadline) {
            this.id = id;
            this.exchange = exchange;
            this.deadline = deadline;
            boolean whole =
                    exchange.requestEnded() && exchange.requestTrailers().isEmpty();
            this.ref = new StreamRef(id.high(), id.low(), host, whole);
        }

        /** What the other host is told of it. */
        StreamRef ref() {
            return ref;
        }

        /** Whether a step was taken, so that the call cannot be offered to yet another host. */
        synchronized boolean touched() {
            return touched;
        }

        /** Whether the response has come to its end. */
        synchronized boolean ended() {
            return ended;
        }

        @Override
        public void close() {
            offers.remove(id);
            synchronized (this) {
                closed = true;
                notifyAll();
            }
        }

        private boolean enter() {
            if (steps.incrementAndGet() > PUSHES_MAX + 1) {
                steps.decrementAndGet();
                return false;
            }
            return true;
        }

        private void leave() {
            steps.decrementAndGet();
        }

        private StreamReply take(StreamStep step) {
            try {
                return switch (step.getStepCase()) {
                    case PULL ->
                        StreamReply.newBuilder().setPulled(pull(step.getPull())).build();
                    case PUSH -> {
                        push(step.getPush());
                        yield StreamReply.newBuilder()
                                .setPushed(Pushed.getDefaultInstance())
                                .build();
                    }
                    case STEP_NOT_SET -> failed(malformed("is asked for nothing"));
                };
            } catch (InvocationException e) {
                return failed(e.failure());
            } catch (IllegalStateException e) {
                return failed(malformed(InvocationFailure.limited(e.getMessage())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return failed(OVER);
            }
        }

        private synchronized Pulled pull(Pull wanted) throws InterruptedException {
            touch();
            if (pulling || wanted.getOffset() != pulled || wanted.getMax() < 1) {
                throw new InvocationException(
                        malformed("has given " + pulled + " bytes" + (pulling ? ", is asked already" : "")
                                + "; was asked for " + wanted.getMax() + " after " + wanted.getOffset()));
            }
            pulling = true;
            try {
                long end = deadline.orEarlier(Deadline.in(PULL_MAX)).nanoTime();
                while (!exchange.readable() && waits(end)) {
                    check();
                }
                check();
                return take(Math.min(wanted.getMax(), HttpExchange.PART_BYTES_MAX));
            } finally {
                pulling = false;
            }
        }

        /** What there is, so that small parts travel together. */
        private Pulled take(int max) {
            var given = Pulled.newBuilder();
            ByteString all = ByteString.EMPTY;
            do {
                ByteString part = exchange.read(max - all.size());
                if (part == null) {
                    given.setLast(true).addAllTrailers(exchange.requestTrailers());
                    break;
                }
                all = all.concat(part);
            } while (all.size() < max && exchange.readable());
            pulled += all.size();
            return given.setPart(all).build();
        }

        private synchronized void push(Push given) throws InterruptedException {
            touch();
            long ahead = given.getSequence() - nextPush;
            if (ahead < 0 || ahead >= PUSHES_MAX || given.getPart().size() > HttpExchange.PART_BYTES_MAX) {
                throw new InvocationException(malformed("waits for part " + nextPush + " of at most "
                        + HttpExchange.PART_BYTES_MAX + " bytes; was given part " + given.getSequence() + " of "
                        + given.getPart().size()));
            }
            while (given.getSequence() != nextPush) {
                waitForTurn();
            }
            if (ended) {
                throw new InvocationException(malformed("has its whole response"));
            }
            ByteString part = given.getPart();
            if (given.getSequence() == 0) {
                exchange.respond(given.getHead().toBuilder().setBody(part).build());
            } else {
                write(part);
            }
            if (given.getLast()) {
                exchange.end(given.getTrailersList());
                ended = true;
            }
            nextPush++;
            notifyAll();
        }

        private void write(ByteString part) throws InterruptedException {
            int written = 0;
            while (written < part.size()) {
                int now = Math.min(part.size() - written, exchange.writable());
                if (now == 0) {
                    waitForTurn();
                } else {
                    exchange.write(part.substring(written, written + now));
                    written += now;
                }
            }
        }

        private void waitForTurn() throws InterruptedException {
            if (!waits(deadline.nanoTime())) {
                throw new InvocationException(new InvocationFailure.DeadlineExceeded(
                        "HTTP exchange", "its caller had not taken the response when its time was over"));
            }
            check();
        }

        /** Waits until something has changed; false if the moment {@code end} has come. */
        @SuppressWarnings("WaitNotInLoop") // callers look again at what they wait for
        private synchronized boolean waits(long end) throws InterruptedException {
            long nanos = end - System.nanoTime();
            if (nanos <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(nanos, 1_000_000));
            return true;
        }

        private void touch() {
            check();
            if (!touched) {
                touched = true;
                exchange.onChange(() -> {
                    synchronized (this) {
                        notifyAll();
                    }
                });
            }
        }

        private void check() {
            if (closed) {
                throw new InvocationException(OVER);
            }
        }
    }
}
