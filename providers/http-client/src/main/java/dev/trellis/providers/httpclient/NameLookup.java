package dev.trellis.providers.httpclient;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks up host names within a deadline. The system's resolver can neither be interrupted nor be told how long it may
 * take, so it runs on threads of its own; calls that want the same name at the same time share one lookup.
 */
final class NameLookup implements AutoCloseable {
    /** Lookups at the same time; further ones wait. */
    static final int THREADS = 8;

    /** Lookups that wait; one more fails as overloaded. */
    static final int WAITING_MAX = 256;

    /** Asks DNS, once: what it says is what is connected to. */
    @FunctionalInterface
    interface Resolver {
        List<InetAddress> resolve(String host) throws UnknownHostException;
    }

    private final String subject;
    private final Resolver resolver;
    private final ThreadPoolExecutor threads;
    private final ConcurrentHashMap<String, CompletableFuture<List<InetAddress>>> running = new ConcurrentHashMap<>();

    NameLookup(String subject, Resolver resolver) {
        this.subject = subject;
        this.resolver = resolver;
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(WAITING_MAX),
                Thread.ofPlatform().daemon().name("http-client-lookup-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * The addresses of {@code host}; one at least.
     *
     * @throws InvocationException with {@link InvocationFailure.Unavailable} if there are none or the time is over, or
     *     {@link InvocationFailure.Overloaded} if too many lookups wait
     */
    List<InetAddress> addresses(String host, Deadline deadline) throws InterruptedException {
        try {
            List<InetAddress> addresses =
                    lookup(host).get(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
            if (!addresses.isEmpty()) {
                return addresses;
            }
            throw unavailable(Reason.DNS_ERROR, "host name " + host + " has no address");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InvocationException failure) {
                throw failure;
            }
            throw e.getCause() instanceof UnknownHostException
                    ? unavailable(
                            Reason.DNS_ERROR,
                            "host name " + host + " cannot be resolved; is it right, and does DNS answer here?")
                    : unavailable(Reason.DNS_ERROR, "lookup of host name " + host + " failed: " + e.getCause());
        } catch (TimeoutException e) {
            throw unavailable(
                    Reason.DNS_TIMEOUT, "lookup of host name " + host + " took too long; does DNS answer here?");
        }
    }

    private CompletableFuture<List<InetAddress>> lookup(String host) {
        var mine = new CompletableFuture<List<InetAddress>>();
        var other = running.putIfAbsent(host, mine);
        if (other != null) {
            return other;
        }
        try {
            threads.execute(() -> run(host, mine));
        } catch (RejectedExecutionException e) {
            running.remove(host, mine);
            var failure = new InvocationException(
                    new InvocationFailure.Overloaded(subject, "too many host names are being looked up"));
            mine.completeExceptionally(failure);
            throw failure;
        }
        return mine;
    }

    private void run(String host, CompletableFuture<List<InetAddress>> result) {
        try {
            List<InetAddress> found =
                    resolver.resolve(host).stream().map(AddressKind::bare).toList();
            running.remove(host, result);
            result.complete(found);
        } catch (UnknownHostException | RuntimeException e) {
            result.completeExceptionally(e);
        } finally {
            running.remove(host, result);
            result.completeExceptionally(new UnknownHostException(host)); // only after an Error
        }
    }

    private InvocationException unavailable(Reason reason, String message) {
        return new InvocationException(new InvocationFailure.Unavailable(subject, reason.of(message)));
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
