package dev.trellis.host.node;

import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LatticeName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * What a host is started with.
 *
 * @param labels the user's labels; {@code hostcore.*} ones are added
 * @param dataDirectory where the host keeps its key, its compiled modules and what its providers store; one running host
 *     each
 * @param images local files that stand in for image references on this host
 * @param heartbeat time between {@code host_heartbeat} events; liveness has its own, faster beat
 * @param drain time that calls in flight get when the host stops
 */
public record HostConfig(
        LatticeName lattice,
        HostId id,
        String friendlyName,
        Labels labels,
        Path dataDirectory,
        Map<ImageRef, Path> images,
        Duration heartbeat,
        Duration drain,
        String version) {
    /** Heartbeat of wasmCloud 1.9. */
    public static final Duration HEARTBEAT_DEFAULT = Duration.ofSeconds(30);

    /** Grace that ends a stop even when calls hang. */
    public static final Duration DRAIN_DEFAULT = Duration.ofSeconds(5);

    public HostConfig {
        images = Map.copyOf(images);
        labels = new Labels(labels.values())
                .with("hostcore.arch", System.getProperty("os.arch").replace("amd64", "x86_64"))
                .with("hostcore.os", System.getProperty("os.name").toLowerCase(Locale.ROOT))
                .with("hostcore.osfamily", System.getProperty("os.name").startsWith("Windows") ? "windows" : "unix");
    }

    /** A config with the default times. */
    public static HostConfig of(
            LatticeName lattice,
            HostId id,
            String friendlyName,
            Labels labels,
            Path dataDirectory,
            Map<ImageRef, Path> images,
            String version) {
        return new HostConfig(
                lattice, id, friendlyName, labels, dataDirectory, images, HEARTBEAT_DEFAULT, DRAIN_DEFAULT, version);
    }
}
