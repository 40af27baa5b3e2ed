package dev.trellis.host.node;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.LatticeEvent;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the lattice what happens on this host. Never blocks; an event that cannot be sent is only logged. */
final class EventPublisher {
    private static final Logger log = LoggerFactory.getLogger(EventPublisher.class);

    private final LatticeTransport transport;
    private final Subjects subjects;
    private final HostId host;
    private final Clock clock;

    EventPublisher(LatticeTransport transport, Subjects subjects, HostId host, Clock clock) {
        this.transport = transport;
        this.subjects = subjects;
        this.host = host;
        this.clock = clock;
    }

    void publish(String name, Map<String, Object> data) {
        var event = new LatticeEvent(UUID.randomUUID().toString(), clock.instant(), host.value(), name, data);
        try {
            transport.publish(subjects.event(name), WireJson.write(event.toCloudEvent()));
        } catch (TransportException e) {
            log.warn("Event {} was not published: {}", name, e.getMessage());
        }
    }
}
