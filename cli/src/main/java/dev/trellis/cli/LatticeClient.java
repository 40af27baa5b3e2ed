package dev.trellis.cli;

import dev.trellis.lattice.contracts.CallCodec;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ControlReply;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostSummary;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import dev.trellis.observability.traces.Trace;
import dev.trellis.observability.traces.TraceKeeper;
import dev.trellis.observability.traces.TraceQuery;
import dev.trellis.observability.traces.TraceSummary;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a tool asks of a lattice: hosts over the control interface, the controller over the wadm API. */
final class LatticeClient implements AutoCloseable {
    /** How long hosts get to answer a ping, over four round trips to the server. */
    private static final Duration PING_WINDOW = Duration.ofMillis(300);

    /** Hosts listed at most. */
    private static final int HOSTS_MAX = 10_000;

    private static final byte[] EMPTY = new byte[0];

    private final LatticeTransport transport;
    private final LatticeName lattice;
    private final Subjects subjects;
    private final Duration timeout;

    /** A client that owns {@code transport} and closes it. */
    LatticeClient(LatticeTransport transport, LatticeName lattice, Duration timeout) {
        this.transport = transport;
        this.lattice = lattice;
        this.subjects = Subjects.of(lattice);
        this.timeout = timeout;
    }

    LatticeTransport transport() {
        return transport;
    }

    LatticeName lattice() {
        return lattice;
    }

    Subjects subjects() {
        return subjects;
    }

    Duration timeout() {
        return timeout;
    }

    /** Every host that answers, by name. */
    List<HostSummary> hosts() throws CliException, InterruptedException {
        try {
            Duration window =
                    PING_WINDOW.plus(transport.roundTrip().orElse(Duration.ZERO).multipliedBy(4));
            List<HostSummary> hosts = new ArrayList<>();
            for (Message reply : transport.requestMany(subjects.control("host.ping"), EMPTY, window, HOSTS_MAX)) {
                HostSummary host =
                        WireJson.readReply(reply.payload(), HostSummary.class).response();
                if (host != null) {
                    hosts.add(host);
                }
            }
            hosts.sort(Comparator.comparing(HostSummary::friendlyName).thenComparing(HostSummary::id));
            return hosts;
        } catch (TransportException | IllegalArgumentException e) {
            throw broken("the hosts of lattice " + lattice + " cannot be listed", e);
        }
    }

    /** What every host that answers runs, by name of the host. */
    List<HostInventory> inventories() throws CliException, InterruptedException {
        List<HostInventory> inventories = new ArrayList<>();
        for (HostSummary host : hosts()) {
            inventories.add(inventory(host));
        }
        return inventories;
    }

    /** What one host runs. */
    HostInventory inventory(HostSummary host) throws CliException, InterruptedException {
        ControlReply<HostInventory> reply = control(
                "host.get", new HostId(host.id()), EMPTY, HostInventory.class, "ask host " + host.friendlyName());
        HostInventory inventory = reply.response();
        if (inventory == null) {
            throw new CliException(
                            ExitCode.FAILED,
                            "host " + host.friendlyName() + " did not say what it runs",
                            "trellis host list")
                    .because(reply.message());
        }
        return inventory;
    }

    /** The host that {@code nameOrId} means: its id, a unique beginning of it, or its name. */
    HostSummary host(String nameOrId) throws CliException, InterruptedException {
        List<HostSummary> hosts = hosts();
        List<HostSummary> matches = hosts.stream()
                .filter(host ->
                        host.id().equals(nameOrId) || host.friendlyName().equals(nameOrId))
                .toList();
        if (matches.isEmpty()) {
            matches = hosts.stream()
                    .filter(host -> host.id().startsWith(nameOrId))
                    .toList();
        }
        if (matches.isEmpty()) {
            throw new CliException(
                            ExitCode.NOT_FOUND,
                            "no host '" + nameOrId + "' answers in lattice " + lattice,
                            "trellis host list")
                    .because(hosts.isEmpty() ? "no host answers at all" : hosts.size() + " other hosts answer");
        }
        if (matches.size() > 1) {
            throw new CliException(
                            ExitCode.CONFLICT,
                            "'" + nameOrId + "' means " + matches.size() + " hosts",
                            "give the id of one of them: trellis host list")
                    .because(String.join(
                            ", ", matches.stream().map(HostSummary::id).toList()));
        }
        return matches.getFirst();
    }

    /** Every link of the lattice. */
    List<LinkMessage> links() throws CliException, InterruptedException {
        try {
            Message reply = transport.request(subjects.control("link.get"), EMPTY, timeout);
            ControlReply<LinkMessage[]> envelope = WireJson.readReply(reply.payload(), LinkMessage[].class);
            LinkMessage[] links = envelope.response();
            return links == null ? List.of() : List.of(links);
        } catch (TransportException e) {
            if (e.failure() instanceof TransportFailure.NoResponders) {
                throw noHost();
            }
            throw broken("the links of lattice " + lattice + " cannot be listed", e);
        } catch (IllegalArgumentException e) {
            throw broken("the links of lattice " + lattice + " cannot be listed", e);
        }
    }

    /** Sends a command to one host and returns its reply, whether it agreed or not. */
    <T> ControlReply<T> control(String operation, HostId host, byte[] request, Class<T> type, String doing)
            throws CliException, InterruptedException {
        return command(subjects.control(operation, host), request, type, doing);
    }

    /** Tells a host what work it may be given, and returns its reply. */
    ControlReply<Object> schedule(String operation, HostId host, String doing)
            throws CliException, InterruptedException {
        return command(subjects.scheduling(operation, host), EMPTY, Object.class, doing);
    }

    private <T> ControlReply<T> command(String subject, byte[] request, Class<T> type, String doing)
            throws CliException, InterruptedException {
        try {
            Message reply = transport.request(subject, request, timeout);
            return WireJson.readReply(reply.payload(), type);
        } catch (TransportException e) {
            if (e.failure() instanceof TransportFailure.NoResponders) {
                throw new CliException(
                        ExitCode.NOT_FOUND, "cannot " + doing + ": it does not answer any more", "trellis host list");
            }
            throw broken("cannot " + doing, e);
        } catch (IllegalArgumentException e) {
            throw broken("cannot " + doing, e);
        }
    }

    /** Calls an operation of an actor on {@code host}. */
    Payload call(Invocation invocation, HostId host) throws CliException, InterruptedException {
        try {
            Message reply = transport.request(
                    subjects.call(invocation.target(), host),
                    CallCodec.encode(invocation),
                    invocation.deadline().remaining().plus(Duration.ofMillis(250)));
            return CallCodec.decodeReply(invocation, reply.payload());
        } catch (TransportException e) {
            throw broken("calling " + invocation.target() + " failed", e);
        } catch (InvocationException e) {
            throw new CliException(
                            e.failure() instanceof dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded
                                    ? ExitCode.TIMEOUT
                                    : ExitCode.FAILED,
                            "%s of actor %s failed".formatted(invocation.operation(), invocation.target()),
                            "trellis actor list shows where it runs; a longer --timeout gives it more time")
                    .because(e.failure().describe());
        }
    }

    /** Puts a manifest: YAML or JSON. */
    WadmReplies.Put putApplication(byte[] manifest) throws CliException, InterruptedException {
        return applications(
                subjects.application("put"),
                Map.of("Content-Type", "application/yaml"),
                manifest,
                WadmReplies.Put.class);
    }

    /** Every application. */
    WadmReplies.Listing listApplications() throws CliException, InterruptedException {
        return applications(subjects.application("get"), Map.of(), EMPTY, WadmReplies.Listing.class);
    }

    /** The manifest of an application, its newest version or the given one. */
    WadmReplies.Model getApplication(String name, String version) throws CliException, InterruptedException {
        return applications(subjects.application("get", name), Map.of(), version(version), WadmReplies.Model.class);
    }

    /** Starts a version of an application, or its newest. */
    WadmReplies.Acknowledgement deployApplication(String name, String version)
            throws CliException, InterruptedException {
        return applications(
                subjects.application("deploy", name), Map.of(), version(version), WadmReplies.Acknowledgement.class);
    }

    /** Stops an application. */
    WadmReplies.Acknowledgement undeployApplication(String name) throws CliException, InterruptedException {
        return applications(subjects.application("undeploy", name), Map.of(), EMPTY, WadmReplies.Acknowledgement.class);
    }

    /** Deletes a version of an application, or all of it. */
    WadmReplies.Deletion deleteApplication(String name, String version) throws CliException, InterruptedException {
        return applications(subjects.application("del", name), Map.of(), version(version), WadmReplies.Deletion.class);
    }

    /** How far an application is. */
    WadmReplies.StatusReply applicationStatus(String name) throws CliException, InterruptedException {
        return applications(subjects.application("status", name), Map.of(), EMPTY, WadmReplies.StatusReply.class);
    }

    /** The recent traces that {@code query} asks for, newest first. */
    List<TraceSummary> traces(TraceQuery query) throws CliException, InterruptedException {
        return applications(subjects.trace("list"), Map.of(), WireJson.write(query), TraceKeeper.Listing.class)
                .traces();
    }

    /** The trace whose id is or begins with {@code id}; the newest if that is empty. */
    Optional<Trace> trace(String id) throws CliException, InterruptedException {
        byte[] request = id.getBytes(StandardCharsets.UTF_8);
        return Optional.ofNullable(applications(subjects.trace("get"), Map.of(), request, TraceKeeper.Found.class)
                .trace());
    }

    private static byte[] version(String version) {
        return version.isEmpty() ? EMPTY : WireJson.write(Map.of("version", version));
    }

    private <T> T applications(String subject, Map<String, String> headers, byte[] request, Class<T> type)
            throws CliException, InterruptedException {
        try {
            return WireJson.read(
                    transport.request(subject, headers, request, timeout).payload(), type);
        } catch (TransportException e) {
            if (e.failure() instanceof TransportFailure.NoResponders) {
                throw new CliException(
                                ExitCode.UNREACHABLE,
                                "no controller answers in lattice " + lattice,
                                "start one with: trellis controller --nats " + transport.description())
                        .at(transport.description())
                        .because("the NATS server is there, but nobody serves the applications of this lattice");
            }
            throw broken("the controller of lattice " + lattice + " did not answer", e);
        } catch (IllegalArgumentException e) {
            throw broken("the controller of lattice " + lattice + " answered something else than expected", e);
        }
    }

    /** What to say when there is no host at all. */
    CliException noHost() {
        return new CliException(
                        ExitCode.UNREACHABLE,
                        "no host answers in lattice " + lattice,
                        "start one with: trellis host --nats " + transport.description())
                .at(transport.description());
    }

    private CliException broken(String what, RuntimeException cause) {
        ExitCode code =
                switch (cause) {
                    case TransportException e ->
                        switch (e.failure()) {
                            case TransportFailure.NoResponders _,
                                    TransportFailure.Disconnected _,
                                    TransportFailure.Unreachable _ -> ExitCode.UNREACHABLE;
                            case TransportFailure.TimedOut _ -> ExitCode.TIMEOUT;
                            case TransportFailure.Conflict _ -> ExitCode.CONFLICT;
                            case TransportFailure.Refused _ -> ExitCode.REFUSED;
                            case TransportFailure.PayloadTooLarge _ -> ExitCode.INVALID;
                        };
                    default -> ExitCode.FAILED;
                };
        return new CliException(code, what, "trellis doctor")
                .at(transport.description())
                .because(cause);
    }

    /** Text of a payload, for messages. */
    static String text(byte[] payload) {
        return new String(payload, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        transport.close();
    }
}
