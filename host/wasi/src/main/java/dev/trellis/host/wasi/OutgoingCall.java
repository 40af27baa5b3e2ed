package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.LinkName;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One HTTP request of a guest under way: a call over the guest's link, on a thread of its own, which ends with the guest's
 * interest in it. Used by the guest's thread.
 */
final class OutgoingCall implements BodySink, BodySource {
    private static final Logger LOG = LoggerFactory.getLogger(OutgoingCall.class);
    private static final String OPERATION = "Request";

    private final WasiCall call;
    private final HttpPipe pipe;
    private final Thread thread;
    private boolean refused;

    private OutgoingCall(WasiCall call, MessageLite request, HttpPipe pipe) {
        this.call = call;
        this.pipe = pipe;
        Invocation parent = call.parent();
        var made = new GuestCall(
                LinkName.DEFAULT,
                Contracts.HTTP_CLIENT.id().value(),
                OPERATION,
                new Payload.Streamed(request, pipe.exchange()));
        this.thread = Thread.ofVirtual().name("wasi-http-request").unstarted(() -> run(parent, made));
    }

    /** Makes the call. What is left of the request's body then goes into {@code pipe}. */
    static OutgoingCall start(WasiCall call, MessageLite request, HttpPipe pipe) {
        OutgoingCall started = new OutgoingCall(call, request, pipe);
        pipe.onChange(call.waker()::wake);
        call.http().started(started);
        started.thread.start();
        return started;
    }

    private void run(Invocation parent, GuestCall made) {
        try {
            pipe.replied(call.services().call(parent, made));
        } catch (InvocationException e) {
            pipe.failed(e.failure());
        } catch (InterruptedException e) {
            pipe.failed(givenUp()); // it was: nobody listens
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            LOG.error("HTTP request of actor {} failed in an unknown way", call.actor(), e);
            pipe.failed(new InvocationFailure.ProviderFailed(call.actor().value(), "its HTTP request failed here"));
        }
    }

    private InvocationFailure givenUp() {
        return new InvocationFailure.ConnectionLost(call.actor().value(), "it gave its HTTP request up");
    }

    /** Whether its thread has ended, or is about to. */
    boolean over() {
        return !thread.isAlive();
    }

    // ---- response

    /** Whether the response's head, or a failure, is there. */
    boolean responded() {
        try {
            return pipe.response() != null;
        } catch (InvocationException e) {
            return true;
        }
    }

    /**
     * The response's head; null as long as there is none.
     *
     * @throws InvocationException if there will be none
     */
    @Nullable
    HttpResponse response() {
        try {
            return pipe.response();
        } catch (InvocationException e) {
            throw remembered(e);
        }
    }

    @Override
    public boolean readable() {
        return pipe.responseReadable();
    }

    @Override
    public @Nullable ByteString read(int max) {
        try {
            return pipe.readResponse(max);
        } catch (InvocationException e) {
            throw remembered(e);
        }
    }

    @Override
    public List<Header> trailers() {
        return pipe.responseTrailers();
    }

    /** The guest has dropped what it could have read the response from. */
    @Override
    public void giveUp() {
        if (!pipe.responseEnded()) {
            pipe.failed(givenUp());
            thread.interrupt();
        }
    }

    private InvocationException remembered(InvocationException e) {
        InvocationFailure failure = e.failure();
        call.remember(failure);
        if (!refused && failure instanceof InvocationFailure.NotLinked) {
            refused = true;
            call.http().logRefusal(call, failure.message());
        }
        return e;
    }

    // ---- request

    @Override
    public int writable() {
        return pipe.requestWritable();
    }

    @Override
    public void write(ByteString part) {
        pipe.writeRequest(part);
    }

    @Override
    public void end(List<Header> trailers) {
        pipe.endRequest(trailers);
    }

    @Override
    public void abort(String why) {
        pipe.failed(new InvocationFailure.Malformed(call.actor().value(), why));
        thread.interrupt();
    }
}
