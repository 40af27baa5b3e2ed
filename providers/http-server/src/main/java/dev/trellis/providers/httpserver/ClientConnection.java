package dev.trellis.providers.httpserver;

import dev.trellis.lattice.contracts.http.Header;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client: which request it is at, and since when it keeps the server waiting. Runs on its event
 * loop. It is also the first handler of the channel, since Vert.x does not tell when a request head begins.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of closing and writing: failed or not, the connection is over
final class ClientConnection extends ChannelInboundHandlerAdapter {
    /** Bytes thrown away after an early refusal before the connection is closed regardless. */
    static final int LINGER_BYTES_MAX = 256 << 10;

    private static final AttributeKey<ClientConnection> KEY = AttributeKey.valueOf(ClientConnection.class, "state");

    private static final byte[] HEAD_TIMED_OUT =
            "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    /** What Vert.x calls its own last handler of a channel. */
    private static final String VERTX_HANDLER = "handler";

    private final RequestTrailers trailers = new RequestTrailers();
    private final Worker worker;
    private final Channel channel;
    private final HttpConnection http;
    private @Nullable ChannelHandlerContext first;
    private @Nullable Exchange current;

    /** Since when a request head has been arriving; 0 while none is. */
    private long headSince;

    /** Since when nothing has been going on. */
    private long idleSince = System.nanoTime();

    private boolean served;
    private boolean closing;
    private long closeAt;
    private int lingered;

    ClientConnection(Worker worker, HttpConnection http) {
        this.worker = worker;
        this.http = http;
        this.channel = ((ConnectionBase) http).channel();
    }

    static @Nullable ClientConnection of(HttpServerRequest request) {
        return ((ConnectionBase) request.connection()).channel().attr(KEY).get();
    }

    void watch() {
        channel.attr(KEY).set(this);
        channel.pipeline().addFirst("trellis-watch", this);
        channel.pipeline().addBefore(VERTX_HANDLER, "trellis-trailers", trailers);
    }

    Channel channel() {
        return channel;
    }

    /** Whether no further request of it is served. */
    boolean closing() {
        return closing;
    }

    void begins(Exchange exchange) {
        current = exchange;
        headSince = 0;
        served = true;
    }

    /** The trailers of a request whose body has ended. */
    List<Header> takeTrailers(HttpServerRequest request) {
        return trailers.take(request);
    }

    void ends(Exchange exchange) {
        if (current == exchange) {
            current = null;
            idleSince = System.nanoTime();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        first = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (current == null && headSince == 0) {
            headSince = System.nanoTime();
        }
        context.fireChannelRead(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        worker.forget(this);
        worker.listener().disconnect();
        var exchange = current;
        if (exchange != null) {
            exchange.onClientGone();
        }
        context.fireChannelInactive();
    }

    /** Whether a time limit has passed at {@code now}. Cheap: called for every connection at every sweep. */
    boolean overdue(long now) {
        if (closing) {
            return now - closeAt >= 0;
        }
        var exchange = current;
        if (exchange != null) {
            return exchange.overdue(now);
        }
        var timeouts = worker.listener().timeouts;
        if (headSince != 0) {
            return now - headSince > timeouts.head().toNanos();
        }
        return now - idleSince > (served ? timeouts.keepAlive() : timeouts.head()).toNanos();
    }

    /** Acts on the limit that {@link #overdue} found. */
    void expire(long now) {
        var exchange = current;
        var context = first;
        if (closing) {
            cut();
        } else if (exchange != null) {
            exchange.expire(now);
        } else if (headSince != 0 && context != null) {
            closing = true;
            closeAt = now + worker.listener().timeouts.linger().toNanos();
            worker.listener().counters.answered(408);
            // From here it goes past the HTTP encoder, which has no response to put this into.
            context.writeAndFlush(Unpooled.wrappedBuffer(HEAD_TIMED_OUT)).addListener(ChannelFutureListener.CLOSE);
        } else {
            cut();
        }
    }

    /**
     * Ends the connection after an answer that came before the request had been read: says so to the client and
     * throws a little of what still arrives away, so that the client gets to read the answer and not a reset.
     */
    void linger() {
        if (channel instanceof DuplexChannel duplex && duplex.isActive()) {
            duplex.shutdownOutput();
        } else {
            cut();
        }
    }

    /** No further request is served from now on. */
    void startClosing() {
        closing = true;
        closeAt = System.nanoTime() + worker.listener().timeouts.linger().toNanos();
    }

    /** Bytes of a refused body arrived. */
    void discarded(int bytes) {
        lingered += bytes;
        if (closing && lingered > LINGER_BYTES_MAX) {
            cut();
        }
    }

    /**
     * Closes the connection at once; what has not been sent is lost. From the head of the pipeline, since Vert.x would
     * first wait until everything is sent.
     */
    void cut() {
        var context = first;
        if (context != null) {
            context.close();
        }
    }

    /** Closes the connection once what has been written is sent. */
    void close() {
        http.close();
    }
}
