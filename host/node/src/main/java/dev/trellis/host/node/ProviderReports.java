package dev.trellis.host.node;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderStartException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What others are told of one provider: events of the lattice, lines of the log, its route and its inventory entry. */
final class ProviderReports {
    private static final Logger log = LoggerFactory.getLogger(ProviderSupervisor.class);

    private final EntityId id;
    private final ProviderSupervisor.Surroundings host;

    ProviderReports(EntityId id, ProviderSupervisor.Surroundings host) {
        this.id = id;
        this.host = host;
    }

    void started(ProviderGeneration one) {
        log.info("Provider {} runs: {} ({})", id, one.kind.image(), one.request.image());
        // the event last: who hears it may ask for the inventory, or call
        tellInventory(one);
        tellRoutes(one, () -> host.events().publish("provider_started", data(one.request)));
    }

    void startFailed(ProviderSupervisor.Start request, String reason, boolean anotherRuns) {
        log.warn(
                "Provider {} ({}) cannot start: {}{}",
                id,
                request.image(),
                reason,
                anotherRuns ? "; the one that runs stays" : "");
        host.events()
                .publish(
                        "provider_start_failed",
                        Map.of(
                                "provider_ref", request.image().value(),
                                "provider_id", id.value(),
                                "host_id", host.host(),
                                "error", reason,
                                "link_name", "default"));
    }

    /** Route and inventory entry as they stand now. */
    void stands(ProviderGeneration now) {
        if (!now.withdrawn) {
            tellRoutes(now, () -> {});
        }
        tellInventory(now);
    }

    private void tellRoutes(ProviderGeneration now, Runnable then) {
        var target = new LocalProvider(id, now.provider, now.links.served());
        host.routes().tell(new RouteKeeper.TargetChanged(target, then));
    }

    private void tellInventory(ProviderGeneration now) {
        host.inventory()
                .tell(now.told(new ProviderDescription(
                        id.value(),
                        now.request.image().value(),
                        null,
                        0,
                        now.request.annotations(),
                        now.kind.image().value(),
                        now.health.healthy(),
                        now.links.statuses())));
    }

    void health(String event) {
        host.events().publish(event, Map.of("host_id", host.host(), "provider_id", id.value()));
    }

    void stopped(ProviderGeneration one) {
        log.info("Provider {} has stopped", id);
        var data = data(one.request);
        data.put("reason", "stop");
        // Members that wasmCloud 1.9 still sends for clients of 0.x.
        data.put("instance_id", id.value());
        data.put("public_key", id.value());
        data.put("link_name", "default");
        host.events().publish("provider_stopped", data);
    }

    void replaced(ProviderGeneration one) {
        long cut = one.inFlight();
        log.info("Provider {} ({}) has been replaced; {} of its calls had not ended", id, one.request.image(), cut);
        drained(one, one.endedSinceFlip(), cut, Optional.empty());
    }

    /** Calls that ended, and those that did not, over {@code link} that has moved, or over all links of one replaced. */
    void drained(ProviderGeneration one, long drained, long cut, Optional<LinkKey> link) {
        var data = data(one.request);
        data.put("drained", drained);
        data.put("cut", cut);
        link.ifPresent(key -> {
            log.info("Provider {} no longer serves link {}; {} of its calls had not ended", id, key, cut);
            data.put("source_id", key.source().value());
            data.put("name", key.name().value());
            data.put("contract", key.contract().value());
        });
        host.events().publish("provider_drained", data);
    }

    private Map<String, Object> data(ProviderSupervisor.Start request) {
        var data = new HashMap<String, Object>();
        data.put("host_id", host.host());
        data.put("image_ref", request.image().value());
        data.put("provider_id", id.value());
        data.put("annotations", request.annotations());
        return data;
    }

    /** What may be told of why something failed. */
    static String reason(Throwable error) {
        if (error instanceof ProviderStartException
                || error instanceof LinkRejectedException
                || error instanceof BoundedWork.OverdueException) {
            return String.valueOf(error.getMessage());
        }
        // Not the message of a fault: it may quote config, and config may be secret.
        var trace = error.getStackTrace();
        return "fault of the provider: " + error.getClass().getSimpleName()
                + (trace.length == 0 ? "" : " at " + trace[0]);
    }
}
