package dev.trellis.host.node;

import akka.actor.typed.ActorRef;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code cordon}, {@code drain} and {@code uncordon} of this host, on subjects of Trellis' own: the control interface of
 * wasmCloud knows nothing of the kind. Requests have no body; replies are those of the control interface, and come once
 * the host has it on disk and has told the lattice.
 */
final class SchedulingEndpoint implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SchedulingEndpoint.class);

    private final LatticeTransport transport;
    private final Subjects subjects;
    private final HostId host;
    private final ActorRef<StateKeeper.Command> disk;
    private @Nullable Subscription subscription;

    SchedulingEndpoint(LatticeTransport transport, Subjects subjects, HostId host, ActorRef<StateKeeper.Command> disk) {
        this.transport = transport;
        this.subjects = subjects;
        this.host = host;
        this.disk = disk;
    }

    void open() {
        subscription = transport.subscribe(subjects.schedulings(host), this::accept);
    }

    @Override
    public void close() {
        if (subscription != null) {
            subscription.close();
        }
    }

    private void accept(IncomingMessage message) {
        String subject = message.message().subject();
        if (subject.equals(subjects.scheduling("cordon", host))) {
            schedule(message, HostScheduling.CORDONED);
        } else if (subject.equals(subjects.scheduling("drain", host))) {
            schedule(message, HostScheduling.DRAINED);
        } else if (subject.equals(subjects.scheduling("uncordon", host))) {
            schedule(message, HostScheduling.OPEN);
        } else {
            reply(message, ControlReply.refused("a host knows cordon, drain and uncordon, not " + subject));
        }
    }

    private void schedule(IncomingMessage message, HostScheduling scheduling) {
        disk.tell(new StateKeeper.Schedule(scheduling, reply -> reply(message, reply)));
    }

    private static void reply(IncomingMessage message, ControlReply<Void> reply) {
        try {
            message.reply(WireJson.write(reply));
        } catch (TransportException e) {
            log.warn("The reply on {} was not sent: {}", message.message().subject(), e.getMessage());
        }
    }
}
