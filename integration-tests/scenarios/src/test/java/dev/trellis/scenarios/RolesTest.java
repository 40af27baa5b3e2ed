package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Permissions;
import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.nats.NatsAuth;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsServer;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The users of {@code manifests/edge-shop/nats/roles.conf}: what they need they may, and nothing of each other's. */
@Timeout(180)
class RolesTest {
    private static final String PASSWORD = "psecret";

    /** Names of hosts, actors, keys and tokens in patterns. */
    private static final String ANY = "SAMPLE";

    @TempDir
    private Path directory;

    private NatsServer server() throws IOException {
        String conf = Files.readString(TrellisProcess.root().resolve("manifests/edge-shop/nats/roles.conf"));
        for (Role role : Role.values()) {
            conf = conf.replace("$TRELLIS_" + role + "_PASSWORD", PASSWORD + role);
        }
        return NatsServer.start(conf);
    }

    private static Map<String, String> environment(NatsServer server, Role role) {
        return Map.of(
                "TRELLIS_NATS_URL", server.url(),
                "TRELLIS_NATS_USER", role.label(),
                "TRELLIS_NATS_PASSWORD", PASSWORD + role);
    }

    private static LatticeTransport connect(NatsServer server, Role role) throws InterruptedException {
        return NatsTransport.connect(NatsConfig.of(server.url(), "roles")
                .withRole(role)
                .withAuth(new NatsAuth.UserPassword(role.label(), PASSWORD + role)));
    }

    @Test
    void eachRole_withItsCredentials_doesItsPartOfAnApplication() throws Exception {
        try (NatsServer server = server();
                var controller = trellis(server, Role.CONTROLLER, "controller", "--data", folder("controller"));
                var host = trellis(server, Role.HOST, "host", "--name", "one", "--data", folder("one"));
                var other = trellis(server, Role.HOST, "host", "--name", "two", "--data", folder("two"))) {
            controller.awaitMessage("Controller is up", Duration.ofSeconds(60));
            host.awaitMessage("Host is up", Duration.ofSeconds(60));
            other.awaitMessage("Host is up", Duration.ofSeconds(60));
            int port = Lattice.freePort();
            Path manifest = Files.writeString(
                    directory.resolve("wadm.yaml"),
                    Files.readString(TrellisProcess.root().resolve("manifests/user-api/demo.wadm.yaml"))
                            .replace("\"8080\"", "\"" + port + "\""));

            succeeds(
                    server,
                    "deploy",
                    manifest.toString(),
                    "--image",
                    Lattice.USER_ACTOR + "=" + Lattice.userActor(),
                    "--wait=60s");
            try (var calls = HttpHistory.start(
                    java.net.URI.create("http://127.0.0.1:" + port + "/users"), 20, Duration.ofSeconds(1))) {
                assertThat(calls.finish()).isNotEmpty().allSatisfy(call -> assertThat(call.status())
                        .as(call.text())
                        .isEqualTo(200));
            }
            assertThat(succeeds(server, "app", "status", "user-api")).contains("deployed");
            assertThat(succeeds(server, "host", "list")).contains("one", "two");
            assertThat(succeeds(server, "link", "list")).contains("user_api-keyvalue_nats");
            assertThat(succeeds(server, "actor", "list")).contains("user_api-user_actor");
            succeeds(server, "undeploy", "user-api");
            succeeds(server, "app", "delete", "user-api");
            succeeds(server, "host", "stop", "two");

            for (TrellisProcess process : List.of(controller, host, other)) {
                assertThat(process.messages()).doesNotContainIgnoringCase("permission");
            }
        }
    }

    private String folder(String name) {
        return directory.resolve(name).toString();
    }

    private TrellisProcess trellis(NatsServer server, Role role, String... arguments) throws IOException {
        return TrellisProcess.start(directory, environment(server, role), arguments);
    }

    private String succeeds(NatsServer server, String... arguments) throws Exception {
        try (var command = trellis(server, Role.CLIENT, arguments)) {
            int exit = command.awaitExit(Duration.ofSeconds(90));
            assertThat(exit)
                    .as(String.join(" ", arguments) + ": " + command.messages() + command.output())
                    .isZero();
            assertThat(command.messages()).doesNotContainIgnoringCase("permission");
            return command.output();
        }
    }

    @Test
    void eachRole_withItsCredentials_isRefusedTheSubjectsOfOthers() throws Exception {
        var published = new TreeSet<String>();
        var subscribed = new TreeSet<String>();
        for (Role role : Role.values()) {
            published.addAll(permissions(role).publish());
            subscribed.addAll(permissions(role).subscribe());
        }
        published.addAll(
                List.of("$SYS.REQ.SERVER.PING", "$JS.API.STREAM.LIST", "$JS.API.STREAM.DELETE.KV_" + ANY, "x"));
        subscribed.addAll(List.of(">", "$SYS.>", "$KV.>", "$JS.API.>", "_INBOX.>", "x"));
        try (NatsServer server = server()) {
            createStores(server);
            for (Role role : Role.values()) {
                try (LatticeTransport transport = connect(server, role)) {
                    var wrong = new ArrayList<String>();
                    for (String subject : published) {
                        Optional<String> refusal = publish(transport, sample(subject));
                        if (refusal.isEmpty() != permissions(role).publish().contains(subject)
                                || (refusal.isPresent() && !refusal.get().contains("role " + role.label()))) {
                            wrong.add("publish to " + subject + ": " + refusal);
                        }
                    }
                    for (String pattern : subscribed) {
                        Optional<String> refusal = subscribe(transport, pattern);
                        if (refusal.isEmpty() != permissions(role).subscribe().contains(pattern)) {
                            wrong.add("subscribe to " + pattern + ": " + refusal);
                        }
                    }
                    assertThat(wrong).as("role " + role.label()).isEmpty();
                    assertThat(transport.connected()).isTrue();
                }
            }
        }
    }

    /** Each by a role that may: a server says nothing to some requests about a store that it does not have. */
    private static void createStores(NatsServer server) throws InterruptedException {
        Subjects subjects = Subjects.of(LatticeName.DEFAULT);
        try (LatticeTransport host = connect(server, Role.HOST);
                LatticeTransport controller = connect(server, Role.CONTROLLER);
                LatticeTransport client = connect(server, Role.CLIENT);
                LatticeTransport provider = connect(server, Role.PROVIDER)) {
            host.store(subjects.latticeDataBucket()).put("key", new byte[0]);
            host.store(subjects.configDataBucket()).put("key", new byte[0]);
            controller.store(subjects.manifestBucket()).put("key", new byte[0]);
            client.store(subjects.artifactBucket()).put("key", new byte[0]);
            provider.store(subjects.keyValueBucket()).put("key", new byte[0]);
            assertThat(host.store(subjects.artifactBucket()).get("key")).isPresent();
            assertThat(host.store(subjects.manifestBucket()).get("key")).isPresent();
            assertThat(controller.store(subjects.latticeDataBucket()).keys()).containsExactly("key");
            assertThat(provider.store(subjects.keyValueBucket()).keys()).containsExactly("key");
        }
    }

    @Test
    void aRole_withCredentialsOfAnother_isToldWhichOnesItNeeds() throws Exception {
        try (NatsServer server = server()) {
            for (List<String> command : List.of(List.of("host"), List.of("controller"))) {
                var arguments = new ArrayList<>(command);
                arguments.addAll(List.of("--data", folder("x")));
                try (var process = trellis(server, Role.CLIENT, arguments.toArray(String[]::new))) {
                    assertThat(process.awaitExit(Duration.ofSeconds(30))).isEqualTo(6);
                    assertThat(process.messages())
                            .contains("user 'client'", "give the credentials of role " + command.getFirst())
                            .doesNotContain(PASSWORD);
                }
            }
        }
    }

    private static Permissions permissions(Role role) {
        return Subjects.of(LatticeName.DEFAULT).permissions(role);
    }

    private static String sample(String pattern) {
        return String.join(
                ".",
                Arrays.stream(pattern.split("\\.", -1))
                        .map(token -> token.equals("*") || token.equals(">") ? ANY : token)
                        .toList());
    }

    /** Why the server refused a request, if it did; nobody answers most of those that it does not refuse. */
    private static Optional<String> publish(LatticeTransport transport, String subject) throws InterruptedException {
        try {
            transport.request(subject, new byte[0], Duration.ofSeconds(5));
            return Optional.empty();
        } catch (TransportException e) {
            return refusal(e);
        }
    }

    private static Optional<String> subscribe(LatticeTransport transport, String pattern) {
        try (var _ = transport.subscribe(pattern, _ -> {})) {
            return Optional.empty();
        } catch (TransportException e) {
            return refusal(e);
        }
    }

    private static Optional<String> refusal(TransportException e) {
        return e.failure() instanceof TransportFailure.Refused refused
                ? Optional.of(refused.reason())
                : Optional.empty();
    }
}
