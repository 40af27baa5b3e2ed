package dev.trellis.host.node;

import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Other hosts over the lattice; each request on a thread of its own. */
record OtherHosts(LatticeTransport transport, Subjects subjects, Executor io) implements PeerWatcher.Reach {
    private static final Duration INVENTORY_MAX = Duration.ofSeconds(2);

    @Override
    public CompletionStage<HostInventory> inventory(HostId host) {
        return on(io, () -> {
            var reply = transport.request(subjects.control("host.get", host), new byte[0], INVENTORY_MAX);
            ControlReply<HostInventory> envelope = WireJson.readReply(reply.payload(), HostInventory.class);
            HostInventory inventory = envelope.response();
            if (inventory == null) {
                throw new IllegalArgumentException("reply carries no inventory: " + envelope.message());
            }
            inventory.components().forEach(actor -> new EntityId(actor.id()));
            inventory.providers().forEach(provider -> new EntityId(provider.id()));
            return inventory;
        });
    }

    @Override
    public CompletionStage<Duration> ping(HostId host, Duration patience) {
        return on(io, () -> {
            long sent = System.nanoTime();
            transport.request(subjects.ping(host), new byte[0], patience);
            return Duration.ofNanos(System.nanoTime() - sent);
        });
    }

    @Override
    public void abandonCalls(HostId host) {
        String ping = subjects.ping(host);
        String prefix = ping.substring(0, ping.indexOf(EntityId.PING.value()));
        String suffix = "." + host;
        transport.abandon(subject -> subject.startsWith(prefix) && subject.endsWith(suffix) && !subject.equals(ping));
    }

    private static <T> CompletionStage<T> on(Executor io, Callable<T> work) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return work.call();
                    } catch (RuntimeException e) {
                        throw e;
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                io);
    }
}
