package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.Role;
import dev.trellis.lattice.nats.NatsAuth;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsServer;
import dev.trellis.lattice.nats.NatsTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How commands log in to a NATS server. */
@Timeout(60)
class NatsLoginTest {
    private final List<NatsConfig> asked = new ArrayList<>();

    @TempDir
    private Path folder;

    private Shell.Outcome run(Map<String, String> environment, String... arguments) {
        var all = new HashMap<>(environment);
        all.put("TRELLIS_DATA", folder.toString());
        return new Shell(all, config -> {
                    asked.add(config);
                    throw new TransportException(new TransportFailure.Unreachable(config.servers(), "not tried"));
                })
                .run(arguments);
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    @Test
    void login_nothingGiven_hasNoCredentialsAndTheCommandsOwnRole() {
        run(Map.of(), "app", "list");
        run(Map.of(), "host");
        run(Map.of(), "controller");

        assertThat(asked).extracting(NatsConfig::auth).containsOnly(new NatsAuth.None());
        assertThat(asked).extracting(NatsConfig::role).containsExactly(Role.CLIENT, Role.HOST, Role.CONTROLLER);
    }

    @Test
    void login_userAndPassword_comeFromEnvironmentAndFile() throws IOException {
        run(Map.of("TRELLIS_NATS_USER", "joe", "TRELLIS_NATS_PASSWORD", "hush"), "app", "list");
        run(Map.of("TRELLIS_NATS_PASSWORD", "hush"), "app", "list", "--nats-user", "joe");
        run(Map.of(), "app", "list", "--nats-user=joe", "--nats-password-file", file("password", "hush\n"));
        run(
                Map.of("TRELLIS_NATS_USER", "joe", "TRELLIS_NATS_PASSWORD_FILE", file("password", "hush\n")),
                "app",
                "list");

        assertThat(asked)
                .hasSize(4)
                .extracting(NatsConfig::auth)
                .containsOnly(new NatsAuth.UserPassword("joe", "hush"));
    }

    @Test
    void login_commandLine_goesBeforeTheEnvironment() throws Exception {
        String credentials = file("a.creds", "-----BEGIN NATS USER JWT-----\nx\n");
        var environment = Map.of("TRELLIS_NATS_USER", "joe", "TRELLIS_NATS_PASSWORD", "hush");

        run(environment, "app", "list", "--nats-creds", credentials, "--nats-ca", file("ca.pem", ""));
        run(environment, "app", "list", "--creds", credentials);
        run(
                Map.of("TRELLIS_NATS_CREDS", credentials),
                "app",
                "list",
                "--nats-user",
                "ann",
                "--nats-password-file",
                file("p", "x"));

        assertThat(asked)
                .extracting(NatsConfig::auth)
                .containsExactly(
                        new NatsAuth.CredentialsFile(Path.of(credentials)),
                        new NatsAuth.CredentialsFile(Path.of(credentials)),
                        new NatsAuth.UserPassword("ann", "x"));
        assertThat(asked.getFirst().authorities()).isEqualTo(folder.resolve("ca.pem"));
    }

    @ParameterizedTest
    @CsvSource({
        "--nats-creds, missing, 3, cannot be read",
        "--nats-creds, secret, 2, BEGIN NATS USER JWT|no NATS USER JWT",
        "--nats-nkey, missing, 3, cannot be read",
        "--nats-nkey, secret, 2, must have 58 characters",
        "--nats-ca, missing, 3, cannot be read",
        "--nats-password-file, secret, 2, needs a user",
        "--nats-user, joe, 2, has no password",
    })
    void login_badOption_saysWhatIsWrongAndNoSecret(String option, String value, int exitCode, String expected)
            throws IOException {
        Path there = Path.of(file("secret", "hush"));

        var outcome = run(
                Map.of(),
                "app",
                "list",
                option,
                value.equals("joe") ? value : there.resolveSibling(value).toString());

        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(exitCode);
        assertThat(outcome.err()).containsPattern(expected).contains("help: ").doesNotContain("hush");
        assertThat(asked).isEmpty();
    }

    @Test
    void login_twoWays_isUsage() throws IOException {
        var outcome = run(
                Map.of("TRELLIS_NATS_PASSWORD", "hush"),
                "app",
                "list",
                "--nats-user",
                "joe",
                "--nats-nkey",
                file("n", "x"));

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).contains("one way to log in", "an nkey and user joe");
    }

    @Test
    void login_passwordInTheUrlOfTheCommandLine_isWarnedOf() {
        assertThat(run(Map.of(), "app", "list", "--nats", "nats://joe:hush@127.0.0.1:1")
                        .err())
                .contains("ps")
                .doesNotContain("hush");
        assertThat(run(Map.of("TRELLIS_NATS_URL", "nats://joe:hush@127.0.0.1:1"), "app", "list")
                        .err())
                .doesNotContain("(ps)", "hush");
    }

    @Test
    void login_serverRefuses_saysWhoAndWhatToGive() throws Exception {
        try (NatsServer server = NatsServer.start("""
                authorization { users: [ { user: joe, password: hush,
                  permissions: { publish: "wadm.>", subscribe: "_INBOX_client.>" } } ] }
                """)) {
            var environment = Map.of("TRELLIS_NATS_URL", server.url(), "TRELLIS_NATS_USER", "joe");
            Shell shell = new Shell(environment, NatsTransport::connect);

            var wrongPassword =
                    shell.run("app", "list", "--nats-user", "joe", "--nats-password-file", file("p", "wrong"));
            assertThat(wrongPassword.exitCode()).isEqualTo(6);
            assertThat(wrongPassword.err())
                    .contains("user 'joe'", "role client", "--nats-creds")
                    .doesNotContain("wrong");

            String right = file("right", "hush");
            var wrongRole =
                    shell.run("host", "--nats-user", "joe", "--nats-password-file", right, "--data", folder.toString());
            assertThat(wrongRole.exitCode()).isEqualTo(6);
            assertThat(wrongRole.err()).contains("_INBOX_host", "user 'joe'", "credentials of role host");

            var wrongSubject = shell.run("host", "list", "--nats-user", "joe", "--nats-password-file", right);
            assertThat(wrongSubject.exitCode()).as(wrongSubject.err()).isEqualTo(6);
            assertThat(wrongSubject.err()).contains("wasmbus.ctl.v1.default.host.ping", "user 'joe'", "permission");
        }
    }
}
