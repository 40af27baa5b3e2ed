package dev.trellis.host.wasmbus;

import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.PoolOptions;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** The guests of actor-sdk, compiled once for all tests. */
final class Guests {
    static final EntityId ACTOR = new EntityId("actor");
    static final EntityId CALLER = new EntityId("caller");
    static final Instant NOW = Instant.parse("2026-11-20T10:00:00Z");
    static final Duration PLENTY = Duration.ofSeconds(30);
    static final GuestLimits LIMITS = GuestLimits.DEFAULTS.withTimeBudget(PLENTY);

    private static final WasmEngine ENGINE = new WasmEngine(EngineConfig.DEFAULTS);

    private Guests() {}

    /** @param path below actor-sdk, without its end */
    static CompiledModule load(String path) throws InterruptedException {
        return compile(bytes(path));
    }

    static CompiledModule compile(byte[] wasm) throws InterruptedException {
        return ENGINE.load(wasm);
    }

    static byte[] bytes(String path) {
        Path file = Path.of(System.getProperty("trellis.root"), "actor-sdk", path + ".wasm");
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException("guest " + file + " must be there", e);
        }
    }

    static WasmbusActor start(String path, GuestServices services) throws InterruptedException {
        return start(path, LIMITS, ActorLimits.DEFAULTS, services);
    }

    static WasmbusActor start(String path, GuestLimits guestLimits, ActorLimits limits, GuestServices services)
            throws InterruptedException {
        return WasmbusActor.start(
                WasmbusModule.inspect(load(path), NOW), ACTOR, guestLimits, limits, PoolOptions.State.FRESH, services);
    }

    static Invocation opaque(String operation, byte[] payload) {
        return Invocation.first(
                CALLER,
                ACTOR,
                LinkName.DEFAULT,
                Contracts.ACTOR,
                operation,
                new Payload.Opaque(com.google.protobuf.ByteString.copyFrom(payload)),
                Deadline.in(PLENTY),
                TraceContext.root());
    }

    static Invocation http(HttpRequest request) {
        return http(request, PLENTY);
    }

    static Invocation http(HttpRequest request, Duration time) {
        return Invocation.first(
                CALLER,
                ACTOR,
                LinkName.DEFAULT,
                Contracts.HTTP_SERVER.id(),
                "HandleRequest",
                new Payload.Typed(request),
                Deadline.in(time),
                TraceContext.root());
    }

    static HttpRequest get(String path) {
        return HttpRequest.newBuilder().setMethod("GET").setPath(path).build();
    }
}
