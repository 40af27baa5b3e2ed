package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActorInspectCommandTest {
    private static final Path ROOT = Path.of(System.getProperty("trellis.root", ".."));
    private static final Path COMPONENTS =
            ROOT.resolve("host/component-model/src/test/resources/dev/trellis/host/component");

    @TempDir
    Path folder;

    private Shell shell() {
        return new Shell(Map.of("TRELLIS_DATA", folder.toString()), config -> {
            throw new TransportException(new TransportFailure.Unreachable(config.servers(), "connection refused"));
        });
    }

    @Test
    void inspect_component_printsItsWorldAndThatItDoesNotRunYet() {
        var outcome = shell().run(
                        "actor",
                        "inspect",
                        COMPONENTS.resolve("valid/shim-and-fixup.wasm").toString());

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out())
                .contains("a valid component", "import wasi:io/streams@0.2.6;", "resource output-stream {");
        assertThat(outcome.err()).contains("cannot be deployed yet");
    }

    @Test
    void inspect_brokenComponent_isInvalidWithByteAndRule() {
        var outcome = shell().run(
                        "actor",
                        "inspect",
                        COMPONENTS.resolve("invalid/value-too-large.wasm").toString());

        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(outcome.err()).contains("value-too-large.wasm, byte 11", "a value takes less than");
    }

    @Test
    void inspect_classicActor_saysWhatItImports() {
        var outcome = shell().run(
                        "actor",
                        "inspect",
                        ROOT.resolve("actor-sdk/samples/echo-c/echo-c.wasm").toString());

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out()).contains("a classic actor", "imports from wasmbus: ", "claims: none");
    }

    @Test
    void inspect_classicActorAsJson_isOneDocument() {
        var outcome = shell().run(
                        "-o",
                        "json",
                        "actor",
                        "inspect",
                        ROOT.resolve("actor-sdk/samples/echo-c/echo-c.wasm").toString());

        assertThat(outcome.out()).contains("\"kind\" : \"ActorInspection\"", "\"runnable\" : true");
    }

    @Test
    void inspect_missingFile_isNotFound() {
        var outcome =
                shell().run("actor", "inspect", folder.resolve("none.wasm").toString());

        assertThat(outcome.exitCode()).isEqualTo(3);
        assertThat(outcome.err()).contains("there is no such file");
    }
}
