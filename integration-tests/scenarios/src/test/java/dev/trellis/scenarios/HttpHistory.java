package dev.trellis.scenarios;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An open-loop HTTP client: sends so many requests a second whatever the answers, on virtual threads, and keeps what
 * became of each. Bounded by its duration; {@link #close()} ends it early and waits for the requests under way.
 */
final class HttpHistory implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /**
     * One request: when it was sent and answered (nanoseconds of the test's clock), and with what; status 0 and the
     * error's text if there was no HTTP answer.
     */
    record Call(long sentNanos, long doneNanos, int status, String text) {
        boolean ok() {
            return status == 200;
        }

        Duration took() {
            return Duration.ofNanos(doneNanos - sentNanos);
        }
    }

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final List<Call> calls = Collections.synchronizedList(new ArrayList<>());
    private final URI uri;
    private final Thread sender;
    private volatile boolean stop;

    private HttpHistory(URI uri, int perSecond, Duration time) {
        this.uri = uri;
        this.sender = Thread.ofPlatform().name("http-history").start(() -> run(perSecond, time));
    }

    static HttpHistory start(URI uri, int perSecond, Duration time) {
        return new HttpHistory(uri, perSecond, time);
    }

    private void run(int perSecond, Duration time) {
        long start = System.nanoTime();
        long step = TimeUnit.SECONDS.toNanos(1) / perSecond;
        var threads = new ArrayList<Thread>();
        for (long i = 0; i * step < time.toNanos() && !stop; i++) {
            long due = start + i * step;
            while (due - System.nanoTime() > 0) {
                java.util.concurrent.locks.LockSupport.parkNanos(due - System.nanoTime());
            }
            threads.add(Thread.startVirtualThread(this::send));
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void send() {
        long sent = System.nanoTime();
        int status = 0;
        String text;
        try {
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(uri).timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
            status = response.statusCode();
            text = response.body();
        } catch (IOException e) {
            text = e.toString();
        } catch (InterruptedException e) {
            text = "interrupted";
        }
        calls.add(new Call(sent, System.nanoTime(), status, text));
    }

    /** What has been answered so far, in order of sending. */
    List<Call> calls() {
        synchronized (calls) {
            return calls.stream()
                    .sorted(java.util.Comparator.comparingLong(Call::sentNanos))
                    .toList();
        }
    }

    /** Waits for the last answer. */
    List<Call> finish() throws InterruptedException {
        sender.join();
        return calls();
    }

    /** Sends no more, and waits for the answers under way. */
    List<Call> end() throws InterruptedException {
        stop = true;
        return finish();
    }

    @Override
    public void close() {
        stop = true;
        try {
            sender.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        client.close();
    }
}
