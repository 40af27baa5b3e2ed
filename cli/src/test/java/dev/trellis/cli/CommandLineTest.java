package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
    private static final Path MANIFEST =
            Path.of(System.getProperty("trellis.root", "..")).resolve("manifests/user-api/wadm.yaml");

    @TempDir
    Path folder;

    private Shell shell() {
        return new Shell(Map.of("TRELLIS_DATA", folder.toString()), config -> {
            throw new TransportException(new TransportFailure.Unreachable(config.servers(), "connection refused"));
        });
    }

    @Test
    void run_unknownCommand_isUsageAndSuggests() {
        var outcome = shell().run("dploy");

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("error: ", "dploy", "did you mean deploy", "help: trellis --help");
    }

    @Test
    void run_noCommand_isUsageAndShowsHelp() {
        var outcome = shell().run();

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.err()).contains("trellis up --demo", "needs one of: up, down, host");
    }

    @Test
    void run_badTime_isUsage() {
        assertThat(shell().run("app", "list", "--timeout", "soon").exitCode()).isEqualTo(2);
    }

    @Test
    void appList_noServer_isUnreachableAndSaysWhatToStart() {
        var outcome = shell().run("app", "list");

        assertThat(outcome.exitCode()).isEqualTo(7);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("no NATS server can be reached", "nats://127.0.0.1:4222", "help: ");
    }

    @Test
    void appList_noServerJson_printsOneErrorDocument() {
        var outcome = shell().run("-o", "json", "app", "list");

        assertThat(outcome.out())
                .contains("\"apiVersion\" : \"trellis.dev/v1\"", "\"kind\" : \"Error\"", "\"exit_code\" : 7");
    }

    @Test
    void natsUrl_credentialsInIt_areNotShown() {
        var outcome = shell().run("app", "list", "--nats", "nats://me:secret@127.0.0.1:1");

        assertThat(outcome.err()).contains("nats://127.0.0.1:1").doesNotContain("secret@127");
    }

    @Test
    void validate_goodManifest_isOk() {
        var outcome = shell().run("validate", MANIFEST.toString());

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out()).contains("is valid: application user-api, 1 actor, 2 capabilities, 2 links");
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void validate_unknownTrait_pointsAtIt() throws IOException {
        Path bad = folder.resolve("bad.yaml");
        Files.writeString(bad, Files.readString(MANIFEST).replace("type: spreadscaler", "type: spredscaler"));

        var outcome = shell().run("validate", bad.toString());

        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("bad.yaml:12:17", "did you mean 'spreadscaler'?", "^", "help: ");
        assertThat(shell().run("validate", bad.toString(), "-o", "json").out())
                .contains("\"valid\" : false", "\"line\" : 12", "\"nearest\" : \"spreadscaler\"");
    }

    @Test
    void validate_noSuchFile_isNotFound() {
        assertThat(shell().run("validate", folder.resolve("none.yaml").toString())
                        .exitCode())
                .isEqualTo(3);
    }

    @Test
    void down_nothingRuns_isNotFound() {
        var outcome = shell().run("down");

        assertThat(outcome.exitCode()).isEqualTo(3);
        assertThat(outcome.err()).contains("no `trellis up` runs", folder.toString());
    }

    @Test
    void version_json_isOneDocument() {
        var outcome = shell().run("version", "-o", "json");

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out()).contains("\"kind\" : \"Version\"", "\"java\"");
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void duration_everyUnit_isReadAndWritten() {
        var converter = new DurationConverter();

        assertThat(converter.convert("500ms")).isEqualTo(Duration.ofMillis(500));
        assertThat(converter.convert("1m30s")).isEqualTo(Duration.ofSeconds(90));
        assertThat(DurationConverter.format(Duration.ofSeconds(90))).isEqualTo("1m30s");
        assertThat(DurationConverter.format(Duration.ofHours(2))).isEqualTo("2h");
    }
}
