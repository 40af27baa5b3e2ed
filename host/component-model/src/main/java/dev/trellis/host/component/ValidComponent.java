package dev.trellis.host.component;

import dev.trellis.host.engine.EngineConfig;
import dev.trellis.host.engine.ExternalType;
import dev.trellis.host.engine.ModuleOutline;
import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmEngine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A component that keeps to every rule that can be checked before it runs. Its lists are its index spaces, each filled by
 * the definitions of {@link #source} in their order. Immutable; safe for concurrent use.
 */
public final class ValidComponent {
    /** What a core type index stands for. */
    public sealed interface CoreType {
        record Function(Signature signature) implements CoreType {}

        record Module(ModuleOutline outline) implements CoreType {}
    }

    private final Component source;
    private final ComponentType type;
    private final List<ValidComponent> nested;
    private final List<TypeEntity> types;
    private final List<FunctionType> functions;
    private final List<InstanceType> instances;
    private final List<ComponentType> components;
    private final List<Signature> coreFunctions;
    private final List<ModuleOutline> coreModules;
    private final List<Map<String, ExternalType>> coreInstances;
    private final List<CoreType> coreTypes;

    ValidComponent(Component source, ComponentType type, List<ValidComponent> nested, Scope scope) {
        this.source = source;
        this.type = type;
        this.nested = List.copyOf(nested);
        this.types = List.copyOf(scope.types);
        this.functions = List.copyOf(scope.functions);
        this.instances = List.copyOf(scope.instances);
        this.components = List.copyOf(scope.components);
        List<Signature> signatures = new ArrayList<>();
        for (ExternalType function : scope.coreFunctions) {
            if (function instanceof ExternalType.Function(Signature signature)) {
                signatures.add(signature);
            }
        }
        this.coreFunctions = List.copyOf(signatures);
        this.coreModules = List.copyOf(scope.coreModules);
        List<Map<String, ExternalType>> exports = new ArrayList<>();
        scope.coreInstances.forEach(one -> exports.add(Collections.unmodifiableMap(new LinkedHashMap<>(one))));
        this.coreInstances = List.copyOf(exports);
        this.coreTypes = List.copyOf(scope.coreTypes);
    }

    /**
     * Decodes and validates. Takes time and memory in proportion to the size of {@code binary}, with fixed bounds on what
     * its types may multiply to.
     *
     * @param binary a component; copied
     * @param config bounds of the core modules within it
     * @throws InvalidComponentException with the offset and the rule, at the first rule that is broken
     */
    public static ValidComponent of(byte[] binary, EngineConfig config) {
        return ComponentValidator.validate(
                ComponentDecoder.decode(binary.clone()), module -> ModuleOutline.of(module, config));
    }

    /**
     * As {@link #of(byte[], EngineConfig)}, with the bounds of an engine. Core modules that it has compiled before, and still
     * has, are not validated again.
     */
    public static ValidComponent of(byte[] binary, WasmEngine engine) {
        return ComponentValidator.validate(ComponentDecoder.decode(binary.clone()), engine::outline);
    }

    /** Whether bytes claim to be a component, as opposed to a core module. */
    public static boolean isComponent(byte[] binary) {
        return binary.length >= 8
                && binary[0] == 0
                && binary[1] == 'a'
                && binary[2] == 's'
                && binary[3] == 'm'
                && binary[6] == 1
                && binary[7] == 0;
    }

    public Component source() {
        return source;
    }

    public ComponentType type() {
        return type;
    }

    /** The components that {@link Definition.NestedComponent} definitions of {@link #source} hold, in their order. */
    public List<ValidComponent> nested() {
        return nested;
    }

    public List<TypeEntity> types() {
        return types;
    }

    public List<FunctionType> functions() {
        return functions;
    }

    public List<InstanceType> instances() {
        return instances;
    }

    public List<ComponentType> components() {
        return components;
    }

    public List<Signature> coreFunctions() {
        return coreFunctions;
    }

    public List<ModuleOutline> coreModules() {
        return coreModules;
    }

    /** Exports by name. */
    public List<Map<String, ExternalType>> coreInstances() {
        return coreInstances;
    }

    public List<CoreType> coreTypes() {
        return coreTypes;
    }
}
