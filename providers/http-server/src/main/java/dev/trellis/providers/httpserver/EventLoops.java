package dev.trellis.providers.httpserver;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What listeners run on: the event loops and the access log. Shared by a provider and the one that replaces it, since a
 * listener goes from one to the other; ends with the last of them. Also their common lock.
 */
final class EventLoops {
    /** Event loops that all listeners share. They only parse and write; actors run elsewhere. */
    static final int COUNT = 2;

    private static final Logger LOG = LoggerFactory.getLogger(EventLoops.class);
    private static final long CLOSE_SECONDS_MAX = 5;

    final AccessLog accessLog = new AccessLog();
    final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setPreferNativeTransport(true)
            .setEventLoopPoolSize(COUNT)
            .setUseDaemonThread(true)
            .setFileSystemOptions(
                    new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    private int users = 1;

    /** One more provider uses them. The caller must know that one does, and holds the lock. */
    void retain() {
        users++;
    }

    /** A provider uses them no more. */
    void release(String provider) {
        synchronized (this) {
            users--;
            if (users > 0) {
                return;
            }
        }
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("http server {} did not stop its event loops cleanly", provider, e);
        }
        accessLog.close();
    }
}
