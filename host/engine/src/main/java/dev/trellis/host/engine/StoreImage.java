package dev.trellis.host.engine;

import java.util.List;

/** Everything that the guests of a store can change, as it was at one moment. Immutable; shared by many stores. */
public final class StoreImage {
    private final List<ModuleDigest> modules;
    private final List<InstanceState.Image> instances;

    StoreImage(List<ModuleDigest> modules, List<InstanceState.Image> instances) {
        this.modules = List.copyOf(modules);
        this.instances = List.copyOf(instances);
    }

    List<ModuleDigest> modules() {
        return modules;
    }

    List<InstanceState.Image> instances() {
        return instances;
    }
}
