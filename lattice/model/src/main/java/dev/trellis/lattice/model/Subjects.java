package dev.trellis.lattice.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Every NATS subject of a lattice. Those of {@code wasmbus} and {@code wadm} are the field's own
 * (wasmCloud control interface v1, lattice events, wadm API); those of {@code trellis} are ours.
 */
public final class Subjects {
    /** Prefix of the control interface, with its version. */
    public static final String CONTROL_PREFIX = "wasmbus.ctl.v1";

    private final LatticeName lattice;
    private final String control;

    private Subjects(LatticeName lattice) {
        this.lattice = lattice;
        this.control = CONTROL_PREFIX + "." + lattice + ".";
    }

    /** The subjects of {@code lattice}. */
    public static Subjects of(LatticeName lattice) {
        return new Subjects(lattice);
    }

    /** A control subject: the prefix, the lattice and {@code suffix}, such as {@code host.ping}. */
    public String control(String suffix) {
        return control + suffix;
    }

    /** A control subject that one host serves, such as {@code host.get.{host}}. */
    public String control(String operation, HostId host) {
        return control + operation + "." + host;
    }

    /** What follows {@code wasmbus.ctl.v1.{lattice}.} in a control subject of this lattice. */
    public String controlSuffix(String subject) {
        if (!subject.startsWith(control)) {
            throw new IllegalArgumentException("'" + subject + "' is no control subject of lattice " + lattice);
        }
        return subject.substring(control.length());
    }

    /** Queue group in which one host of the lattice answers {@code link}, {@code claims} or {@code config}. */
    public String controlQueue(String noun) {
        return control + noun;
    }

    /** Subject of one kind of lattice event, such as {@code component_scaled}. */
    public String event(String name) {
        return "wasmbus.evt." + lattice + "." + name;
    }

    /** Pattern of all lattice events. */
    public String events() {
        return "wasmbus.evt." + lattice + ".*";
    }

    /** Subject on which {@code host} takes calls for {@code target}. */
    public String call(EntityId target, HostId host) {
        return "trellis.rpc.v1." + lattice + "." + target + "." + host;
    }

    /** Pattern of all calls that {@code host} takes. */
    public String calls(HostId host) {
        return "trellis.rpc.v1." + lattice + ".*." + host;
    }

    /** Subject on which {@code host} answers pings: among its calls, since it is their way that is measured. */
    public String ping(HostId host) {
        return call(EntityId.PING, host);
    }

    /** Subject on which {@code host} gives and takes parts of the bodies of calls that it has made to other hosts. */
    public String streams(HostId host) {
        return call(EntityId.STREAM, host);
    }

    /** Subject on which {@code host} is told how much work it may be given: {@code cordon}, {@code drain} ... */
    public String scheduling(String operation, HostId host) {
        return "trellis.host.v1." + lattice + "." + operation + "." + host;
    }

    /** Pattern of all that {@link #scheduling} names for {@code host}. */
    public String schedulings(HostId host) {
        return scheduling("*", host);
    }

    /** Subject of a host's liveness beat. */
    public String beat(HostId host) {
        return "trellis.beat.v1." + lattice + "." + host;
    }

    /** Pattern of all liveness beats. */
    public String beats() {
        return "trellis.beat.v1." + lattice + ".*";
    }

    /** Subject on which {@code host} publishes its finished spans. */
    public String spans(HostId host) {
        return "trellis.span.v1." + lattice + "." + host;
    }

    /** Pattern of all finished spans. */
    public String spans() {
        return "trellis.span.v1." + lattice + ".*";
    }

    /** Subject on which controllers answer a question about traces, such as {@code list} or {@code get}. */
    public String trace(String operation) {
        return "trellis.trace.v1." + lattice + "." + operation;
    }

    /** Pattern of the wadm API of this lattice. */
    public String applications() {
        return "wadm.api." + lattice + ".model.>";
    }

    /** Subject of a wadm API operation without a name, such as {@code put} or {@code get}. */
    public String application(String operation) {
        return "wadm.api." + lattice + ".model." + operation;
    }

    /** Subject of a wadm API operation on one application. */
    public String application(String operation, String name) {
        return application(operation) + "." + name;
    }

    /** Subject on which the controller publishes the status of an application. */
    public String applicationStatus(String name) {
        return "wadm.status." + lattice + "." + name;
    }

    /** Bucket of links (and, for readers of wasmCloud's layout, claims). */
    public String latticeDataBucket() {
        return "LATTICEDATA_" + lattice;
    }

    /** Bucket of named configs. */
    public String configDataBucket() {
        return "CONFIGDATA_" + lattice;
    }

    /** Bucket of manifests, one key per version, and of the controller's lease. */
    public String manifestBucket() {
        return "TRELLIS_MANIFESTS_" + lattice;
    }

    /** Bucket of artifacts, under the digests of their bytes. */
    public String artifactBucket() {
        return "TRELLIS_ARTIFACTS_" + lattice;
    }

    /** Bucket of actors' keys, unless a manifest names another one. */
    public String keyValueBucket() {
        return "TRELLIS_KV_" + lattice;
    }

    // Who uses what

    /** What {@code role} may use: what its code needs and nothing else. Whoever adds a use adds it here. */
    public Permissions permissions(Role role) {
        var publish = new ArrayList<String>();
        var subscribe = new ArrayList<>(List.of(role.inboxes()));
        switch (role) {
            case HOST -> {
                publish.addAll(List.of(control("host.get.*"), events(), beats(), spans(), anyCall()));
                publish.addAll(List.of(Role.HOST.inboxes(), Role.CONTROLLER.inboxes(), Role.CLIENT.inboxes()));
                publish.addAll(stores(latticeDataBucket(), Use.READ, Use.WRITE, Use.CREATE, Use.WATCH));
                publish.addAll(stores(configDataBucket(), Use.READ, Use.WRITE, Use.CREATE, Use.WATCH));
                publish.addAll(stores(keyValueBucket(), Use.READ, Use.WRITE, Use.CREATE, Use.WATCH));
                publish.addAll(stores(manifestBucket(), Use.READ));
                publish.addAll(stores(artifactBucket(), Use.READ));
                subscribe.addAll(List.of(control(">"), anyScheduling(), beats(), anyCall()));
            }
            case CONTROLLER -> {
                publish.addAll(List.of(
                        control("host.get.*"),
                        control("component.scale.*"),
                        control("provider.start.*"),
                        control("provider.stop.*"),
                        control("config.put.*"),
                        control("config.del.*"),
                        control("link.put"),
                        control("link.del"),
                        applicationStatus("*")));
                publish.addAll(List.of(Role.HOST.inboxes(), Role.CLIENT.inboxes()));
                publish.addAll(stores(manifestBucket(), Use.READ, Use.WRITE, Use.CREATE, Use.WATCH));
                publish.addAll(stores(latticeDataBucket(), Use.READ, Use.CREATE, Use.WATCH));
                publish.addAll(stores(configDataBucket(), Use.READ, Use.CREATE, Use.WATCH));
                subscribe.addAll(List.of(applications(), events(), beats(), spans(), trace("*")));
            }
            case CLIENT -> {
                publish.addAll(List.of(
                        control("host.ping"),
                        control("host.get.*"),
                        control("host.stop.*"),
                        control("link.get"),
                        anyScheduling(),
                        applications(),
                        trace("*"),
                        anyCall()));
                publish.addAll(List.of(Role.HOST.inboxes(), Role.CONTROLLER.inboxes()));
                publish.addAll(stores(artifactBucket(), Use.READ, Use.WRITE, Use.CREATE));
                subscribe.add(beats());
            }
            case PROVIDER -> publish.addAll(stores(keyValueBucket(), Use.READ, Use.WRITE, Use.CREATE, Use.WATCH));
        }
        return new Permissions(publish, subscribe);
    }

    private String anyScheduling() {
        return "trellis.host.v1." + lattice + ".*.*";
    }

    private String anyCall() {
        return "trellis.rpc.v1." + lattice + ".*.*";
    }

    /** What somebody does with a store. */
    private enum Use {
        READ,
        WRITE,
        CREATE,
        WATCH
    }

    private static List<String> stores(String bucket, Use... uses) {
        String stream = "KV_" + bucket;
        var subjects = new ArrayList<String>();
        for (Use use : uses) {
            subjects.addAll(
                    switch (use) {
                        case READ ->
                            List.of(
                                    "$JS.API.STREAM.INFO." + stream,
                                    "$JS.API.STREAM.MSG.GET." + stream,
                                    "$JS.API.DIRECT.GET." + stream + ".>");
                        case WRITE -> List.of("$KV." + bucket + ".>");
                        case CREATE -> List.of("$JS.API.STREAM.CREATE." + stream);
                        case WATCH ->
                            List.of(
                                    "$JS.API.CONSUMER.CREATE." + stream,
                                    "$JS.API.CONSUMER.DELETE." + stream + ".*",
                                    "$JS.FC." + stream + ".>");
                    });
        }
        return subjects;
    }
}
