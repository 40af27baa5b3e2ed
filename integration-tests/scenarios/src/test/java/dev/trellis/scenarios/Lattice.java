package dev.trellis.scenarios;

import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostSummary;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsServer;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import dev.trellis.providers.sdk.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real lattice for one scenario: a NATS server, a Redis server, a controller and hosts, each its own process, all on
 * free ports of this machine and in a folder of the scenario. Everything ends with {@link #close()}.
 */
final class Lattice implements AutoCloseable {
    /** Image reference of the actor in {@code manifests/user-api}. */
    static final String USER_ACTOR = "ghcr.io/myorg/user-actor:1.0.0";

    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final JsonMapper JSON = new JsonMapper();

    private static final TypeReference<Map<String, Object>> EVENT = new TypeReference<>() {};
    private static final Duration PING_WINDOW = Duration.ofMillis(300);
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);

    private final Path directory;
    private final LatticeTransport client;
    private final NatsServer nats;
    private final RedisServer redis;
    private final int port;
    private final Map<String, String> environment;
    private final Queue<Map<String, Object>> events = new ConcurrentLinkedQueue<>();
    private final Map<String, TrellisProcess> processes = new LinkedHashMap<>();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private Lattice(Path directory, Map<String, String> environment, NatsServer nats, RedisServer redis, int port)
            throws InterruptedException {
        this.environment = environment;
        this.directory = directory;
        this.nats = nats;
        this.client = NatsTransport.connect(NatsConfig.of(nats.url(), "scenario"));
        client.subscribe(
                SUBJECTS.events(),
                message -> events.add(WireJson.read(message.message().payload(), EVENT)));
        this.redis = redis;
        this.port = port;
    }

    /** Starts servers and a controller, and then hosts of these names. */
    static Lattice start(Path directory, String... hosts) throws IOException, InterruptedException {
        return start(directory, Map.of(), hosts);
    }

    /** The same, with variables in the environment of every process. */
    static Lattice start(Path directory, Map<String, String> environment, String... hosts)
            throws IOException, InterruptedException {
        var lattice = new Lattice(directory, environment, NatsServer.start(), RedisServer.start(), freePort());
        try {
            lattice.startController();
            for (String host : hosts) {
                lattice.startHost(host);
            }
            for (String host : hosts) {
                lattice.awaitHost(host);
            }
            return lattice;
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            lattice.close();
            throw e;
        }
    }

    static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    NatsServer nats() {
        return nats;
    }

    RedisServer redis() {
        return redis;
    }

    Path directory() {
        return directory;
    }

    TrellisProcess startController() throws IOException {
        return run(
                "controller",
                "controller",
                "--data",
                directory.resolve("controller").toString());
    }

    /** Starts a host without waiting for it. */
    TrellisProcess startHost(String name, String... more) throws IOException {
        var arguments = new ArrayList<>(List.of(
                "host",
                "--name",
                name,
                "--data",
                directory.resolve("host-" + name).toString()));
        arguments.addAll(Arrays.asList(more));
        return run(name, arguments.toArray(String[]::new));
    }

    private TrellisProcess run(String name, String... arguments) throws IOException {
        TrellisProcess process = TrellisProcess.start(directory, environment(), arguments);
        TrellisProcess old = processes.put(name, process);
        if (old != null) {
            old.close();
        }
        return process;
    }

    private Map<String, String> environment() {
        var all = new LinkedHashMap<>(environment);
        all.put("TRELLIS_NATS_URL", nats.url());
        all.put("TRELLIS_DATA", directory.toString());
        return all;
    }

    /** The scenario's own connection. */
    LatticeTransport transport() {
        return client;
    }

    TrellisProcess process(String name) {
        return Objects.requireNonNull(processes.get(name), name);
    }

    void awaitHost(String name) throws InterruptedException {
        Waiting.until(
                START_MAX, () -> "host " + name + "; it says:\n" + process(name).messages(), () -> hostNames()
                        .contains(name));
    }

    /** Names of the hosts that answer a ping now. */
    List<String> hostNames() throws InterruptedException {
        return inventories().stream().map(HostInventory::friendlyName).toList();
    }

    /** What every host that answers runs now. */
    List<HostInventory> inventories() throws InterruptedException {
        var inventories = new ArrayList<HostInventory>();
        for (Message ping : client.requestMany(SUBJECTS.control("host.ping"), new byte[0], PING_WINDOW, 100)) {
            HostSummary host = Objects.requireNonNull(
                    WireJson.readReply(ping.payload(), HostSummary.class).response());
            Message reply = client.request(
                    SUBJECTS.control("host.get", new HostId(host.id())), new byte[0], Duration.ofSeconds(2));
            inventories.add(Objects.requireNonNull(
                    WireJson.readReply(reply.payload(), HostInventory.class).response()));
        }
        return inventories;
    }

    /** Result of a command that has ended. */
    record Result(int exit, String output, String messages) {}

    /** Runs a command to its end. */
    Result trellis(String... arguments) throws IOException, InterruptedException {
        try (var process = TrellisProcess.start(directory, environment(), arguments)) {
            int exit = process.awaitExit(Duration.ofSeconds(90));
            return new Result(exit, process.output(), process.messages());
        }
    }

    /** Runs a command with {@code -o json} and reads what it prints. */
    JsonNode json(String... arguments) throws IOException, InterruptedException {
        var all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("-o", "json"));
        Result result = trellis(all.toArray(String[]::new));
        if (result.exit() != 0) {
            throw new IOException(String.join(" ", all) + " ended with " + result.exit() + ":\n" + result.messages());
        }
        return JSON.readTree(result.output());
    }

    /** {@code manifests/user-api/wadm.yaml} with the ports of this scenario in place of 8080 and 6379. */
    Path userApi() throws IOException {
        return manifest("user-api", port);
    }

    Path manifest(String name, int httpPort) throws IOException {
        String text = Files.readString(TrellisProcess.root().resolve("manifests/user-api/wadm.yaml"))
                .replace("name: user-api", "name: " + name)
                .replace("\"8080\"", "\"" + httpPort + "\"")
                .replace("redis://localhost:6379", redis.url());
        Path file = directory.resolve(name + ".yaml");
        Files.writeString(file, text);
        return file;
    }

    static Path userActor() {
        return TrellisProcess.root().resolve("actor-sdk/samples/user-actor/user-actor.wasm");
    }

    /** Deploys the user API and waits until the controller says it is deployed. */
    Result deployUserApi() throws IOException, InterruptedException {
        return trellis("deploy", userApi().toString(), "--image", USER_ACTOR + "=" + userActor(), "--wait=60s");
    }

    URI url(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    /** One GET; empty text and status 0 if there is no HTTP answer. */
    HttpResult get(String path) throws InterruptedException {
        return get(url(path));
    }

    /** One GET of any URL. */
    HttpResult get(URI uri) throws InterruptedException {
        try {
            HttpResponse<String> response = http.send(
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
                    HttpResponse.BodyHandlers.ofString());
            return new HttpResult(response.statusCode(), response.body());
        } catch (IOException e) {
            return new HttpResult(0, e.toString());
        }
    }

    /** Status and body. */
    record HttpResult(int status, String body) {}

    /** Types of the lattice events seen so far, such as {@code component_scaled}, without their prefix. */
    List<String> events() {
        return events.stream()
                .map(event -> String.valueOf(event.get("type")))
                .map(type -> type.substring(type.lastIndexOf('.') + 1))
                .toList();
    }

    /** Instances of an actor on all hosts together. */
    int instances(String id) throws InterruptedException {
        return inventories().stream()
                .flatMap(host -> host.components().stream())
                .filter(actor -> actor.id().equals(id))
                .mapToInt(ActorDescription::maxInstances)
                .sum();
    }

    /** Names of the hosts that run an actor or provider. */
    List<String> hostsOf(String id) throws InterruptedException {
        return inventories().stream()
                .filter(host ->
                        host.components().stream().anyMatch(actor -> actor.id().equals(id))
                                || host.providers().stream()
                                        .anyMatch(provider -> provider.id().equals(id)))
                .map(HostInventory::friendlyName)
                .toList();
    }

    @Override
    public void close() {
        processes.values().forEach(TrellisProcess::close);
        http.close();
        client.close();
        redis.close();
        nats.close();
    }
}
