package dev.trellis.host.node;

import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A transport whose stores cannot be reached until they are back, as on a site whose uplink is cut. */
final class StoresAway implements LatticeTransport {
    private final LatticeTransport transport;
    private volatile boolean back;

    StoresAway(LatticeTransport transport) {
        this.transport = transport;
    }

    void comeBack() {
        back = true;
    }

    @Override
    public KeyValueStore store(String name) throws InterruptedException {
        if (!back) {
            throw new TransportException(new TransportFailure.TimedOut("store " + name, 1));
        }
        return transport.store(name);
    }

    @Override
    public void publish(String subject, Map<String, String> headers, byte[] payload) {
        transport.publish(subject, headers, payload);
    }

    @Override
    public Message request(String subject, Map<String, String> headers, byte[] payload, Duration timeout)
            throws InterruptedException {
        return transport.request(subject, headers, payload, timeout);
    }

    @Override
    public void abandon(Predicate<String> which) {
        transport.abandon(which);
    }

    @Override
    public List<Message> requestMany(String subject, byte[] payload, Duration window, int repliesMax)
            throws InterruptedException {
        return transport.requestMany(subject, payload, window, repliesMax);
    }

    @Override
    public Subscription subscribe(String subject, Consumer<IncomingMessage> handler) {
        return transport.subscribe(subject, handler);
    }

    @Override
    public Subscription subscribe(String subject, String queueGroup, Consumer<IncomingMessage> handler) {
        return transport.subscribe(subject, queueGroup, handler);
    }

    @Override
    public boolean connected() {
        return transport.connected();
    }

    @Override
    public void onConnectionChange(Consumer<Boolean> listener) {
        transport.onConnectionChange(listener);
    }

    @Override
    public String description() {
        return transport.description();
    }

    @Override
    public Optional<Duration> roundTrip() throws InterruptedException {
        return transport.roundTrip();
    }

    @Override
    public void close() {
        transport.close();
    }
}
