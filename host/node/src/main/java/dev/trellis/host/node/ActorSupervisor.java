package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one actor of this host as it is wanted: loads its image, sets how many of its calls run at once, replaces the
 * image while calls go on, stops it. Remembers only the latest wish; a load that is no longer wanted is thrown away.
 */
final class ActorSupervisor {
    /** Annotation by which a deployment pins the bytes of an image. */
    static final String DIGEST_ANNOTATION = "trellis.dev/digest";

    private static final Logger log = LoggerFactory.getLogger(ActorSupervisor.class);

    sealed interface Command {}

    /** Run {@code wish}, or nothing if its count is 0. */
    record Scale(Wish wish, boolean allowUpdate, Consumer<ControlReply<Void>> reply) implements Command {}

    /** Run {@code wish} as before the host's restart, unless something else has been said about this actor since. */
    record Restore(Wish wish) implements Command {}

    /** Run another image, with everything else as it is. */
    record Update(ImageRef image, Map<String, String> annotations, Consumer<ControlReply<Void>> reply)
            implements Command {}

    private record Loaded(Wish wish, ActorRunner runner) implements Command {}

    private record LoadFailed(Wish wish, Throwable error) implements Command {}

    /** What shall run. */
    record Wish(
            ImageRef image,
            int count,
            Map<String, String> annotations,
            Map<String, String> limits,
            List<String> config) {
        Wish {
            config = List.copyOf(config);
            annotations = Map.copyOf(annotations);
            limits = Map.copyOf(limits);
        }

        Optional<String> digest() {
            return Optional.ofNullable(annotations.get(DIGEST_ANNOTATION));
        }

        /** Whether the same runner serves both. */
        boolean sameCode(Wish other) {
            return image.equals(other.image)
                    && digest().equals(other.digest())
                    && limits.equals(other.limits)
                    && config.isEmpty() == other.config.isEmpty(); // whether it can read any is seen when it is loaded
        }
    }

    /** What an actor needs of its host. */
    record Surroundings(
            String host,
            ActorLoader loader,
            Executor io,
            ActorRef<RouteKeeper.Command> routes,
            ActorRef<InventoryKeeper.Command> inventory,
            EventPublisher events,
            Consumer<ActorFacts> claims,
            ActorConfigs configs,
            Duration drain) {}

    private final ActorContext<Command> context;
    private final EntityId id;
    private final Surroundings host;
    private @Nullable Wish wanted;
    private @Nullable Wish running;
    private @Nullable LocalActor actor;
    private final ActorRef<ActorKeeper.Idle> keeper;
    private long messages; // of the keeper
    private boolean loading;

    private ActorSupervisor(
            ActorContext<Command> context, EntityId id, Surroundings host, ActorRef<ActorKeeper.Idle> keeper) {
        this.context = context;
        this.id = id;
        this.host = host;
        this.keeper = keeper;
    }

    /** A supervisor that tells {@code keeper} whenever it has become idle; whoever sends to it must be the keeper. */
    static Behavior<Command> create(EntityId id, Surroundings host, ActorRef<ActorKeeper.Idle> keeper) {
        return Behaviors.setup(context -> new ActorSupervisor(context, id, host, keeper).behavior());
    }

    private Behavior<Command> behavior() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case Scale scale -> {
                    messages++;
                    onScale(scale);
                }
                case Update update -> {
                    messages++;
                    onUpdate(update);
                }
                case Restore(var wish) -> {
                    messages++;
                    if (wanted == null && running == null) {
                        want(wish);
                    }
                }
                case Loaded(var wish, var runner) -> onLoaded(wish, runner);
                case LoadFailed(var wish, var error) -> onLoadFailed(wish, error);
            }
            if (wanted == null && running == null && !loading) {
                keeper.tell(new ActorKeeper.Idle(id, context.getSelf(), messages));
            }
            return Behaviors.same();
        });
    }

    private void onScale(Scale scale) {
        Wish wish = scale.wish();
        if (wish.count() == 0) {
            scale.reply().accept(ControlReply.accepted("actor stops"));
            stop();
            return;
        }
        if (running != null && !running.sameCode(wish) && !scale.allowUpdate()) {
            scale.reply()
                    .accept(ControlReply.accepted(("scaled, but image %s stays: this request for %s does not allow an "
                                    + "update; send component.update")
                            .formatted(running.image(), wish.image())));
            want(new Wish(
                    running.image(),
                    wish.count(),
                    withPinOf(running, wish.annotations()),
                    running.limits(),
                    wish.config()));
            return;
        }
        scale.reply().accept(ControlReply.accepted(""));
        want(wish);
    }

    private void onUpdate(Update update) {
        if (running == null) {
            update.reply().accept(ControlReply.refused("actor " + id + " does not run on this host"));
            return;
        }
        Wish latest = wanted == null ? running : wanted;
        var annotations = update.annotations().isEmpty() ? withoutPin(latest) : update.annotations();
        var wish = new Wish(update.image(), latest.count(), annotations, latest.limits(), latest.config());
        boolean samePin = wish.digest().isEmpty() || wish.digest().equals(latest.digest());
        if (latest.image().equals(update.image()) && samePin) {
            update.reply().accept(ControlReply.accepted("already updated"));
            return;
        }
        update.reply().accept(ControlReply.accepted(""));
        want(wish);
    }

    /** The annotations of {@code wish} but for the digest, which pins the bytes of its own image and of no other. */
    private static Map<String, String> withoutPin(Wish wish) {
        var annotations = new HashMap<>(wish.annotations());
        annotations.remove(DIGEST_ANNOTATION);
        return annotations;
    }

    private static Map<String, String> withPinOf(Wish running, Map<String, String> annotations) {
        var merged = new HashMap<>(annotations);
        merged.remove(DIGEST_ANNOTATION);
        running.digest().ifPresent(digest -> merged.put(DIGEST_ANNOTATION, digest));
        return merged;
    }

    private void want(Wish wish) {
        wanted = wish;
        if (loading) {
            return; // what comes out of the load is compared with the wish of then
        }
        if (actor != null && running != null && running.sameCode(wish)) {
            settle(wish);
        } else {
            load(wish);
        }
    }

    private void load(Wish wish) {
        loading = true;
        host.configs().give(id, wish.config());
        var loaded = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return host.loader().load(id, wish.image(), wish.digest(), wish.limits(), wish.config());
                    } catch (ImageException | InterruptedException e) {
                        throw new CompletionException(e);
                    }
                },
                host.io());
        context.pipeToSelf(
                loaded, (runner, error) -> error == null ? new Loaded(wish, runner) : new LoadFailed(wish, error));
    }

    private void onLoaded(Wish wish, ActorRunner runner) {
        loading = false;
        Wish now = wanted;
        if (now == null || !now.sameCode(wish)) {
            runner.close();
            if (now != null) {
                want(now);
            }
            return;
        }
        if (actor == null) {
            actor = new LocalActor(id, now.count(), runner);
        } else {
            actor.replace(runner);
        }
        host.claims().accept(runner.facts());
        settle(now);
    }

    /** Everything but the code: count and annotations; and tells it. */
    private void settle(Wish wish) {
        LocalActor local = Objects.requireNonNull(actor);
        boolean changed = !wish.equals(running);
        local.gate().resize(wish.count());
        host.configs().give(id, wish.config());
        running = wish;
        host.inventory().tell(new InventoryKeeper.ActorChanged(describe(wish, local.facts()), wish.config()));
        if (!changed) {
            host.routes().tell(new RouteKeeper.TargetChanged(local));
        } else {
            log.info("Actor {} runs {} with {} instances", id, wish.image(), wish.count());
            var data = eventData(wish, wish.count());
            ActorFacts facts = local.facts();
            if (facts.publicKey() != null) {
                data.put("public_key", facts.publicKey());
                data.put("claims", claims(facts));
            }
            // the event last: who hears it may call
            host.routes().tell(new RouteKeeper.TargetChanged(local, () -> host.events()
                    .publish("component_scaled", data)));
        }
    }

    private void onLoadFailed(Wish wish, Throwable error) {
        loading = false;
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (cause instanceof InterruptedException) {
            return; // the host stops
        }
        String reason;
        if (cause instanceof ImageException) {
            reason = String.valueOf(cause.getMessage());
            log.warn("Actor {} cannot run {}: {}", id, wish.image(), reason);
        } else {
            reason = cause.toString();
            log.error("Loading actor {} from {} ended with a fault of the host", id, wish.image(), cause);
        }
        var data = eventData(wish, wish.count());
        data.put("error", reason);
        host.events().publish("component_scale_failed", data);
        Wish now = wanted;
        if (now != null && !now.sameCode(wish)) {
            want(now);
        } else {
            wanted = running; // what runs goes on; whoever wants the other asks again
        }
    }

    private void stop() {
        wanted = null;
        LocalActor stopping = actor;
        Wish was = running;
        if (stopping == null || was == null) {
            return;
        }
        actor = null;
        running = null;
        host.configs().forget(id);
        host.inventory().tell(new InventoryKeeper.ActorGone(id));
        var data = eventData(was, 0);
        host.routes().tell(new RouteKeeper.TargetGone(id, () -> host.events().publish("component_scaled", data)));
        log.info("Actor {} stops", id);
        host.io().execute(() -> {
            try {
                stopping.drainAndClose(host.drain());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private Map<String, Object> eventData(Wish wish, int count) {
        var data = new HashMap<String, Object>();
        data.put("host_id", host.host());
        data.put("image_ref", wish.image().value());
        data.put("component_id", id.value());
        data.put("max_instances", count);
        data.put("annotations", wish.annotations());
        return data;
    }

    private static Map<String, Object> claims(ActorFacts facts) {
        var claims = new HashMap<String, Object>();
        putIfPresent(claims, "call_alias", facts.callAlias());
        putIfPresent(claims, "issuer", facts.issuer());
        putIfPresent(claims, "name", facts.name());
        putIfPresent(claims, "version", facts.version());
        claims.put("revision", facts.revision());
        return claims;
    }

    private static void putIfPresent(Map<String, Object> map, String key, @Nullable String value) {
        if (value != null) {
            map.put(key, value);
        }
    }

    private ActorDescription describe(Wish wish, ActorFacts facts) {
        return new ActorDescription(
                id.value(),
                wish.image().value(),
                facts.name(),
                wish.annotations(),
                facts.revision(),
                wish.count(),
                wish.limits(),
                facts.digest(),
                facts.callAlias(),
                facts.publicKey());
    }
}
