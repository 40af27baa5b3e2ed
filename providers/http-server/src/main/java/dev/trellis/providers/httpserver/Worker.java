package dev.trellis.providers.httpserver;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The share of one event loop in a listener: its connections, and the sweep that holds them to their time limits.
 * Everything runs on that event loop. One sweep over all connections replaces a timer per request.
 */
final class Worker extends VerticleBase {
    /** Longest request line; 414 beyond it. */
    static final int REQUEST_LINE_MAX = 8 << 10;

    /** Longest request head after the request line; 431 beyond it. */
    static final int HEAD_MAX = 16 << 10;

    /** How often time limits are looked at; a limit is kept to within this time. */
    static final Duration SWEEP = Duration.ofMillis(50);

    private static final int CHUNK_MAX = 16 << 10;
    private static final int BACKLOG = 1024;
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final Listener listener;
    private final SocketAddress where;
    private final Set<ClientConnection> connections = new HashSet<>();
    private @Nullable HttpServer server;
    private long dateSecond;
    private String date = "";

    Worker(Listener listener, SocketAddress where) {
        this.listener = listener;
        this.where = where;
    }

    @Override
    public Future<?> start() {
        var created = vertx.createHttpServer(new HttpServerOptions()
                        .setStrictThreadMode(true)
                        .setAcceptBacklog(BACKLOG)
                        .setMaxInitialLineLength(REQUEST_LINE_MAX)
                        .setMaxHeaderSize(HEAD_MAX)
                        .setMaxChunkSize(CHUNK_MAX)
                        .setHandle100ContinueAutomatically(false)
                        .setHttp2ClearTextEnabled(false))
                .connectionHandler(this::onConnection)
                .requestHandler(this::onRequest)
                .invalidRequestHandler(this::onInvalidRequest)
                .exceptionHandler(this::onError);
        tick();
        vertx.setPeriodic(SWEEP.toMillis(), _ -> sweep());
        server = created;
        return created.listen(where).onSuccess(_ -> listener.add(this));
    }

    int port() {
        return Objects.requireNonNull(server, "started").actualPort();
    }

    /** Stops accepting; ends when every connection has, which it makes them do after {@code grace}. */
    Future<Void> shutdown(Duration grace) {
        return server == null ? Future.succeededFuture() : server.shutdown(grace);
    }

    Listener listener() {
        return listener;
    }

    /** The time now as a {@code date} header (RFC 9110 section 5.6.7), to the second. */
    String date() {
        return date;
    }

    void forget(ClientConnection connection) {
        connections.remove(connection);
    }

    private void onConnection(HttpConnection http) {
        if (!listener.connect()) {
            listener.counters.connectionsRefused.increment();
            http.close();
            return;
        }
        listener.counters.connections.increment();
        var connection = new ClientConnection(this, http);
        connections.add(connection);
        connection.watch();
    }

    private void onRequest(HttpServerRequest request) {
        var connection = ClientConnection.of(request);
        if (connection != null && !connection.closing()) {
            new Exchange(this, connection, request).begin();
        }
    }

    private void onInvalidRequest(HttpServerRequest request) {
        var connection = ClientConnection.of(request);
        if (connection != null && !connection.closing()) {
            new Exchange(this, connection, request).refuseMalformed();
        }
    }

    private void onError(Throwable failure) {
        if (Listener.peersFault(failure)) {
            // Not its message: that repeats what the peer sent
            LOG.debug("a connection to {} failed: {}", where, failure.getClass().getSimpleName());
        } else {
            LOG.warn("http server {} failed to handle a connection to {}", listener.provider, where, failure);
        }
    }

    private void sweep() {
        tick();
        long now = System.nanoTime();
        List<ClientConnection> overdue = null;
        for (ClientConnection connection : connections) {
            if (connection.overdue(now)) {
                if (overdue == null) {
                    overdue = new ArrayList<>();
                }
                overdue.add(connection);
            }
        }
        if (overdue != null) {
            for (ClientConnection connection : overdue) {
                connection.expire(now);
            }
        }
    }

    private void tick() {
        long second = System.currentTimeMillis() / 1000;
        if (second != dateSecond) {
            dateSecond = second;
            date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                    ZonedDateTime.ofInstant(Instant.ofEpochSecond(second), ZoneOffset.UTC));
            // RFC_1123 lets a day have one digit; HTTP wants two
            if (date.charAt(6) == ' ') {
                date = date.substring(0, 5) + "0" + date.substring(5);
            }
        }
    }
}
