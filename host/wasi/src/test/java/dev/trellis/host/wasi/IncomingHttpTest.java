package dev.trellis.host.wasi;

import static dev.trellis.host.wasi.HttpGuest.get;
import static dev.trellis.host.wasi.HttpGuest.header;
import static dev.trellis.host.wasi.HttpGuest.response;
import static dev.trellis.host.wasi.HttpGuest.streamed;
import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

class IncomingHttpTest {
    private static final String HELLO = "actor-sdk/samples/hello-http/hello-http.wasm";

    /** An exchange that nobody may touch. */
    private static HttpExchange untouched() {
        return (HttpExchange) Proxy.newProxyInstance(
                HttpExchange.class.getClassLoader(), new Class<?>[] {HttpExchange.class}, (_, method, _) -> {
                    throw new AssertionError("the exchange was touched: " + method);
                });
    }

    @Test
    void handle_smallResponse_isTheReplyAndTheExchangeIsNotTouched() throws InterruptedException {
        HttpResponse response = response(HttpGuest.of(HELLO).handle(streamed(get("/hello"), untouched())));
        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getBody().toStringUtf8()).isEqualTo("Hello, World!");
        assertThat(response.getHeadersList())
                .containsExactly(header("content-type", "text/plain; charset=utf-8"), header("x-method", "GET"));
    }

    @Test
    void handle_requestInOnePiece_isAnsweredInOnePiece() throws InterruptedException {
        HttpResponse response = HttpGuest.of(HELLO).answer(get("/a%20b?c=d&e"));
        assertThat(response.getBody().toStringUtf8()).isEqualTo("GET /a%20b?c=d&e\n");
    }

    @Test
    void handle_unknownMethod_reachesTheGuest() throws InterruptedException {
        HttpResponse response = HttpGuest.of(HELLO)
                .answer(get("/").toBuilder().setMethod("BREW").build());
        assertThat(response.getHeadersList()).contains(header("x-method", "BREW"));
    }
}
