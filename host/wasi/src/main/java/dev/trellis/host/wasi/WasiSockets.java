package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import java.util.List;
import java.util.Optional;

/**
 * {@code wasi:sockets}, which many compilers import: guests get no socket and no address, whatever they ask for. The network
 * is reached through links.
 */
final class WasiSockets {
    /** The network that gives nothing. */
    private static final class Network {}

    /** What no guest ever gets. */
    private static final class Refused {}

    private static final Resource<Network> NETWORK = Resource.of("network", Network.class);
    private static final Resource<Refused> TCP_SOCKET = Resource.of("tcp-socket", Refused.class);
    private static final Resource<Refused> UDP_SOCKET = Resource.of("udp-socket", Refused.class);
    private static final Resource<Refused> INCOMING = Resource.of("incoming-datagram-stream", Refused.class);
    private static final Resource<Refused> OUTGOING = Resource.of("outgoing-datagram-stream", Refused.class);
    private static final Resource<Refused> ADDRESSES = Resource.of("resolve-address-stream", Refused.class);

    private static final Function ACCESS_DENIED = Function.leaf((_, _) -> Result.err("access-denied"));

    private static final List<String> TCP = List.of(
            "start-bind",
            "finish-bind",
            "start-connect",
            "finish-connect",
            "start-listen",
            "finish-listen",
            "accept",
            "local-address",
            "remote-address",
            "is-listening",
            "address-family",
            "set-listen-backlog-size",
            "keep-alive-enabled",
            "set-keep-alive-enabled",
            "keep-alive-idle-time",
            "set-keep-alive-idle-time",
            "keep-alive-interval",
            "set-keep-alive-interval",
            "keep-alive-count",
            "set-keep-alive-count",
            "hop-limit",
            "set-hop-limit",
            "receive-buffer-size",
            "set-receive-buffer-size",
            "send-buffer-size",
            "set-send-buffer-size",
            "subscribe",
            "shutdown");
    private static final List<String> UDP = List.of(
            "start-bind",
            "finish-bind",
            "stream",
            "local-address",
            "remote-address",
            "address-family",
            "unicast-hop-limit",
            "set-unicast-hop-limit",
            "receive-buffer-size",
            "set-receive-buffer-size",
            "send-buffer-size",
            "set-send-buffer-size",
            "subscribe");

    private WasiSockets() {}

    static ComponentImports imports() {
        Interface.Builder udp = named("udp");
        methods(udp, UDP_SOCKET, UDP);
        methods(udp, INCOMING, List.of("receive", "subscribe"));
        methods(udp, OUTGOING, List.of("check-send", "send", "subscribe"));
        Interface.Builder tcp = named("tcp");
        methods(tcp, TCP_SOCKET, TCP);
        Interface.Builder lookup = named("ip-name-lookup").function("resolve-addresses", ACCESS_DENIED);
        methods(lookup, ADDRESSES, List.of("resolve-next-address", "subscribe"));
        return ComponentImports.of(
                named("network")
                        .resource(NETWORK)
                        .function("network-error-code", Function.leaf((_, _) -> Optional.empty()))
                        .build(),
                named("instance-network")
                        .resource(NETWORK)
                        .function("instance-network", Function.leaf((_, _) -> new Network()))
                        .build(),
                named("tcp-create-socket")
                        .function("create-tcp-socket", ACCESS_DENIED)
                        .build(),
                named("udp-create-socket")
                        .function("create-udp-socket", ACCESS_DENIED)
                        .build(),
                tcp.build(),
                udp.build(),
                lookup.build());
    }

    private static Interface.Builder named(String name) {
        return Interface.named("wasi:sockets/" + name + "@" + WasiImports.VERSION);
    }

    /** Functions that are there to be imported: there never is an object to call them on. */
    private static void methods(Interface.Builder into, Resource<Refused> resource, List<String> names) {
        into.resource(resource);
        for (String name : names) {
            into.function("[method]" + resource.name() + "." + name, ACCESS_DENIED);
        }
    }
}
