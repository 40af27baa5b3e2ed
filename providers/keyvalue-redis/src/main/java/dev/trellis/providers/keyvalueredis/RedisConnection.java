package dev.trellis.providers.keyvalueredis;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import io.lettuce.core.RedisBusyException;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisLoadingException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * One keeper thread connects, pings, notices the end and connects again. Calls read `current`: a future that is open
 * while an attempt is under way for the first time or right after a loss (calls wait for it, within their deadline),
 * holds the connection while there is one, and holds the failure once an attempt has failed (calls fail at once).
 */
/**
 * A connection to one Redis that comes back by itself. Commands are sent at most once. Ends when its last user, a link
 * or a call, has released it. Safe for concurrent use.
 */
final class RedisConnection {
    /** Wait between two attempts to connect. */
    static final Duration RETRY_DELAY = Duration.ofMillis(200);

    /** Longest attempt to connect; Lettuce ends most of them sooner. */
    static final Duration ATTEMPT_MAX = RedisConnector.CONNECT_MAX.multipliedBy(3);

    /** Wait between two pings. */
    static final Duration PING_INTERVAL = Duration.ofMillis(900);

    /** Bytes of commands that wait for their reply; at the bound calls fail as {@code Overloaded}. */
    static final int PENDING_BYTES_MAX = 64 << 20;

    /** What a command counts besides key and value. */
    static final int COMMAND_COST_BYTES = 1 << 10;

    /** Depth to which the cause of a failed attempt is followed. */
    private static final int CAUSES_MAX = 16;

    /** Errors of a Redis that is there but cannot serve yet. It has not run the command. */
    private static final Set<String> NOT_READY =
            Set.of("LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS");

    private static final Logger LOG = LoggerFactory.getLogger(RedisConnection.class);

    private final RedisConnector connector;
    private final RedisAddress address;
    private final Semaphore pendingBytes = new Semaphore(PENDING_BYTES_MAX);
    private final AtomicInteger users = new AtomicInteger(1);
    private final Semaphore changed = new Semaphore(0); // the connection was lost, or the last user has gone
    private final Thread keeper;

    private volatile CompletableFuture<StatefulRedisConnection<String, byte[]>> current = new CompletableFuture<>();
    private volatile @Nullable String problem;

    private RedisConnection(RedisConnector connector, RedisAddress address) {
        this.connector = connector;
        this.address = address;
        this.problem = address + " is not connected yet"; // until it is: nobody is to rely on it before
        this.keeper = Thread.ofVirtual().name("redis-keeper " + address).unstarted(this::keep);
    }

    /** A connection that is being made, with one user. */
    static RedisConnection open(RedisConnector connector, RedisAddress address) {
        var connection = new RedisConnection(connector, address);
        connection.keeper.start();
        return connection;
    }

    /**
     * Sends a command and waits for its reply.
     *
     * @param subject whom failures are about
     * @param bytes size of key and value
     * @param idempotent whether running it again does no harm
     * @throws InvocationException {@code Unavailable} if it was not sent, or is idempotent, and the connection is
     *     away or was lost; {@code ConnectionLost} if it was lost with another command on its way;
     *     {@code DeadlineExceeded}, {@code Overloaded}; {@code ProviderFailed} with the error that Redis answered
     */
    <T> T run(String subject, Command<String, byte[], T> command, long bytes, boolean idempotent, Deadline deadline)
            throws InterruptedException {
        var connection = connected(subject, deadline);
        int cost = (int) Math.min(PENDING_BYTES_MAX, COMMAND_COST_BYTES + bytes);
        if (!pendingBytes.tryAcquire(cost)) {
            throw new InvocationException(new InvocationFailure.Overloaded(
                    subject,
                    "more than " + PENDING_BYTES_MAX + " bytes of commands wait for " + address
                            + "; it is slow, or called too often"));
        }
        var reply = new AsyncCommand<>(command);
        // not when the caller leaves: the command occupies the connection until it is answered or the connection ends
        var _ = reply.whenComplete((_, _) -> pendingBytes.release(cost));
        connection.dispatch(reply);
        try {
            return reply.get(Math.max(1, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new InvocationException(new InvocationFailure.DeadlineExceeded(
                    subject, address + " did not answer " + command.getType() + " in time; it may still run it"));
        } catch (ExecutionException e) {
            throw failed(subject, command, idempotent, e.getCause());
        } catch (CancellationException e) {
            throw failed(subject, command, idempotent, e);
        }
    }

    private StatefulRedisConnection<String, byte[]> connected(String subject, Deadline deadline)
            throws InterruptedException {
        try {
            var connection = current.get(Math.max(1, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
            if (connection.isOpen()) {
                return connection;
            }
            throw unavailable(subject, "the connection to " + address + " has just been lost");
        } catch (TimeoutException e) {
            throw unavailable(subject, address + " was not connected by the call's deadline");
        } catch (ExecutionException e) {
            throw unavailable(subject, problemText());
        }
    }

    private InvocationException failed(
            String subject, Command<String, byte[], ?> command, boolean idempotent, @Nullable Throwable cause) {
        if (cause instanceof RedisCommandExecutionException) {
            String message = InvocationFailure.limited(cause.getMessage());
            boolean notReady = cause instanceof RedisLoadingException
                    || cause instanceof RedisBusyException
                    || NOT_READY.contains(message.split(" ", 2)[0]);
            return notReady
                    ? unavailable(subject, address + " is not ready: " + message)
                    : new InvocationException(new InvocationFailure.ProviderFailed(subject, message), cause);
        }
        String message = "the connection to " + address + " was lost while " + command.getType() + " was on its way";
        return idempotent
                ? unavailable(subject, message)
                : new InvocationException(
                        new InvocationFailure.ConnectionLost(subject, message + "; it may have run"), cause);
    }

    private static InvocationException unavailable(String subject, String message) {
        return new InvocationException(new InvocationFailure.Unavailable(subject, message));
    }

    /** What is wrong, for people; {@code null} if all is well or nothing has failed yet. */
    @Nullable
    String problem() {
        return problem;
    }

    private String problemText() {
        String text = problem;
        return text == null ? address + " is not connected" : text;
    }

    /** Adds a user; {@code false} if the last one has gone, so that the connection is over. */
    boolean retain() {
        return users.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
    }

    /** Takes a user away; the connection ends with the last one. */
    void release() {
        if (users.decrementAndGet() == 0) {
            changed.release();
        }
    }

    /** Waits for the end; {@code false} if it has not come within {@code time}. */
    boolean awaitEnd(Duration time) throws InterruptedException {
        return keeper.join(time);
    }

    private boolean over() {
        return users.get() == 0;
    }

    private void keep() {
        try {
            boolean connectedBefore = false;
            String told = ""; // reason that the log has last given for Redis being away
            while (!over()) {
                var attempt = attempt();
                if (attempt.connection() == null) {
                    problem = address + " cannot be reached (" + attempt.reason() + "); trying again every "
                            + RETRY_DELAY.toMillis() + " ms";
                    publish(CompletableFuture.failedFuture(new ConnectException(problem)));
                    if (!told.equals(attempt.reason())) {
                        LOG.warn(
                                "{} Redis at {}: {}. Calls fail until it is back",
                                connectedBefore && told.isEmpty() ? "Lost the connection to" : "Cannot connect to",
                                address,
                                attempt.reason());
                        told = attempt.reason();
                    }
                    var _ = changed.tryAcquire(RETRY_DELAY.toNanos(), TimeUnit.NANOSECONDS);
                    continue;
                }
                var connection = attempt.connection();
                connection.addListener(new RedisConnectionStateListener() {
                    @Override
                    public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                        changed.release();
                    }
                });
                problem = null;
                publish(CompletableFuture.completedFuture(connection));
                LOG.info(
                        "{} Redis at {}",
                        !connectedBefore ? "Connected to" : told.isEmpty() ? "Connected anew to" : "Back again:",
                        address);
                told = "";
                connectedBefore = true;
                watch(connection);
                problem = address + " closed the connection or fell silent; connecting anew";
                current = new CompletableFuture<>();
                var _ = connection.closeAsync();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            problem = "the connection to " + address + " has been closed";
            publish(CompletableFuture.failedFuture(new ConnectException(problem)));
        }
    }

    /** Makes {@code next} the current state, for those too who wait for the attempt that led to it. */
    private void publish(CompletableFuture<StatefulRedisConnection<String, byte[]>> next) {
        var previous = current;
        current = next;
        var _ = next.whenComplete((connection, failure) -> {
            if (failure == null) {
                previous.complete(connection);
            } else {
                previous.completeExceptionally(failure);
            }
        });
    }

    /** How an attempt to connect ended: with a connection, or with a reason. */
    private record Attempt(@Nullable StatefulRedisConnection<String, byte[]> connection, String reason) {}

    private Attempt attempt() throws InterruptedException {
        var attempt = connector.connect(address);
        boolean taken = false;
        try {
            var connection = attempt.get(ATTEMPT_MAX.toNanos(), TimeUnit.NANOSECONDS);
            taken = true;
            return new Attempt(connection, "");
        } catch (ExecutionException | CancellationException e) {
            return new Attempt(null, reason(e));
        } catch (TimeoutException e) {
            return new Attempt(null, "no answer within " + ATTEMPT_MAX.toMillis() + " ms");
        } finally {
            if (!taken) {
                // should it succeed after all, nobody wants it
                var _ = attempt.thenAccept(late -> {
                    var _ = late.closeAsync();
                });
            }
        }
    }

    /** The deepest cause: "Connection refused" says more than "cannot connect", and quotes no URL. */
    private static String reason(Throwable failure) {
        Throwable root = failure;
        for (int depth = 0; depth < CAUSES_MAX && root.getCause() != null; depth++) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null || message.isEmpty()
                ? root.getClass().getSimpleName()
                : InvocationFailure.limited(message);
    }

    /** Pings until the connection has ended or nobody uses it. Unanswered pings stay few: silence ends it. */
    private void watch(StatefulRedisConnection<String, byte[]> connection) throws InterruptedException {
        while (connection.isOpen() && !over()) {
            if (!changed.tryAcquire(PING_INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
                var _ = connection.async().ping();
            }
        }
    }
}
