package dev.trellis.host.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.StreamRef;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.rpc.Pull;
import dev.trellis.lattice.contracts.rpc.Pulled;
import dev.trellis.lattice.contracts.rpc.Push;
import dev.trellis.lattice.contracts.rpc.StreamReply;
import dev.trellis.lattice.contracts.rpc.StreamStep;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The exchange of a call that another host made and this one runs. Its bodies move between the call and that host
 * ({@link OfferedStreams} is that side) through a {@link HttpPipe}, on up to two virtual threads that are not started
 * before the call reads or writes: a call that does neither sends nothing.
 */
final class RemoteStream implements HttpExchange, AutoCloseable {
    /** What a step's reply may be late by, beyond the time that the other host takes for it, before that host is lost. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Room for the request's body below which no more of it is asked for: small questions take as long as large ones. */
    private static final int PULL_MIN = PART_BYTES_MAX / 2;

    private static final InvocationFailure OVER =
            new InvocationFailure.ConnectionLost("HTTP exchange", "its call is over");

    private final LatticeTransport transport;
    private final String subject;
    private final StreamRef ref;
    private final Deadline deadline;
    private final HttpPipe pipe;
    private final HttpExchange exchange;
    private final Semaphore window = new Semaphore(OfferedStreams.PUSHES_MAX);

    // written by the call's thread, read by others to wake them
    private volatile @Nullable Thread puller;
    private volatile @Nullable Thread pusher;

    private final Set<Thread> pushes = ConcurrentHashMap.newKeySet();
    private volatile @Nullable InvocationFailure failure; // of the response

    /** @param subject on which the host that made the call takes steps */
    RemoteStream(LatticeTransport transport, String subject, StreamRef ref, Deadline deadline) {
        this.transport = transport;
        this.subject = subject;
        this.ref = ref;
        this.deadline = deadline;
        this.pipe = ref.requestWhole() ? HttpPipe.ofWholeRequest() : new HttpPipe();
        this.exchange = pipe.exchange();
        pipe.onChange(this::wake);
    }

    private void wake() {
        LockSupport.unpark(puller);
        LockSupport.unpark(pusher);
    }

    // ---- the call's end

    @Override
    public boolean requestEnded() {
        return exchange.requestEnded();
    }

    @Override
    public boolean readable() {
        pullFromNowOn();
        return exchange.readable();
    }

    @Override
    public @Nullable ByteString read(int max) {
        pullFromNowOn();
        return exchange.read(max);
    }

    @Override
    public List<Header> requestTrailers() {
        return exchange.requestTrailers();
    }

    @Override
    public void respond(HttpResponse head) {
        exchange.respond(head);
        Thread thread = Thread.ofVirtual().name("stream-response").unstarted(this::push);
        pusher = thread;
        thread.start();
    }

    @Override
    public int writable() {
        return exchange.writable();
    }

    @Override
    public void write(ByteString part) {
        exchange.write(part);
    }

    @Override
    public void end(List<Header> trailers) {
        exchange.end(trailers);
    }

    @Override
    public void onChange(Runnable listener) {
        exchange.onChange(listener);
    }

    private void pullFromNowOn() {
        if (puller == null && !ref.requestWhole()) {
            Thread thread = Thread.ofVirtual().name("stream-request").unstarted(this::pull);
            puller = thread;
            thread.start();
        }
    }

    // ---- how the call goes

    /** Whether the response goes through here. */
    boolean begun() {
        return pusher != null;
    }

    /**
     * The call has returned: waits until the response has arrived, to its end.
     *
     * @throws InvocationException if the call left it unfinished, or it could not be delivered by the deadline
     */
    void finish() throws InterruptedException {
        pipe.replied(Payload.EMPTY);
        Thread thread = pusher;
        if (thread != null && !thread.join(deadline.remaining().plusMillis(1))) {
            throw new InvocationException(
                    new InvocationFailure.DeadlineExceeded("HTTP response", "was not taken in time"));
        }
        InvocationFailure why = failure;
        if (why != null) {
            throw new InvocationException(why);
        }
    }

    /** Nothing moves any more. */
    @Override
    public void close() {
        pipe.failed(OVER);
        interrupt(puller);
        interrupt(pusher);
        pushes.forEach(Thread::interrupt);
    }

    private static void interrupt(@Nullable Thread thread) {
        if (thread != null) {
            thread.interrupt();
        }
    }

    // ---- the request's body, on a thread of its own

    private void pull() {
        long offset = 0;
        try {
            while (await(() -> pipe.requestWritable() >= PULL_MIN) && pipe.requestOpen()) {
                int room = Math.min(pipe.requestWritable(), PART_BYTES_MAX);
                var step = step().setPull(Pull.newBuilder().setOffset(offset).setMax(room));
                StreamReply reply = request(step, OfferedStreams.PULL_MAX.plus(GRACE));
                Pulled pulled = reply.getPulled();
                if (!reply.hasPulled() || pulled.getPart().size() > room) {
                    throw new InvocationException(malformed());
                }
                offset += pulled.getPart().size();
                if (!pulled.getPart().isEmpty()) {
                    pipe.writeRequest(pulled.getPart());
                }
                if (pulled.getLast()) {
                    pipe.endRequest(pulled.getTrailersList());
                    return;
                }
            }
        } catch (InvocationException e) {
            pipe.failed(e.failure());
        } catch (InterruptedException e) {
            // the call is over
        }
    }

    // ---- the response, on a thread of its own, and one for each part that is under way

    private void push() {
        try {
            boolean last = false;
            for (long sequence = 0; !last && failure == null; sequence++) {
                Push.Builder next = Push.newBuilder().setSequence(sequence);
                HttpResponse head = pipe.response();
                if (sequence == 0 && head != null) {
                    next.setHead(head); // at once, with what there is of the body
                } else if (!await(pipe::responseReadable)) {
                    throw new InvocationException(
                            new InvocationFailure.DeadlineExceeded("HTTP response", "was not whole in time"));
                }
                next.setPart(gather());
                last = pipe.responseEnded();
                if (last) {
                    next.setLast(true).addAllTrailers(pipe.responseTrailers());
                }
                window.acquire();
                send(step().setPush(next));
            }
            window.acquire(OfferedStreams.PUSHES_MAX);
        } catch (InvocationException e) {
            pushFailed(e.failure());
        } catch (InterruptedException e) {
            pushFailed(OVER);
        }
    }

    /** What there is, so that small parts travel together. */
    private ByteString gather() {
        ByteString part = ByteString.EMPTY;
        while (part.size() < PART_BYTES_MAX && pipe.responseReadable()) {
            ByteString more = pipe.readResponse(PART_BYTES_MAX - part.size());
            if (more == null) {
                break;
            }
            part = part.concat(more);
        }
        return part;
    }

    private void send(StreamStep.Builder step) {
        Thread thread = Thread.ofVirtual().name("stream-part").unstarted(() -> {
            try {
                if (!request(step, deadline.remaining()).hasPushed()) {
                    pushFailed(malformed());
                }
            } catch (InvocationException e) {
                pushFailed(e.failure());
            } catch (InterruptedException e) {
                pushFailed(OVER);
            } finally {
                pushes.remove(Thread.currentThread());
                window.release();
            }
        });
        pushes.add(thread);
        thread.start();
    }

    private void pushFailed(InvocationFailure why) {
        failure = why;
        pipe.failed(why);
    }

    // ---- steps

    private boolean await(BooleanSupplier ready) throws InterruptedException {
        return HttpBodies.await(_ -> {}, ready, deadline); // woken by the listener that is there already
    }

    private StreamStep.Builder step() {
        return StreamStep.newBuilder().setIdHigh(ref.idHigh()).setIdLow(ref.idLow());
    }

    private StreamReply request(StreamStep.Builder step, Duration patience) throws InterruptedException {
        Duration left = deadline.remaining();
        if (left.isZero()) {
            throw new InvocationException(
                    new InvocationFailure.DeadlineExceeded("HTTP exchange", "the call's time is over"));
        }
        StreamReply reply;
        try {
            Message message = transport.request(
                    subject, step.build().toByteArray(), left.compareTo(patience) < 0 ? left : patience);
            reply = StreamReply.parseFrom(UnsafeByteOperations.unsafeWrap(message.payload()));
        } catch (TransportException e) {
            throw new InvocationException(
                    e.failure() instanceof TransportFailure.TimedOut && deadline.passed()
                            ? new InvocationFailure.DeadlineExceeded("HTTP exchange", "the call's time is over")
                            : new InvocationFailure.ConnectionLost(
                                    "HTTP exchange",
                                    "the host that made the call, " + ref.host() + ", is lost: "
                                            + e.failure().message()),
                    e);
        } catch (InvalidProtocolBufferException e) {
            throw new InvocationException(malformed(), e);
        }
        if (reply.hasFailure()) {
            throw new InvocationException(CallCodec.fromWire(reply.getFailure()));
        }
        return reply;
    }

    private InvocationFailure malformed() {
        return new InvocationFailure.Malformed("HTTP exchange", "host " + ref.host() + " answered something else");
    }
}
