package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Many connections at once, some of which leave early: nothing may be left behind. */
class HttpServerLoadTest {
    private static final int CONNECTIONS = 256;
    private static final int REQUESTS = 40;

    @Test
    void manyConnections_leaveNothingBehind() throws Exception {
        var calls = new AtomicInteger();
        try (var server = TestServer.start(request -> {
                    calls.incrementAndGet();
                    return response(200, request.getPath());
                });
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var clients = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < CONNECTIONS; i++) {
                int number = i;
                clients.add(() -> run(server, number));
            }
            int answered = 0;
            for (var client : threads.invokeAll(clients)) {
                answered += client.get();
            }
            assertThat(answered).isEqualTo(CONNECTIONS * REQUESTS);
            TestServer.await("nothing in progress", () -> server.listener().inProgress() == 0);
            TestServer.await("no connection left", () -> server.listener().connections() == 0);
            assertThat(server.listener().bodyBytes()).isZero();
            assertThat(server.listener().counters.answers(2)).isGreaterThanOrEqualTo(CONNECTIONS * REQUESTS);
            assertThat(calls.get()).isGreaterThanOrEqualTo(CONNECTIONS * REQUESTS);
        }
    }

    private static int run(TestServer server, int number) throws Exception {
        int answered = 0;
        try (var client = server.client()) {
            for (int i = 0; i < REQUESTS; i++) {
                String path = "/" + number + "/" + i;
                if (i % 2 == 0) {
                    client.get(path);
                } else {
                    client.request("POST", path, "content-length: 5").send("hello");
                }
                answered += client.read().body().equals(path) ? 1 : 0;
            }
            if (number % 3 == 0) {
                client.get("/left"); // and leaves without waiting for the answer
            }
        }
        return answered;
    }
}
