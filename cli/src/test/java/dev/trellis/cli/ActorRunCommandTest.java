package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActorRunCommandTest {
    private static final Path ROOT = Path.of(System.getProperty("trellis.root", ".."));
    private static final String PROBE =
            ROOT.resolve("host/wasi/src/test/guests/probe/probe.wasm").toString();

    /** One for all, so that the guest is compiled once. */
    @TempDir
    static Path data;

    @TempDir
    Path folder;

    private Shell.Outcome run(String... arguments) {
        return new Shell(Map.of("TRELLIS_DATA", data.toString()), config -> {
                    throw new TransportException(
                            new TransportFailure.Unreachable(config.servers(), "connection refused"));
                })
                .run(Stream.concat(Stream.of("actor", "run"), Stream.of(arguments))
                        .toArray(String[]::new));
    }

    @Test
    void run_command_getsWhatIsGivenAndItsExitCodeIsPassedOn() {
        var outcome = run(PROBE, "--env", "A=b=c", "--env", "D=", "--", "args", "env", "dirs", "err e", "exit 42");

        assertThat(outcome.exitCode()).isEqualTo(42);
        assertThat(outcome.out().lines())
                .containsExactly("probe.wasm|args|env|dirs|err e|exit 42", "A=b=c|D=", "", "told");
        assertThat(outcome.err()).isEqualTo("e");
    }

    @Test
    void run_directories_areAsTheOptionSays() throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "directories for commands need Linux");
        Files.writeString(folder.resolve("a"), "text");
        var outcome = run(
                PROBE, "--dir", folder.toString(), "--dir", folder + "::/work:ro", "--", "dirs", "rm 1 a", "rm 0 a");

        assertThat(outcome.out().lines()).containsExactly(folder + "|/work", "! read-only", "done");
        assertThat(folder.resolve("a")).doesNotExist();
    }

    @Test
    void run_longerThanItsTimeout_isATimeout() {
        var outcome = run(PROBE, "--timeout", "200ms", "--", "sleep-for-ever");

        assertThat(outcome.exitCode()).isEqualTo(8);
        assertThat(outcome.err()).contains("the command took too long", "200 ms");
    }

    @Test
    void run_trap_isAFailureWithItsReason() {
        var outcome = run(PROBE, "--", "trap");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.err()).contains("the command was ended", "unreachable");
    }

    @Test
    void run_componentThatIsNoCommand_saysWhatItIs() {
        var outcome =
                run(ROOT.resolve("actor-sdk/samples/hello-http/hello-http.wasm").toString());

        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(outcome.err())
                .contains("no command", "it exports no wasi:cli/run@0.2.x but wasi:http/incoming-handler");
    }

    @Test
    void run_whatIsNotThereOrNotWasm_isSaid() throws IOException {
        assertThat(run(folder.resolve("none.wasm").toString()).exitCode()).isEqualTo(3);
        assertThat(run(Files.writeString(folder.resolve("text.wasm"), "hello").toString())
                        .exitCode())
                .isEqualTo(5);
        assertThat(run(PROBE, "--dir", "/nowhere/at/all").exitCode()).isEqualTo(3);
        assertThat(run(PROBE, "--dir", "/nowhere/at/all").err()).contains("/nowhere/at/all does not exist");
        assertThat(run(PROBE, "--dir", "::/x").exitCode()).isEqualTo(2);
        assertThat(run(PROBE, "--env", "novalue").exitCode()).isEqualTo(2);
        assertThat(run(PROBE, "--env", "novalue").err()).contains("NAME=VALUE");
    }
}
