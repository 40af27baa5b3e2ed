package dev.trellis.host.wasi;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.ComponentPool;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A component that answers HTTP, linked once for all tests. */
final class HttpGuest {
    static final EntityId ACTOR = new EntityId("actor");
    static final Duration PLENTY = Duration.ofSeconds(30);
    static final ActorLimits LIMITS = ActorLimits.DEFAULTS.withPayloadBytesMax(1 << 20);

    private static final GuestLimits GUEST_LIMITS = GuestLimits.DEFAULTS.withTimeBudget(PLENTY);
    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);
    private static final Map<String, HttpGuest> KNOWN = new ConcurrentHashMap<>();

    private final ComponentPool pool;
    private final ComponentExport handler;

    private HttpGuest(ComponentPool pool, ComponentExport handler) {
        this.pool = pool;
        this.handler = handler;
    }

    /** @param file below the project's root */
    static HttpGuest of(String file) throws InterruptedException {
        HttpGuest known = KNOWN.get(file);
        if (known != null) {
            return known;
        }
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(Path.of(System.getProperty("trellis.root"), file));
        } catch (IOException e) {
            throw new UncheckedIOException("guest " + file + " must be there", e);
        }
        LinkedComponent linked =
                LinkedComponent.link(ValidComponent.of(bytes, EngineConfig.DEFAULTS), ENGINE, WasiImports.all());
        HttpGuest guest = new HttpGuest(
                linked.pool(GUEST_LIMITS, null),
                linked.export(IncomingHttp.HANDLE).orElseThrow());
        KNOWN.put(file, guest);
        return guest;
    }

    Payload handle(Payload request) throws InterruptedException {
        return handle(request, new NoServices());
    }

    Payload handle(Payload request, GuestServices services) throws InterruptedException {
        return handle(request, services, LIMITS);
    }

    Payload handle(Payload request, GuestServices services, ActorLimits limits) throws InterruptedException {
        return handle(request, services, limits, PLENTY);
    }

    /** As a component's pool of the host does it. */
    Payload handle(Payload request, GuestServices services, ActorLimits limits, Duration budget)
            throws InterruptedException {
        return handle(request, services, limits, budget, Deadline.in(budget));
    }

    /** The guest may run for {@code budget}, the call take until {@code deadline}. */
    Payload handle(Payload request, GuestServices services, ActorLimits limits, Duration budget, Deadline deadline)
            throws InterruptedException {
        var invocation = Invocation.first(
                new EntityId("server"),
                ACTOR,
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                request,
                deadline,
                TraceContext.root());
        WasiCall call = new WasiCall(ACTOR, limits, services, invocation, deadline);
        try (ComponentInstance instance = pool.borrow(call, budget)) {
            call.runsIn(instance);
            return IncomingHttp.handle(instance, handler, call, request);
        } finally {
            call.end();
        }
    }

    /** The whole response to a request that comes in one piece. */
    HttpResponse answer(HttpRequest request) throws InterruptedException {
        return response(handle(new Payload.Typed(request)));
    }

    static HttpResponse response(Payload reply) {
        return (HttpResponse) ((Payload.Typed) reply).message();
    }

    static HttpRequest get(String pathWithQuery) {
        int question = pathWithQuery.indexOf('?');
        return HttpRequest.newBuilder()
                .setMethod("GET")
                .setPath(question < 0 ? pathWithQuery : pathWithQuery.substring(0, question))
                .setQuery(question < 0 ? "" : pathWithQuery.substring(question + 1))
                .addHeaders(header("host", "example.org:8080"))
                .build();
    }

    static Payload streamed(HttpRequest request, HttpExchange exchange) {
        return new Payload.Streamed(request, exchange);
    }

    static Header header(String name, String value) {
        return Header.newBuilder().setName(name).setValue(value).build();
    }
}
