package dev.trellis.providers.httpclient;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Deadline;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one address that was checked before, for one origin: no name is looked up here. HTTP/1.1, one request
 * at a time.
 */
final class Connection {
    private static final int LINE_LENGTH_MAX = 8 << 10;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int CAUSES_MAX = 10;

    /** Checking certificates takes milliseconds, which the event loops' other connections must not wait for. */
    private static final Executor HANDSHAKES =
            task -> Thread.ofVirtual().name("http-client-tls").start(task);

    /** No connection came about; the message says why, and nothing was sent over it. */
    static final class FailedException extends Exception {
        private static final long serialVersionUID = 1L;
        private final @Nullable Reason reason;

        FailedException(@Nullable Reason reason, String message, @Nullable Throwable cause) {
            super(message, cause, false, false);
            this.reason = reason;
        }

        /** Whether the server was reached but not trusted; another address would not help. */
        boolean tls() {
            return reason == Reason.TLS || reason == Reason.CERTIFICATE;
        }

        /** {@code text}, which holds the message, with the reason before it. */
        String explain(String text) {
            return reason == null ? text : reason.of(text);
        }
    }

    private final Channel channel;
    private final Origin origin;
    private final Pieces pieces;
    private final long openedNanos = System.nanoTime();

    private Connection(Channel channel, Origin origin, Pieces pieces) {
        this.channel = channel;
        this.origin = origin;
        this.pieces = pieces;
    }

    /**
     * Connects, and agrees on TLS for an {@code https} origin: the server must prove to be the origin's host, whatever
     * address it has.
     *
     * @param tls for https origins
     */
    static Connection open(
            EventLoopGroup loops,
            Origin origin,
            InetAddress address,
            SslContext tls,
            int headerBytesMax,
            Deadline deadline)
            throws FailedException, InterruptedException {
        SslHandler security = origin.secure()
                ? tls.newHandler(ByteBufAllocator.DEFAULT, origin.host().peer(), origin.port(), HANDSHAKES)
                : null;
        var pieces = new Pieces(security != null);
        long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline.remainingNanos()));
        ChannelFuture connecting = new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .resolver(NoopAddressResolverGroup.INSTANCE)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(Integer.MAX_VALUE, millis))
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (security != null) {
                            channel.pipeline().addLast(security);
                        }
                        channel.pipeline().addLast(codec(headerBytesMax), pieces);
                    }
                })
                .connect(new InetSocketAddress(address, origin.port()));
        Channel channel = connecting.channel();
        boolean open = false;
        try {
            String where = address.getHostAddress() + " port " + origin.port();
            if (!finished(connecting, deadline)) {
                throw new FailedException(
                        Reason.CONNECTION_TIMEOUT, where + " did not answer within " + millis + " ms", null);
            }
            if (!connecting.isSuccess()) {
                throw unconnected(where, connecting.cause());
            }
            if (security != null) {
                secure(security, where, deadline);
            }
            open = true;
            return new Connection(channel, origin, pieces);
        } finally {
            if (!open) {
                var _ = channel.close();
            }
        }
    }

    private static HttpClientCodec codec(int headerBytesMax) {
        var config = new HttpDecoderConfig()
                .setMaxInitialLineLength(LINE_LENGTH_MAX)
                .setMaxHeaderSize(headerBytesMax)
                .setMaxChunkSize(PIECE_BYTES)
                .setValidateHeaders(true);
        return new HttpClientCodec(config, false, false);
    }

    private static void secure(SslHandler security, String where, Deadline deadline)
            throws FailedException, InterruptedException {
        Future<Channel> handshake = security.handshakeFuture();
        if (!finished(handshake, deadline)) {
            throw new FailedException(Reason.CONNECTION_TIMEOUT, where + " did not agree on TLS in time", null);
        }
        if (!handshake.isSuccess()) {
            Throwable cause = handshake.cause();
            String reason = cause instanceof ClosedChannelException || cause.getMessage() == null
                    ? "it closed the connection; does it speak TLS?"
                    : String.valueOf(cause.getMessage());
            throw new FailedException(
                    certificate(cause) ? Reason.CERTIFICATE : Reason.TLS,
                    "TLS with " + where + " failed: " + HttpSyntax.shown(reason),
                    cause);
        }
    }

    /** Whether the server's certificate is to blame. */
    private static boolean certificate(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; i < CAUSES_MAX && cause != null; i++) {
            if (cause instanceof CertificateException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private static boolean finished(Future<?> future, Deadline deadline) throws InterruptedException {
        return future.await(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
    }

    private static FailedException unconnected(String where, Throwable cause) {
        if (cause instanceof io.netty.channel.ConnectTimeoutException) {
            return new FailedException(Reason.CONNECTION_TIMEOUT, where + " did not answer in time", cause);
        }
        return cause instanceof ConnectException
                ? new FailedException(
                        Reason.CONNECTION_REFUSED,
                        where + " refused the connection; does a server listen there?",
                        cause)
                : new FailedException(null, where + " cannot be reached: " + cause.getMessage(), cause);
    }

    Origin origin() {
        return origin;
    }

    /** When it was opened, by {@link System#nanoTime()}. */
    long openedNanos() {
        return openedNanos;
    }

    boolean active() {
        return channel.isActive();
    }

    void close() {
        var _ = channel.close();
    }

    /**
     * Sends a request and waits for its answer. After any failure the connection is closed.
     *
     * @throws Answer.ClosedBeforeAnswerException if it was closed before anything of an answer came
     * @throws dev.trellis.lattice.contracts.InvocationException if the answer is refused
     * @throws TimeoutException if the deadline passed; the server may have acted
     */
    Answer.Received exchange(HttpRequest request, Answer answer, Deadline deadline)
            throws Answer.ClosedBeforeAnswerException, TimeoutException, InterruptedException {
        return exchange(request, answer, null, ByteString.EMPTY, () -> {
            try {
                var _ = answer.result().get(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                // told by what was received
            }
            return answer.received();
        });
    }

    /** The same with a request whose bodies move while it runs. */
    Answer.Received exchange(
            HttpRequest head, ByteString beginning, Answer answer, StreamedRequest streamed, Deadline deadline)
            throws Answer.ClosedBeforeAnswerException, TimeoutException, InterruptedException {
        return exchange(head, answer, streamed.wire(), beginning, () -> streamed.run(answer, deadline));
    }

    /** What waits for an answer. */
    private interface Waiting {
        Answer.Received received() throws Answer.ClosedBeforeAnswerException, TimeoutException, InterruptedException;
    }

    private Answer.Received exchange(
            HttpRequest request, Answer answer, @Nullable WireEnd wire, ByteString beginning, Waiting waiting)
            throws Answer.ClosedBeforeAnswerException, TimeoutException, InterruptedException {
        boolean whole = false;
        try {
            channel.eventLoop().execute(() -> pieces.send(channel, request, beginning, answer, wire));
            Answer.Received received = waiting.received();
            whole = received.reusable();
            return received;
        } catch (RejectedExecutionException e) {
            throw new Answer.ClosedBeforeAnswerException(); // the event loop has ended
        } finally {
            if (!whole) {
                var _ = channel.close();
            }
        }
    }

    /** Gives what the server sends to the answer that is waited for. On the event loop only. */
    private static final class Pieces extends ChannelInboundHandlerAdapter {
        private final boolean secure;
        private @Nullable Answer answer;
        private @Nullable WireEnd wire;
        private boolean written;
        private boolean goodbye;

        Pieces(boolean secure) {
            this.secure = secure;
        }

        void send(Channel channel, HttpRequest request, ByteString beginning, Answer next, @Nullable WireEnd through) {
            if (!channel.isActive()) {
                ReferenceCountUtil.release(request);
                next.connectionClosed();
                return;
            }
            answer = next;
            written = false;
            wire = through;
            boolean whole = request instanceof FullHttpRequest;
            var _ = channel.writeAndFlush(request).addListener(sent -> {
                written = whole && sent.isSuccess();
                if (!sent.isSuccess()) {
                    var _ = channel.close(); // the answer then ends with the connection
                }
            });
            if (through != null) {
                through.start(channel, beginning, () -> written = true);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            WireEnd current = wire;
            if (current != null) {
                current.move();
            }
            context.fireChannelWritabilityChanged();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            try {
                Answer current = answer;
                if (current == null || current.ended() || !(message instanceof HttpObject piece)) {
                    var _ = context.close(); // more than was asked for: whatever it is, it is no answer
                    return;
                }
                current.take(piece, written, secure && !goodbye);
                if (current.ended()) {
                    answer = null;
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslCloseCompletionEvent end && end.isSuccess()) {
                goodbye = true;
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            Answer current = answer;
            if (current != null) {
                answer = null;
                current.connectionClosed();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            Answer current = answer;
            if (current != null) {
                answer = null;
                current.broken(cause);
            }
            var _ = context.close();
        }
    }
}
