package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsServer;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.observability.telemetry.TelemetrySettings;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Every command that talks to a lattice, on a real NATS server with a real controller and host, in the order of a user. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LatticeCommandsTest {
    private static final Path ROOT = Path.of(System.getProperty("trellis.root", ".."));
    private static final String IMAGE =
            "ghcr.io/myorg/user-actor:1.0.0=" + ROOT.resolve("actor-sdk/samples/user-actor/user-actor.wasm");

    @TempDir
    static Path folder;

    private static NatsServer nats;
    private static LatticeTransport transport;
    private static Shutdown.@Nullable Part controller;
    private static Servers.RunningHost host;
    private static Shell shell;
    private static Path manifest;

    @BeforeAll
    static void start() throws CliException, InterruptedException, IOException {
        nats = NatsServer.start();
        transport = NatsTransport.connect(NatsConfig.of(nats.url(), "test"));
        host = Servers.host(
                new Servers.HostWish(
                        LatticeName.DEFAULT, "edge", Map.of("site", "edge-1"), Map.of(), TelemetrySettings.defaults()),
                folder.resolve("host"),
                transport);
        shell = new Shell(
                Map.of("TRELLIS_DATA", folder.resolve("data").toString(), "TRELLIS_NATS_URL", nats.url()),
                NatsTransport::connect);
        manifest = folder.resolve("wadm.yaml");
        Files.writeString(
                manifest,
                Files.readString(ROOT.resolve("manifests/user-api/demo.wadm.yaml"))
                        .replace("\"8080\"", "\"" + freePort() + "\""));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (controller != null) {
            controller.stop();
        }
        host.stop();
        transport.close();
        nats.close();
    }

    @Test
    @Order(1)
    void appList_noController_isUnreachableAndSaysWhatToStart() throws CliException {
        var outcome = shell.run("app", "list");

        assertThat(outcome.exitCode()).isEqualTo(7);
        assertThat(outcome.err()).contains("no controller answers", "help: start one with: trellis controller");
        controller = Servers.controller(LatticeName.DEFAULT, folder.resolve("controller"), transport);
    }

    @Test
    @Order(2)
    void deploy_registryImageWithoutOverride_sendsNothing() {
        var outcome = shell.run("deploy", manifest.toString());

        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(outcome.err()).contains("wadm.yaml:11:16", "--image ghcr.io/myorg/user-actor:1.0.0=PATH");
        assertThat(outcome.out()).isEmpty();
    }

    @Test
    @Order(3)
    void deploy_overrideOfUnknownImage_isUsage() {
        assertThat(shell.run("deploy", manifest.toString(), "--image", "other:1=x.wasm")
                        .exitCode())
                .isEqualTo(2);
    }

    @Test
    @Order(4)
    void deploy_wait_endsWhenDeployed() {
        Shell.Outcome outcome;
        long end = System.nanoTime() + 10_000_000_000L;
        do { // a fresh controller answers once it leads
            outcome = shell.run("deploy", "--wait", manifest.toString(), "--image", IMAGE);
        } while (outcome.exitCode() == 7 && System.nanoTime() < end);

        assertThat(outcome)
                .extracting(Shell.Outcome::exitCode)
                .as(outcome.err())
                .isEqualTo(0);
        assertThat(outcome.out()).contains("user-api", "is deployed");
        assertThat(outcome.err()).contains("user-actor", "httpserver", "keyvalue-nats", "deployed");
    }

    @Test
    @Order(5)
    void lists_afterDeploy_showWhatRuns() {
        assertThat(shell.run("app", "list").out()).contains("user-api", "deployed");
        assertThat(shell.run("app", "list", "-q").out()).isEqualToIgnoringNewLines("user-api");
        assertThat(shell.run("app", "status", "user-api").out()).contains("SpreadScaler", "deployed");
        assertThat(shell.run("app", "get", "user-api").out()).contains("user-actor");
        assertThat(shell.run("host", "list").out()).contains("edge", "site=edge-1", host.id());
        assertThat(shell.run("host", "get", "edge").out()).contains("user_api-user_actor", "trellis:http-server");
        assertThat(shell.run("actor", "list").out()).contains("user_api-user_actor", "edge:3");
        assertThat(shell.run("provider", "list").out()).contains("healthy", "runs trellis:http-server");
        assertThat(shell.run("link", "list").out()).contains("wasmcloud:keyvalue");
    }

    @Test
    @Order(6)
    void lists_json_areDocumentsOfTheirKind() {
        assertThat(shell.run("app", "list", "-o", "json").out()).contains("\"kind\" : \"ApplicationList\"", "user-api");
        assertThat(shell.run("host", "list", "-o", "json").out()).contains("\"kind\" : \"HostList\"");
        assertThat(shell.run("actor", "list", "-o", "json").out())
                .contains("\"kind\" : \"ActorList\"", "\"max_instances\" : 3");
        assertThat(shell.run("provider", "list", "-o", "json").out()).contains("\"kind\" : \"ProviderList\"");
        assertThat(shell.run("link", "list", "-o", "json").out()).contains("\"kind\" : \"LinkList\"");
        assertThat(shell.run("app", "status", "user-api", "-o", "json").out())
                .contains("\"kind\" : \"ApplicationStatus\"", "\"type\" : \"deployed\"");
    }

    @Test
    @Order(7)
    void names_unknown_areNotFound() {
        assertThat(shell.run("app", "status", "nobody").exitCode()).isEqualTo(3);
        assertThat(shell.run("app", "get", "nobody").exitCode()).isEqualTo(3);
        assertThat(shell.run("undeploy", "nobody").exitCode()).isEqualTo(3);
        assertThat(shell.run("host", "get", "nobody").exitCode()).isEqualTo(3);
        assertThat(shell.run("actor", "invoke", "nobody", "Op").exitCode()).isEqualTo(3);
    }

    @Test
    @Order(8)
    void actorInvoke_requestThatTheGuestRefuses_failsWithItsWords() {
        var outcome = shell.run("actor", "invoke", "user-actor", "Actor.HealthRequest", "--data", "");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.err())
                .contains("Actor.HealthRequest of actor user_api-user_actor failed", "deserialization");
    }

    @Test
    @Order(9)
    void actorInvoke_health_printsTheReply() throws IOException {
        Path request = folder.resolve("request");
        Files.write(request, new byte[] {(byte) 0x80}); // an empty map

        var outcome =
                shell.run("actor", "invoke", "user-actor", "Actor.HealthRequest", "--data-file", request.toString());

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("healthy");
    }

    @Test
    @Order(10)
    void undeployAndDelete_wait_leaveNothing() {
        var undeployed = shell.run("undeploy", "user-api", "--wait=20s");

        assertThat(undeployed.exitCode()).as(undeployed.err()).isZero();
        assertThat(shell.run("actor", "list").out()).isEmpty();
        assertThat(shell.run("app", "delete", "user-api").exitCode()).isZero();
        assertThat(shell.run("app", "delete", "user-api").exitCode()).isEqualTo(3);
    }

    @Test
    @Order(11)
    void hostStop_byName_endsAfterItHasLeft() throws Exception {
        Servers.RunningHost other = Servers.host(
                new Servers.HostWish(LatticeName.DEFAULT, "leaver", Map.of(), Map.of(), TelemetrySettings.defaults()),
                folder.resolve("leaver"),
                transport);
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                other.awaitStopRequest();
                other.stop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });

        var outcome = shell.run("host", "stop", "leaver");

        assertThat(outcome.exitCode()).as(outcome.err()).isZero();
        waiter.join();
    }
}
