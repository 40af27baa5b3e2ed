package dev.trellis.host.wasmbus;

import dev.trellis.host.engine.CompiledModule;
import dev.trellis.host.engine.ExternalKind;
import dev.trellis.host.engine.ModuleExport;
import dev.trellis.host.engine.ModuleImport;
import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A module that is a classic actor: its imports are allowed, it has an entry point, and its claims, if any, hold. */
public final class WasmbusModule {
    static final String GUEST_CALL = "__guest_call";
    static final String START = "_start";

    private static final List<String> CLAIMS_SECTIONS = List.of("wasmcloud_jwt", "jwt");
    private static final Signature GUEST_CALL_SIGNATURE =
            new Signature(List.of(WasmType.I32, WasmType.I32), List.of(WasmType.I32));
    private static final Signature START_SIGNATURE = new Signature(List.of(), List.of());
    private static final int EXPORTS_NAMED_MAX = 10;
    private static final int NAME_LENGTH_MAX = 100;

    private final CompiledModule module;
    private final boolean command;
    private final Optional<ActorClaims> claims;

    private WasmbusModule(CompiledModule module, boolean command, Optional<ActorClaims> claims) {
        this.module = module;
        this.command = command;
        this.claims = claims;
    }

    /**
     * Looks at what a module imports, exports and claims; runs nothing of it. The hash of the module that claims may hold
     * is not compared.
     *
     * @throws ModuleRefusedException if it is no classic actor
     */
    public static WasmbusModule inspect(CompiledModule module, Instant now) {
        for (ModuleImport wanted : module.imports()) {
            checkImport(wanted);
        }
        boolean command = isCommand(module.exports());
        Optional<ActorClaims> claims = CLAIMS_SECTIONS.stream()
                .flatMap(name -> module.customSection(name).stream())
                .findFirst()
                .map(token -> ClaimsToken.verify(token, now));
        return new WasmbusModule(module, command, claims);
    }

    CompiledModule module() {
        return module;
    }

    /** Whether each call is one run of {@code _start}: operation as argument, payload on the standard streams. */
    public boolean command() {
        return command;
    }

    /** What the signed token inside the module says; empty if there is none. */
    public Optional<ActorClaims> claims() {
        return claims;
    }

    private static boolean isCommand(List<ModuleExport> exports) {
        if (has(exports, GUEST_CALL, GUEST_CALL_SIGNATURE)) {
            return false;
        }
        if (has(exports, START, START_SIGNATURE)
                && exports.stream().noneMatch(e -> e.name().equals(GUEST_CALL))) {
            return true;
        }
        String found = exports.isEmpty()
                ? "nothing"
                : exports.stream()
                        .limit(EXPORTS_NAMED_MAX)
                        .map(WasmbusModule::describe)
                        .collect(Collectors.joining(", "));
        throw new ModuleRefusedException(new ModuleRefusal.NoEntryPoint(
                exports.size() > EXPORTS_NAMED_MAX
                        ? found + " and " + (exports.size() - EXPORTS_NAMED_MAX) + " more"
                        : found));
    }

    private static boolean has(List<ModuleExport> exports, String name, Signature signature) {
        return exports.stream()
                .anyMatch(export -> export.name().equals(name)
                        && export.signature().filter(signature::equals).isPresent());
    }

    private static String describe(ModuleExport export) {
        String kind = export.signature()
                .map(Signature::toString)
                .orElseGet(() -> "(" + export.kind().name().toLowerCase(Locale.ROOT) + ")");
        return shorten(export.name()) + " " + kind;
    }

    private static void checkImport(ModuleImport wanted) {
        boolean known;
        if (WasmbusImports.MODULES.contains(wanted.module())) {
            known = WasmbusImports.NAMES.contains(wanted.name());
        } else {
            known = wanted.module().equals(CommandImports.MODULE); // its functions are the engine's to know
        }
        if (!known || wanted.kind() != ExternalKind.FUNCTION) {
            throw new ModuleRefusedException(new ModuleRefusal.ForeignImport(
                    shorten(wanted.module()) + "." + shorten(wanted.name())
                            + (wanted.kind() == ExternalKind.FUNCTION
                                    ? ""
                                    : " (a " + wanted.kind().name().toLowerCase(Locale.ROOT) + ")"),
                    nearest(wanted)));
        }
    }

    private static String nearest(ModuleImport wanted) {
        if (!WasmbusImports.MODULES.contains(wanted.module())
                && !WasmbusImports.NAMES.contains(wanted.name())
                && wanted.module().startsWith("wasi")) {
            return CommandImports.MODULE + "." + shorten(wanted.name());
        }
        String module = WasmbusImports.MODULES.contains(wanted.module()) ? wanted.module() : "wasmbus";
        String best = WasmbusImports.NAMES.getFirst();
        int bestDistance = Integer.MAX_VALUE;
        for (String name : WasmbusImports.NAMES) {
            int distance = distance(name, shorten(wanted.name()));
            if (distance < bestDistance) {
                bestDistance = distance;
                best = name;
            }
        }
        return module + "." + best;
    }

    /** Levenshtein's. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }

    private static String shorten(String name) {
        return name.length() <= NAME_LENGTH_MAX ? name : name.substring(0, NAME_LENGTH_MAX) + "...";
    }
}
