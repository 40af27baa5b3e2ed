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
    void inspect_component_saysWhatEachImportIsLinkedTo() {
        var outcome = shell().run(
                        "actor",
                        "inspect",
                        ROOT.resolve("actor-sdk/samples/counter/counter.wasm").toString());

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out())
                .contains("import wasi:io/streams@0.2.12;", "resource output-stream {")
                .containsPattern("//   wasi:io/streams@0.2.12 +the host\n")
                .containsPattern("wasi:keyvalue/atomics@0.2.0-draft +a provider of wasmcloud:keyvalue, by a link\n")
                .containsPattern("wasi:http/incoming-handler@0.2.12 +an HTTP server, by its link of wasi:http")
                .contains("//       interfaces: [store, atomics, batch]\n", "// It runs as an actor.");
    }

    @Test
    void inspect_componentOfItsOwnWit_asksForALinkToAnActor() {
        var outcome = shell().run(
                        "-o",
                        "json",
                        "actor",
                        "inspect",
                        ROOT.resolve("actor-sdk/samples/shop/front/shop-front.wasm")
                                .toString());

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.out())
                .contains(
                        "\"name\" : \"acme:shop/pricing@1.0.0\"",
                        "\"from\" : \"actor\"",
                        "\"interfaces\" : [ \"pricing\" ]",
                        "\"calledBy\" : \"http-server\"",
                        "\"runnable\" : true");
    }

    @Test
    void inspect_componentWithImportsOfNobody_isInvalidAndSaysWhatIsNearest() {
        String file = ROOT.resolve("host/wasi/src/test/resources/dev/trellis/host/wasi/wants-unknown.wasm")
                .toString();

        var outcome = shell().run("actor", "inspect", file);
        var json = shell().run("-o", "json", "actor", "inspect", file);

        assertThat(outcome.exitCode()).isEqualTo(5);
        assertThat(outcome.out())
                .containsPattern("monotonic-clocks@0.2.0 +MISSING: .*the nearest is wasi:clocks/monotonic-clock@0.2.12")
                .contains("// It does not run: 2 of its imports are missing.");
        assertThat(json.exitCode()).isEqualTo(5);
        assertThat(json.out()).contains("\"from\" : \"nowhere\"", "\"runnable\" : false");
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
