package dev.trellis.wadm.core;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.Labels;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.CapabilityComponent;
import dev.trellis.wadm.manifest.ConfigEntry;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestComponent;
import dev.trellis.wadm.manifest.ManifestLink;
import dev.trellis.wadm.manifest.Position;
import dev.trellis.wadm.manifest.Slug;
import dev.trellis.wadm.manifest.Spread;
import dev.trellis.wadm.manifest.SpreadScaler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Manifests for tests, built part by part. */
final class Manifests {
    static final String KEYVALUE = "wasmcloud:keyvalue";

    private final String application;
    private final Map<String, String> annotations;
    private final List<ManifestComponent> components = new ArrayList<>();

    private Manifests(String application, Map<String, String> annotations) {
        this.application = application;
        this.annotations = annotations;
    }

    static Manifests of(String application) {
        return new Manifests(application, Map.of());
    }

    static Manifests of(String application, Map<String, String> annotations) {
        return new Manifests(application, annotations);
    }

    Manifests actor(String name, String image, int instances, Spread... spreads) {
        return actor(name, image, instances, List.of(), spreads);
    }

    Manifests actor(String name, String image, int instances, List<ManifestLink> links, Spread... spreads) {
        components.add(new ActorComponent(
                name,
                Slug.entityId(application, name),
                false,
                new ImageRef(image),
                Position.START,
                List.of(),
                List.of(),
                List.of(scaler(instances, spreads)),
                links,
                Position.START));
        return this;
    }

    Manifests provider(String name, String image, Map<String, String> config, int instances, Spread... spreads) {
        components.add(new CapabilityComponent(
                name,
                Slug.entityId(application, name),
                false,
                new ImageRef(image),
                Position.START,
                Optional.empty(),
                Optional.empty(),
                config.isEmpty() ? List.of() : List.of(managed(configKey(name), config)),
                List.of(),
                List.of(scaler(instances, spreads)),
                List.of(),
                Position.START));
        return this;
    }

    Manifests reading(String name, String image, String configName) {
        components.add(new CapabilityComponent(
                name,
                Slug.entityId(application, name),
                false,
                new ImageRef(image),
                Position.START,
                Optional.empty(),
                Optional.empty(),
                List.of(new ConfigEntry(configName, configName, Optional.empty(), Position.START)),
                List.of(),
                List.of(scaler(1)),
                List.of(),
                Position.START));
        return this;
    }

    ManifestLink link(String source, String target, Map<String, String> targetConfig) {
        return new ManifestLink(
                source,
                Slug.entityId(application, source),
                target,
                Slug.entityId(application, target),
                LinkName.DEFAULT,
                new ContractId(KEYVALUE),
                List.of(),
                List.of(),
                targetConfig.isEmpty()
                        ? List.of()
                        : List.of(managed(configKey(source) + "-" + Slug.of(target) + "-default-target", targetConfig)),
                List.of(),
                List.of(),
                Position.START);
    }

    Deployment deployment(String version) {
        return new Deployment(
                new Manifest(
                        application,
                        Optional.of(version),
                        Optional.empty(),
                        Map.of(),
                        annotations,
                        components,
                        List.of(),
                        new Manifest.Source("test", ""),
                        List.of()),
                version);
    }

    EntityId id(String component) {
        return Slug.entityId(application, component);
    }

    private String configKey(String component) {
        return Slug.of(application) + "-" + Slug.of(component) + "-config";
    }

    private static ConfigEntry managed(String key, Map<String, String> values) {
        return new ConfigEntry(ConfigEntry.UNNAMED, key, Optional.of(values), Position.START);
    }

    private static SpreadScaler scaler(int instances, Spread... spreads) {
        return new SpreadScaler(
                instances,
                spreads.length == 0 ? List.of(spread(Spread.DEFAULT_NAME, 100)) : List.of(spreads),
                Position.START);
    }

    static Spread spread(String name, int weight, String... requirements) {
        var labels = Labels.NONE;
        for (int i = 0; i < requirements.length; i += 2) {
            labels = labels.with(requirements[i], requirements[i + 1]);
        }
        return new Spread(name, labels, weight, Position.START);
    }
}
