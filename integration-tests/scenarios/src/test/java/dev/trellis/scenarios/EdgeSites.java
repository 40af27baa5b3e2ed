package dev.trellis.scenarios;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.HostSummary;
import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.nats.NatsAuth;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Message;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code manifests/edge-shop/README.md} sets up, each site in a network namespace: the hub with its NATS server, a
 * controller and a host; an edge site with a leaf NATS server and a host; and a kiosk, a third site that has a front door
 * only. The hub's host is far from everybody: its NATS connection is slow. Every process has the credentials of its role.
 */
final class EdgeSites implements AutoCloseable {
    static final String HUB = "hub";
    static final String EDGE = "edge";
    static final String KIOSK = "kiosk";

    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration WAY_TO_CLOUD_HOST = Duration.ofMillis(25);
    private static final Duration PING_WINDOW = Duration.ofMillis(300);
    private static final Pattern PASSWORD = Pattern.compile("export (\\w+)=(.*)");
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);
    private static final Path SHOP = TrellisProcess.root().resolve("manifests/edge-shop");

    private final Path directory;
    private final NetworkNamespaces network;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final Map<String, TrellisProcess> hosts = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> passwords = new HashMap<>();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

    private EdgeSites(Path directory, NetworkNamespaces network) {
        this.directory = directory;
        this.network = network;
        running.push(network);
        running.push(http);
    }

    static EdgeSites start(Path directory) throws Exception {
        var sites = new EdgeSites(directory, NetworkNamespaces.create(HUB, EDGE, KIOSK));
        try {
            sites.startServers();
            sites.startHosts();
            return sites;
        } catch (Exception | Error e) {
            sites.close();
            throw e;
        }
    }

    private void startServers() throws IOException, InterruptedException {
        makePasswords(HUB, Map.of());
        String leaf = Objects.requireNonNull(secrets(HUB).get("TRELLIS_LEAF_PASSWORD"));
        makePasswords(EDGE, Map.of("TRELLIS_LEAF_PASSWORD", leaf), network.address(HUB));
        passwords.put(KIOSK, secrets(HUB));
        natsServer(HUB, "hub.conf");
        natsServer(EDGE, "leaf.conf");
        for (String site : List.of(HUB, EDGE)) {
            server(
                    site,
                    Map.of(),
                    "redis-server",
                    "--bind",
                    "0.0.0.0",
                    "--protected-mode",
                    "no",
                    "--save",
                    "",
                    "--dir",
                    directory.resolve(site).toString());
            awaitPort(site, 6379);
        }
    }

    private void startHosts() throws Exception {
        keep(trellis(HUB, Role.CONTROLLER, natsUrl(HUB), "controller", "--data", folder("controller")));
        var slow = SlowPath.start(
                network.addressOfTest(HUB),
                new InetSocketAddress(network.addressForTest(HUB), 4222),
                WAY_TO_CLOUD_HOST);
        running.push(slow);
        startHost(HUB, "cloud", "nats://" + network.addressOfTest(HUB) + ":" + slow.port());
        startHost(EDGE, "edge-1", natsUrl(EDGE));
        startHost(KIOSK, "kiosk", "nats://" + network.address(HUB) + ":4222");
        Waiting.until(
                START_MAX,
                () -> "three hosts; there are " + hostNames() + "; they say:\n" + said(),
                () -> hostNames().size() == 3);
    }

    /** Starts a host whose label site is {@code name}, or starts it again with what it had. */
    TrellisProcess startHost(String site, String name, String nats) throws IOException {
        TrellisProcess host = trellis(
                site, Role.HOST, nats, "host", "--name", name, "--label", "site=" + name, "--data", folder(name));
        TrellisProcess old = hosts.put(name, keep(host));
        if (old != null) {
            old.close();
        }
        return host;
    }

    private String folder(String name) {
        return directory.resolve("data-" + name).toString();
    }

    private TrellisProcess keep(TrellisProcess process) {
        running.push(process);
        return process;
    }

    /** Where programs of a site find their NATS server. */
    String natsUrl(String site) {
        return "nats://" + (site.equals(KIOSK) ? network.address(HUB) : "127.0.0.1") + ":4222";
    }

    private TrellisProcess trellis(String site, Role role, String nats, String... arguments) throws IOException {
        return TrellisProcess.start(network.at(site), directory, environment(site, role, nats), arguments);
    }

    private Map<String, String> environment(String site, Role role, String nats) throws IOException {
        String password = Objects.requireNonNull(secrets(site).get("TRELLIS_" + role + "_PASSWORD"));
        return Map.of(
                "TRELLIS_NATS_URL",
                nats,
                "TRELLIS_NATS_USER",
                role.label(),
                "TRELLIS_NATS_PASSWORD",
                password,
                "TRELLIS_DATA",
                directory.toString());
    }

    private void makePasswords(String site, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Path folder = Files.createDirectories(directory.resolve(site));
        for (String name : List.of("hub.conf", "leaf.conf", "roles.conf", "passwords")) {
            Files.copy(SHOP.resolve("nats").resolve(name), folder.resolve(name));
        }
        var command = new ArrayList<>(List.of("sh", folder.resolve("passwords").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).inheritIO();
        builder.environment().putAll(environment);
        int exit = builder.start().waitFor();
        if (exit != 0) {
            throw new IOException("passwords ended with " + exit);
        }
    }

    private Map<String, String> secrets(String site) throws IOException {
        Map<String, String> known = passwords.get(site);
        if (known != null) {
            return known;
        }
        var read = new HashMap<String, String>();
        for (String line : Files.readAllLines(directory.resolve(site).resolve("passwords.env"))) {
            Matcher matcher = PASSWORD.matcher(line);
            if (matcher.matches()) {
                read.put(matcher.group(1), matcher.group(2));
            }
        }
        passwords.put(site, read);
        return read;
    }

    private void natsServer(String site, String configuration) throws IOException, InterruptedException {
        server(site, secrets(site), "nats-server", "-c", configuration);
        awaitPort(site, 4222);
    }

    /** Starts a program in the folder of its site; its output goes to a file there. */
    private void server(String site, Map<String, String> environment, String... command) throws IOException {
        var words = new ArrayList<>(network.at(site));
        words.addAll(List.of(command));
        Path folder = directory.resolve(site);
        var builder = new ProcessBuilder(words)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(command[0] + ".log").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        running.push(() -> process.destroyForcibly().waitFor());
    }

    private void awaitPort(String site, int port) throws InterruptedException {
        Waiting.until(START_MAX, () -> "port " + port + " of " + site, () -> {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(network.addressForTest(site), port), 500);
                return true;
            } catch (IOException e) {
                return false;
            }
        });
    }

    NetworkNamespaces network() {
        return network;
    }

    TrellisProcess host(String name) {
        return Objects.requireNonNull(hosts.get(name), name);
    }

    /** {@code manifests/edge-shop/wadm.yaml} with a third front door, at the kiosk. */
    Path manifest() throws IOException {
        String text = Files.readString(SHOP.resolve("wadm.yaml")).replace("../../", TrellisProcess.root() + "/");
        int http = text.indexOf("image: trellis:http-server");
        String before = text.substring(0, http);
        String after = text.substring(http)
                .replaceFirst("instances: 2", "instances: 3")
                .replaceFirst(
                        "( *)- name: edge\n",
                        "$1- name: kiosk\n$1  requirements:\n$1    site: kiosk\n$1- name: edge\n");
        Path file = directory.resolve("wadm.yaml");
        Files.writeString(file, before + after);
        return file;
    }

    /** Runs a command at a site to its end, as a client of that site's NATS server. */
    Lattice.Result run(String site, String... arguments) throws IOException, InterruptedException {
        try (var process = trellis(site, Role.CLIENT, natsUrl(site), arguments)) {
            int exit = process.awaitExit(Duration.ofSeconds(90));
            return new Lattice.Result(exit, process.output(), process.messages());
        }
    }

    /** What all that were started say on standard error. */
    String said() throws IOException {
        var all = new StringBuilder();
        for (AutoCloseable one : running) {
            if (one instanceof TrellisProcess process) {
                all.append(process.messages()).append('\n');
            }
        }
        return all.toString();
    }

    /** A connection of the test to the NATS server of a site, as a client. */
    private LatticeTransport join(String site) throws IOException, InterruptedException {
        return NatsTransport.connect(NatsConfig.of("nats://" + network.addressForTest(site) + ":4222", "scenario")
                .withRole(Role.CLIENT)
                .withAuth(new NatsAuth.UserPassword(
                        Role.CLIENT.label(),
                        Objects.requireNonNull(secrets(site).get("TRELLIS_CLIENT_PASSWORD")))));
    }

    List<String> hostNames() throws IOException, InterruptedException {
        return inventories(HUB).stream()
                .map(HostInventory::friendlyName)
                .sorted()
                .toList();
    }

    /** What every host runs that answers over the NATS server of {@code site}. */
    List<HostInventory> inventories(String site) throws IOException, InterruptedException {
        var inventories = new ArrayList<HostInventory>();
        try (LatticeTransport client = join(site)) {
            for (Message ping : client.requestMany(SUBJECTS.control("host.ping"), new byte[0], PING_WINDOW, 100)) {
                HostSummary host = Objects.requireNonNull(
                        WireJson.readReply(ping.payload(), HostSummary.class).response());
                Message reply = client.request(
                        SUBJECTS.control("host.get", new HostId(host.id())), new byte[0], Duration.ofSeconds(2));
                inventories.add(Objects.requireNonNull(
                        WireJson.readReply(reply.payload(), HostInventory.class).response()));
            }
        }
        return inventories;
    }

    /** A URL of the front door of a site, as the test reaches it. */
    URI url(String site, String path) {
        return URI.create("http://" + network.addressForTest(site) + ":8080" + path);
    }

    /** One GET, or a POST of {@code body}; status 0 if there is no HTTP answer. */
    Lattice.HttpResult send(URI uri, String body) throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10));
            HttpResponse<String> response = http.send(
                    body.isEmpty()
                            ? request.build()
                            : request.POST(HttpRequest.BodyPublishers.ofString(body))
                                    .build(),
                    HttpResponse.BodyHandlers.ofString());
            return new Lattice.HttpResult(response.statusCode(), response.body());
        } catch (IOException e) {
            return new Lattice.HttpResult(0, e.toString().toLowerCase(Locale.ROOT));
        }
    }

    @Override
    public void close() {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                System.err.println("could not end a part of the scenario: " + e);
            }
        }
    }
}
