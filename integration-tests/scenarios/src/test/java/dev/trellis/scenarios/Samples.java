package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Applications of {@code manifests}, each component on a host of its own choice and each listener on a port of its own. */
final class Samples {
    private static final String SCALER = """
                    - type: spreadscaler
                      properties:
                        instances: 8
            """;
    private final Lattice lattice;
    private final Map<String, Path> files = new HashMap<>();
    private final Map<String, Integer> ports = new HashMap<>();

    Samples(Lattice lattice) {
        this.lattice = lattice;
    }

    /**
     * Prepares an application.
     *
     * @param folder in {@code manifests}
     * @param roles where each component runs: the label that its hosts have; without, it is "front"
     * @param replaced texts of the manifest with what is there instead
     */
    Samples add(String name, String folder, Map<String, String> roles, Map<String, String> replaced)
            throws IOException {
        int port = Lattice.freePort();
        String text = Files.readString(TrellisProcess.root().resolve("manifests/" + folder + "/wadm.yaml"))
                .replace("\n  name: " + folder + "\n", "\n  name: " + name + "\n")
                .replace("0.0.0.0:8080", "127.0.0.1:" + port)
                .replace(
                        "../../actor-sdk",
                        TrellisProcess.root().resolve("actor-sdk").toString())
                .replace("redis://localhost:6379", lattice.redis().url());
        for (var each : replaced.entrySet()) {
            assertThat(text).contains(each.getKey());
            text = text.replace(each.getKey(), each.getValue());
        }
        Path file = lattice.directory().resolve(name + ".yaml");
        Files.writeString(file, pinned(text, roles));
        files.put(name, file);
        ports.put(name, port);
        return this;
    }

    private static String pinned(String manifest, Map<String, String> roles) {
        String[] blocks = manifest.split("(?m)^(?=    - name: )");
        for (int i = 1; i < blocks.length; i++) {
            String block = blocks[i];
            String role =
                    roles.getOrDefault(block.lines().findFirst().orElseThrow().replace("    - name: ", ""), "front");
            String scaler = scaler(block.contains("type: capability") ? 1 : 8, role);
            block = block.replace(SCALER, "");
            blocks[i] = block.contains("      traits:\n")
                    ? block.replace("      traits:\n", "      traits:\n" + scaler)
                    : block + "      traits:\n" + scaler;
        }
        return String.join("", blocks);
    }

    private static String scaler(int instances, String label) {
        return """
                        - type: spreadscaler
                          properties:
                            instances: %d
                            spread:
                              - name: pinned
                                requirements:
                                  role: %s
                """.formatted(instances, label);
    }

    /** Deploys all of them at once and waits until each is. */
    void deploy() throws Exception {
        try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Lattice.Result>> results = new ArrayList<>();
            files.values()
                    .forEach(file ->
                            results.add(each.submit(() -> lattice.trellis("deploy", file.toString(), "--wait=90s"))));
            for (Future<Lattice.Result> result : results) {
                assertThat(result.get().exit()).as(result.get().messages()).isZero();
            }
        }
    }

    URI url(String name, String path) {
        return URI.create("http://127.0.0.1:" + ports.get(name) + path);
    }
}
