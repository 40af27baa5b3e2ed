package dev.trellis.benchmarks;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.transport.InProcessLattice;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetrySettings;
import dev.trellis.observability.telemetry.TelemetrySource;
import dev.trellis.observability.traces.LatticeSpans;
import dev.trellis.observability.traces.TraceKeeper;
import dev.trellis.providers.httpserver.HttpServerFactory;
import dev.trellis.providers.sdk.ProviderContext;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.Requests;
import dev.trellis.providers.sdk.Settings;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One of the servers that are compared. Serves {@code /hello} on a port until its standard input ends. */
final class HttpServerProcess {
    /** Slots of the actor: as many as there are connections at most, so that no call waits for one. */
    private static final int INSTANCES = 256;

    private static final int EVENT_LOOPS = 2;
    private static final EntityId PROVIDER = new EntityId("bench-http");
    private static final EntityId ACTOR = new EntityId("bench-echo");
    private static final String BODY = "Hello, World!";

    private HttpServerProcess() {}

    /** Arguments: actor, traced, plain or bare; port; folder; image of the actor; of traced also the URL of a collector. */
    public static void main(String... arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        switch (arguments[0]) {
            case "actor" -> actor(port, Path.of(arguments[2]), Path.of(arguments[3]), Optional.empty());
            case "traced" -> {
                Map<String, String> environment =
                        arguments.length > 4 ? Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", arguments[4]) : Map.of();
                actor(port, Path.of(arguments[2]), Path.of(arguments[3]), Optional.of(environment));
            }
            case "plain" -> plain(port);
            case "bare" -> bare(port);
            default -> throw new IllegalArgumentException("actor, traced, plain or bare, not " + arguments[0]);
        }
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // until it ends
        }
        System.exit(0);
    }

    /** A host as users run it, told what to do over the control interface. */
    private static void actor(int port, Path directory, Path image, Optional<Map<String, String>> tracing)
            throws Exception {
        var lattice = new InProcessLattice();
        var transport = lattice.join();
        Telemetry telemetry = Telemetry.off();
        if (tracing.isPresent()) {
            var subjects = Subjects.of(LatticeName.DEFAULT);
            var id = new HostId("NHTTP");
            TraceKeeper.start(lattice.join(), subjects);
            telemetry = Telemetry.start(
                    TelemetrySettings.of(tracing.get()),
                    new TelemetrySource(LatticeName.DEFAULT, id, "bench", "bench", "benchmark"),
                    List.of(LatticeSpans.destination(transport, subjects, id)));
        }
        String name = "http-" + ProcessHandle.current().pid();
        var host = BenchHost.start("NHTTP", directory.resolve(name), transport, telemetry);
        host.scale(ACTOR, image, INSTANCES);
        host.control("config.put.bench-http", Map.of("address", "127.0.0.1:" + port));
        host.control(
                "provider.start.NHTTP",
                Map.of("provider_ref", ProviderKind.HTTP_SERVER.image().value(), "provider_id", PROVIDER.value()));
        host.control("link.put", ControlRequests.LinkMessage.of(link(List.of("bench-http"))));
        BenchHost.await("the listener", () -> Http.status("http://127.0.0.1:" + port + "/hello") == 200);
    }

    /** The same server over a handler in Java. */
    private static void plain(int port) throws Exception {
        var transport = new InProcessLattice().join();
        var context = new ProviderContext(
                PROVIDER,
                LatticeName.DEFAULT,
                Settings.NONE,
                HttpServerProcess::handle,
                transport,
                Path.of("not-used"));
        var provider = new HttpServerFactory().start(context);
        provider.linkPut(
                new ProviderLink(link(List.of()), PROVIDER, Settings.of(Map.of("address", "127.0.0.1:" + port)), 1));
    }

    private static Link link(List<String> config) {
        return new Link(
                PROVIDER, ACTOR, LinkName.DEFAULT, ProviderKind.HTTP_SERVER.contract(), List.of(), config, List.of());
    }

    /** What the echo sample does. */
    private static Payload handle(Invocation invocation) {
        HttpRequest request = Requests.read(invocation, HttpRequest.class);
        String body = request.getPath().equals("/hello")
                ? BODY
                : request.getMethod() + " " + request.getPath() + "\n"
                        + request.getBody().toStringUtf8();
        return new Payload.Typed(HttpResponse.newBuilder()
                .setStatus(200)
                .addHeaders(Header.newBuilder().setName("content-type").setValue("text/plain"))
                .addHeaders(Header.newBuilder().setName("x-method").setValue(request.getMethod()))
                .setBody(ByteString.copyFromUtf8(body))
                .build());
    }

    /** The same answer by Vert.x alone, on its event loop. */
    private static void bare(int port) {
        var vertx =
                Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(EVENT_LOOPS));
        vertx.deployVerticle(() -> new Bare(port), new DeploymentOptions().setInstances(EVENT_LOOPS))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    private static final class Bare extends VerticleBase {
        private final int port;

        Bare(int port) {
            this.port = port;
        }

        @Override
        public Future<?> start() {
            return vertx.createHttpServer(new HttpServerOptions().setStrictThreadMode(true))
                    .requestHandler(request -> request.response()
                            .putHeader("content-type", "text/plain")
                            .putHeader("x-method", request.method().name())
                            .end(Buffer.buffer(BODY)))
                    .listen(port, "127.0.0.1");
        }
    }
}
