package dev.trellis.providers.httpclient;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.HttpPipe;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The server's end of the {@link HttpPipe} through which the bodies of a streamed request and its answer move: between it
 * and the connection. On the connection's event loop, but what says otherwise.
 */
final class WireEnd implements Answer.Delivery {
    private static final int PIECE_BYTES = 64 << 10;

    private final HttpExchange pipe;
    private final Predicate<HttpResponse> delivered;
    private final long length;
    private final AtomicBoolean woken = new AtomicBoolean();
    private @Nullable Channel channel;
    private @Nullable Runnable sent;
    private boolean requestDone;
    private long sentBytes;
    private ByteString overflow = ByteString.EMPTY;
    private boolean answerDone;
    private List<Header> trailers = List.of();

    /**
     * @param requestDone whether the request has gone out with its head
     * @param length of the request's body; -1 if that is not known
     * @param delivered which answers go through the pipe
     */
    WireEnd(HttpPipe pipe, boolean requestDone, long length, Predicate<HttpResponse> delivered) {
        this.pipe = pipe.exchange();
        this.requestDone = requestDone;
        this.length = length;
        this.delivered = delivered;
    }

    /**
     * Begins to move; the request's head has been written.
     *
     * @param whenSent run once the request's body is out as a whole
     */
    void start(Channel on, ByteString beginning, Runnable whenSent) {
        channel = on;
        sent = whenSent;
        pipe.onChange(this::wake);
        if (!requestDone && !beginning.isEmpty()) {
            write(on, beginning);
            on.flush();
        }
        move();
    }

    /** From any thread. */
    private void wake() {
        Channel on = channel;
        if (on != null && woken.compareAndSet(false, true)) {
            try {
                on.eventLoop().execute(() -> {
                    woken.set(false);
                    move();
                });
            } catch (RejectedExecutionException e) {
                var _ = on.close(); // the provider has ended
            }
        }
    }

    /** Moves what can be moved both ways. */
    void move() {
        Channel on = channel;
        if (on == null) {
            return;
        }
        try {
            moveRequest(on);
            moveAnswer(on);
        } catch (InvocationException e) {
            channel = null; // the call is over, and closes the connection
        }
    }

    private void moveRequest(Channel on) {
        boolean written = false;
        while (!requestDone && on.isWritable()) {
            ByteString part = pipe.read(PIECE_BYTES);
            if (part == null) {
                finishRequest(on);
                return;
            }
            if (part.isEmpty()) {
                break;
            }
            write(on, part);
            written = true;
        }
        if (written) {
            on.flush();
        }
    }

    private void write(Channel on, ByteString part) {
        sentBytes += part.size();
        if (length >= 0 && sentBytes > length) {
            var _ = on.close(); // the call's thread has counted too, and says so
            return;
        }
        var _ = on.write(new DefaultHttpContent(Unpooled.wrappedBuffer(part.asReadOnlyByteBuffer())));
    }

    private void finishRequest(Channel on) {
        requestDone = true;
        if (length >= 0 && sentBytes < length) {
            var _ = on.close();
            return;
        }
        var last = new DefaultLastHttpContent();
        for (Header line : pipe.requestTrailers()) {
            String name = line.getName().toLowerCase(Locale.ROOT);
            if (HttpSyntax.token(name) && HttpSyntax.value(line.getValue()) && OutgoingHead.trailing(name)) {
                last.trailingHeaders()
                        .add(name, HttpSyntax.toWire(line.getValue().strip()));
            }
        }
        Runnable whenSent = sent;
        on.writeAndFlush(last).addListener(done -> {
            if (done.isSuccess() && whenSent != null) {
                whenSent.run();
            }
        });
    }

    // ---- the answer

    @Override
    public boolean wants(HttpResponse head) {
        return delivered.test(head);
    }

    @Override
    public void begin(HttpResponse head) {
        try {
            pipe.respond(head);
        } catch (InvocationException e) {
            channel = null; // the call is over
        }
    }

    @Override
    public void part(ByteBuf bytes) {
        var part = UnsafeByteOperations.unsafeWrap(ByteBufUtil.getBytes(bytes));
        overflow = overflow.isEmpty() ? part : overflow.concat(part);
        move();
    }

    @Override
    public void end(HttpHeaders trailing) {
        var lines = new ArrayList<Header>();
        for (Map.Entry<String, String> line : trailing) {
            String name = line.getKey().toLowerCase(Locale.ROOT);
            if (OutgoingHead.trailing(name) && lines.size() < Answer.LINES_MAX) {
                lines.add(Header.newBuilder()
                        .setName(name)
                        .setValue(HttpSyntax.fromWire(line.getValue()))
                        .build());
            }
        }
        trailers = lines;
        answerDone = true;
        move();
    }

    private void moveAnswer(Channel on) {
        int now = overflow.isEmpty() ? 0 : Math.min(overflow.size(), pipe.writable());
        if (now > 0) {
            pipe.write(overflow.substring(0, now));
            overflow = overflow.substring(now);
        }
        // what the caller does not take stays with the server
        boolean read = overflow.isEmpty();
        if (on.config().isAutoRead() != read) {
            on.config().setAutoRead(read);
        }
        if (answerDone && overflow.isEmpty()) {
            answerDone = false;
            pipe.end(trailers);
        }
    }
}
