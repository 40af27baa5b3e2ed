package dev.trellis.cli;

import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.InvalidModuleException;
import dev.trellis.host.engine.ModuleExport;
import dev.trellis.host.engine.ModuleImport;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.host.wasmbus.ActorClaims;
import dev.trellis.host.wasmbus.ModuleRefusedException;
import dev.trellis.host.wasmbus.WasmbusModule;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code trellis actor inspect}: what a file needs and gives, with nothing but the file. */
@Command(
        name = "inspect",
        description = {
            "Say what kind of actor a .wasm file is, what it imports and what it exports.",
            "The world of a component is printed as WIT, with what each import is linked to and the links to write",
            "into wadm.yaml. If something is missing, the exit code is 5."
        },
        footer = {"", "Example:", "  trellis actor inspect build/user-actor.wasm"})
final class ActorInspectCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "FILE", description = "A component or a core module in binary form.")
    Path file = Path.of("actor.wasm");

    ActorInspectCommand(Session session) {
        this.console = session.console();
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        byte[] bytes = WasmFile.read(file);
        if (ValidComponent.isComponent(bytes)) {
            return component(bytes);
        }
        module(bytes);
        return ExitCode.OK.number();
    }

    // ---- components

    private int component(byte[] bytes) throws CliException {
        ValidComponent component = WasmFile.component(file, bytes);
        return new ComponentReport(console, file, component, head("component", bytes)).print();
    }

    // ---- core modules

    private void module(byte[] bytes) throws CliException, InterruptedException {
        try (var engine = new WasmEngine(EngineConfig.DEFAULTS)) {
            CompiledModule module = engine.load(bytes);
            WasmbusModule actor = WasmbusModule.inspect(module, Instant.now());
            classic(bytes, module, actor);
        } catch (InvalidModuleException e) {
            CliException refused = new CliException(
                            ExitCode.INVALID,
                            "the module is refused",
                            "give the .wasm file that the actor's build writes")
                    .because(e.rule());
            throw refused.at(
                    file + (e.offset().isPresent() ? ", byte " + e.offset().getAsLong() : ""));
        } catch (ModuleRefusedException e) {
            throw new CliException(
                            ExitCode.INVALID,
                            "the module is valid, but no actor",
                            "build it for wasmCloud's classic actors, or as a WASI command")
                    .at(file.toString())
                    .because(e);
        }
    }

    private void classic(byte[] bytes, CompiledModule module, WasmbusModule actor) {
        Map<String, List<String>> imports = new TreeMap<>();
        for (ModuleImport one : module.imports()) {
            imports.computeIfAbsent(one.module(), name -> new ArrayList<>()).add(one.name());
        }
        List<String> exports = module.exports().stream()
                .filter(export -> export.signature().isPresent())
                .map(ModuleExport::name)
                .toList();
        if (console.json()) {
            Map<String, Object> data = head("classic", bytes);
            data.put("imports", imports);
            data.put("exports", exports);
            actor.claims().ifPresent(claims -> data.put("claims", document(claims)));
            data.put("runnable", true);
            console.document("ActorInspection", data);
            return;
        }
        console.print("%s: a classic actor%s, %d bytes, sha256 %s"
                .formatted(
                        file, actor.command() ? " that runs _start for each call" : "", bytes.length, digest(bytes)));
        imports.forEach(
                (from, names) -> console.print("  imports from %s: %s".formatted(from, String.join(", ", names))));
        console.print("  exports: " + String.join(", ", exports));
        actor.claims()
                .ifPresentOrElse(
                        claims -> document(claims)
                                .forEach((key, value) -> console.print("  claim %s: %s".formatted(key, value))),
                        () -> console.print("  claims: none, the module is not signed"));
    }

    private static Map<String, Object> document(ActorClaims claims) {
        var data = new LinkedHashMap<String, Object>();
        data.put("name", claims.name());
        data.put("subject", claims.subject());
        data.put("issuer", claims.issuer());
        claims.callAlias().ifPresent(alias -> data.put("callAlias", alias));
        data.put("revision", claims.revision());
        data.put("version", claims.version());
        claims.expires().ifPresent(expires -> data.put("expires", expires.toString()));
        return data;
    }

    private Map<String, Object> head(String kind, byte[] bytes) {
        var data = new LinkedHashMap<String, Object>();
        data.put("file", file.toString());
        data.put("kind", kind);
        data.put("bytes", bytes.length);
        data.put("sha256", digest(bytes));
        return data;
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
