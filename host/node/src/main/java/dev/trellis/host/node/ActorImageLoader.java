package dev.trellis.host.node;

import dev.trellis.host.actor.Actor;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.ActorStartException;
import dev.trellis.host.actor.CallObserver;
import dev.trellis.host.component.InvalidComponentException;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.InvalidModuleException;
import dev.trellis.host.engine.ModuleDigest;
import dev.trellis.host.engine.PoolOptions;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.host.wasi.ComponentActor;
import dev.trellis.host.wasi.ComponentNeeds;
import dev.trellis.host.wasmbus.ActorClaims;
import dev.trellis.host.wasmbus.ModuleRefusedException;
import dev.trellis.host.wasmbus.WasmbusActor;
import dev.trellis.host.wasmbus.WasmbusModule;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LinkName;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads actors of either kind, which it finds out from the binary: compiles it, checks what it is, links it to this host's
 * services, and takes the image of its fresh state.
 */
final class ActorImageLoader implements ActorLoader {
    private static final Logger log = LoggerFactory.getLogger(ActorImageLoader.class);

    private static final int PAGE_BYTES = 64 << 10;

    /**
     * How long a component may run for a call where {@code max_execution_time} does not say, as in wasmCloud 1.x: moving a
     * large body takes seconds of running. The link's {@code timeout_ms} ends a call that spins, and that is mostly much sooner.
     */
    private static final GuestLimits COMPONENT_LIMITS = GuestLimits.DEFAULTS.withTimeBudget(Duration.ofMinutes(10));

    private final ImageResolver images;
    private final WasmEngine engine;
    private final Routes routes;
    private final Invoker invoker;
    private final ActorConfigs configs;
    private final Clock clock;

    ActorImageLoader(
            ImageResolver images,
            WasmEngine engine,
            Routes routes,
            Invoker invoker,
            ActorConfigs configs,
            Clock clock) {
        this.configs = configs;
        this.images = images;
        this.engine = engine;
        this.routes = routes;
        this.invoker = invoker;
        this.clock = clock;
    }

    @Override
    public ActorRunner load(
            EntityId id, ImageRef image, Optional<String> digest, Map<String, String> limits, List<String> config)
            throws ImageException, InterruptedException {
        byte[] wasm = images.resolve(image, digest);
        boolean isComponent = ValidComponent.isComponent(wasm);
        if (!config.isEmpty() && !isComponent) {
            throw new ImageException(
                    "image %s: config is for components, which read it by wasi:config; this is a classic actor"
                            .formatted(image));
        }
        GuestLimits guestLimits = guestLimits(image, limits, isComponent ? COMPONENT_LIMITS : GuestLimits.DEFAULTS);
        var services = new LinkedServices(id, routes, invoker, configs);
        try {
            return isComponent ? component(id, wasm, guestLimits, services) : classic(id, wasm, guestLimits, services);
        } catch (InvalidModuleException | InvalidComponentException | ModuleRefusedException | ActorStartException e) {
            throw new ImageException("image %s: %s".formatted(image, e.getMessage()), e);
        }
    }

    private ActorRunner component(EntityId id, byte[] wasm, GuestLimits limits, LinkedServices services)
            throws InterruptedException {
        ValidComponent component = ValidComponent.of(wasm, engine);
        ComponentActor actor = ComponentActor.start(component, engine, id, limits, ActorLimits.DEFAULTS, services);
        tellMissingLinks(id, ComponentNeeds.of(component));
        return new Loaded(actor, ActorFacts.of(ModuleDigest.of(wasm).hex()));
    }

    /** A manifest's links are there before its actors; calls that have none fail. */
    private void tellMissingLinks(EntityId id, ComponentNeeds needs) {
        RouteTable table = routes.now();
        for (ComponentNeeds.Import wanted : needs.imports()) {
            boolean linked =
                    switch (wanted.origin()) {
                        case ComponentNeeds.Origin.Actor(var link) ->
                            table.linkOfInterface(id, link.contract(), LinkName.DEFAULT, link.interfaceName())
                                    .isPresent();
                        case ComponentNeeds.Origin.Provider(var _, var contract) ->
                            table.links().keySet().stream()
                                    .anyMatch(key -> key.source().equals(id)
                                            && key.contract().equals(contract));
                        case ComponentNeeds.Origin.Host _, ComponentNeeds.Origin.Missing _ -> true;
                    };
            if (!linked) {
                log.warn(
                        "Actor {} imports {}, and no link leads there yet: until one does, its calls fail",
                        id,
                        wanted.name());
            }
        }
    }

    private ActorRunner classic(EntityId id, byte[] wasm, GuestLimits limits, LinkedServices services)
            throws InterruptedException {
        CompiledModule compiled = engine.load(wasm);
        WasmbusModule module = WasmbusModule.inspect(compiled, clock.instant());
        WasmbusActor actor =
                WasmbusActor.start(module, id, limits, ActorLimits.DEFAULTS, PoolOptions.State.FRESH, services);
        return new Loaded(actor, facts(compiled, module.claims()));
    }

    /** The limits by the names of the control interface; what it does not name stays as it is. */
    private static GuestLimits guestLimits(ImageRef image, Map<String, String> limits, GuestLimits otherwise)
            throws ImageException {
        GuestLimits result = otherwise;
        for (var limit : limits.entrySet()) {
            try {
                long value = Long.parseLong(limit.getValue().strip());
                result = switch (limit.getKey()) {
                    case "max_memory_limit" ->
                        result.withMemoryPagesMax(Math.toIntExact(Math.ceilDiv(value, (long) PAGE_BYTES)));
                    case "max_execution_time" -> result.withTimeBudget(Duration.ofMillis(value));
                    default ->
                        throw new ImageException(
                                "image %s: limit '%s' is not known; there are max_memory_limit (bytes) and max_execution_time (ms)"
                                        .formatted(image, limit.getKey()));
                };
            } catch (NumberFormatException e) {
                throw new ImageException(
                        "image %s: limit %s must be a whole number, was '%s'"
                                .formatted(image, limit.getKey(), limit.getValue()),
                        e);
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new ImageException("image %s: limit %s: %s".formatted(image, limit.getKey(), e.getMessage()), e);
            }
        }
        return result;
    }

    private static ActorFacts facts(CompiledModule module, Optional<ActorClaims> claims) {
        String digest = module.digest().hex();
        if (claims.isEmpty()) {
            return ActorFacts.of(digest);
        }
        ActorClaims told = claims.get();
        return new ActorFacts(
                digest,
                told.name().isEmpty() ? null : told.name(),
                told.callAlias().orElse(null),
                told.subject(),
                told.issuer(),
                told.version().isEmpty() ? null : told.version(),
                told.revision());
    }

    private record Loaded(Actor actor, ActorFacts facts) implements ActorRunner {
        @Override
        public Payload handle(Invocation invocation, CallObserver observer) throws InterruptedException {
            return actor.handle(invocation, observer);
        }

        @Override
        public void close() {
            actor.close();
        }
    }
}
