package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.ContractId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The packages and interfaces of the namespaces that the field defines, to warn about names mistyped in a link. */
final class KnownInterfaces {
    private static final Map<String, List<String>> PACKAGES = new TreeMap<>(Map.ofEntries(
            Map.entry("wasi:blobstore", List.of("blobstore", "container", "types")),
            Map.entry("wasi:config", List.of("runtime", "store")),
            Map.entry("wasi:http", List.of("incoming-handler", "outgoing-handler", "handler", "client", "types")),
            Map.entry("wasi:keyvalue", List.of("atomics", "batch", "store", "watch", "watcher")),
            Map.entry("wasi:logging", List.of("logging")),
            Map.entry("wasi:messaging", List.of("producer", "consumer", "request-reply", "incoming-handler", "types")),
            Map.entry("wrpc:blobstore", List.of("blobstore", "types")),
            Map.entry("wrpc:http", List.of("incoming-handler", "outgoing-handler", "types")),
            Map.entry("wrpc:keyvalue", List.of("atomics", "batch", "store", "watcher")),
            Map.entry("wasmcloud:bus", List.of("lattice")),
            Map.entry("wasmcloud:couchbase", List.of("document", "subdocument", "sqlpp", "types")),
            Map.entry("wasmcloud:messaging", List.of("consumer", "handler", "types")),
            Map.entry("wasmcloud:postgres", List.of("managed-query", "prepared", "query", "types")),
            Map.entry("wasmcloud:secrets", List.of("reveal", "store")),
            Map.entry("wasmcloud:httpserver", List.of()),
            Map.entry("wasmcloud:httpclient", List.of()),
            Map.entry("wasmcloud:keyvalue", List.of()),
            Map.entry("wasmcloud:blobstore", List.of()),
            Map.entry("wasmcloud:sqldb", List.of())));
    private static final Set<String> NAMESPACES = Set.of("wasi", "wrpc", "wasmcloud");

    private KnownInterfaces() {}

    static void check(
            Problems problems,
            ContractId contract,
            List<String> interfaces,
            Position packagePosition,
            Path packagePath,
            Position interfacesPosition,
            Path interfacesPath) {
        if (!NAMESPACES.contains(contract.namespace())) {
            return;
        }
        List<String> known = PACKAGES.get(contract.value());
        if (known == null) {
            List<String> packages = PACKAGES.keySet().stream()
                    .filter(name -> name.startsWith(contract.namespace() + ":"))
                    .map(name -> name.substring(name.indexOf(':') + 1))
                    .toList();
            warn(problems, packagePosition, packagePath, "package", contract.value(), contract.packageName(), packages);
            return;
        }
        for (String name : interfaces) {
            if (!known.isEmpty() && !known.contains(name)) {
                warn(problems, interfacesPosition, interfacesPath, "interface", contract + "/" + name, name, known);
            }
        }
    }

    private static void warn(
            Problems problems,
            Position position,
            Path path,
            String noun,
            String shown,
            String name,
            List<String> valid) {
        Optional<String> nearest = Nearest.of(name, valid);
        problems.warning(
                position,
                path,
                "unknown " + noun + " " + Problems.quote(shown)
                        + nearest.map(n -> ", did you mean '" + n + "'?").orElse(""),
                Problems.oneOf(valid));
    }
}
