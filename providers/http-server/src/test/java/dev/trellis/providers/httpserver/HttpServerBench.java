package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;

import dev.trellis.lattice.contracts.Payload;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import java.time.Duration;
import java.util.Map;

/**
 * A server to measure with an outside load generator: {@code provider PORT} runs the provider over an actor that
 * answers 13 bytes at once, {@code bare PORT} runs Vert.x that hands each request to a virtual thread and no more.
 */
final class HttpServerBench {
    private HttpServerBench() {}

    public static void main(String... args) throws Exception {
        int port = Integer.parseInt(args[1]);
        if (args[0].equals("provider")) {
            var reply = new Payload.Typed(response(200, "hello, world!", "content-type", "text/plain"));
            var provider = TestServer.provider(_ -> reply, Map.of(), Timeouts.DEFAULTS);
            provider.linkPut(TestServer.link("hello", "default", 1, Map.of("address", "127.0.0.1:" + port)));
        } else {
            var vertx = Vertx.vertx(
                    new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
            var deployed = vertx.deployVerticle(() -> new Bare(port), new DeploymentOptions().setInstances(2));
            deployed.toCompletionStage().toCompletableFuture().join();
        }
        System.out.println("ready");
        Thread.sleep(Duration.ofMinutes(10));
    }

    private static final class Bare extends VerticleBase {
        private final int port;

        Bare(int port) {
            this.port = port;
        }

        @Override
        public Future<?> start() {
            return vertx.createHttpServer(new HttpServerOptions().setStrictThreadMode(true))
                    .requestHandler(request -> Thread.startVirtualThread(() -> context.runOnContext(_ -> {
                        var response = request.response().putHeader("content-type", "text/plain");
                        response.end(Buffer.buffer("hello, world!"));
                    })))
                    .listen(port, "127.0.0.1");
        }
    }
}
