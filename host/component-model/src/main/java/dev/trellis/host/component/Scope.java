package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.engine.ExternalType;
import dev.trellis.host.engine.ModuleOutline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The index spaces and names of a component, component type or instance type, as far as it is validated. */
final class Scope {
    enum Kind {
        COMPONENT,
        COMPONENT_TYPE,
        INSTANCE_TYPE
    }

    enum Role {
        IMPORT("import"),
        EXPORT("export");

        private final String words;

        Role(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** The names of one side: what is taken, and which resources have one. */
    static final class Names {
        final Map<String, String> taken = new HashMap<>();
        final IdentityHashMap<ResourceType, String> resources = new IdentityHashMap<>();
        final Set<String> resourceLabels = new HashSet<>();
    }

    final Kind kind;
    final @Nullable Scope parent;

    final List<TypeEntity> types = new ArrayList<>();
    final List<FunctionType> functions = new ArrayList<>();
    final List<InstanceType> instances = new ArrayList<>();
    final List<ComponentType> components = new ArrayList<>();
    final List<ModuleOutline> coreModules = new ArrayList<>();
    final List<Map<String, ExternalType>> coreInstances = new ArrayList<>();
    final List<ValidComponent.CoreType> coreTypes = new ArrayList<>();
    final List<ExternalType> coreFunctions = new ArrayList<>();
    final List<ExternalType> coreTables = new ArrayList<>();
    final List<ExternalType> coreMemories = new ArrayList<>();
    final List<ExternalType> coreGlobals = new ArrayList<>();
    final List<ExternalType> coreTags = new ArrayList<>();

    final Map<String, ExternType> imports = new LinkedHashMap<>();
    final Map<String, ExternType> exports = new LinkedHashMap<>();
    final Names importNames = new Names();
    final Names exportNames = new Names();
    /** Types that the outside can name, and through what. */
    final IdentityHashMap<TypeEntity, Role> visible = new IdentityHashMap<>();
    /** Resources that imports introduce. */
    final Set<Resource> imported = identitySet();
    /** Resources that exports of a type introduce. */
    final Set<Resource> fresh = identitySet();
    /** Resources that this component defines itself. */
    final Set<Resource> local = identitySet();

    Scope(Kind kind, @Nullable Scope parent) {
        this.kind = kind;
        this.parent = parent;
    }

    Names names(Role role) {
        return role == Role.IMPORT ? importNames : exportNames;
    }

    Map<String, ExternType> externs(Role role) {
        return role == Role.IMPORT ? imports : exports;
    }

    /** Whether the type of an import or export may mention {@code type}, which has a name in source languages. */
    boolean isVisible(TypeEntity type, Role role) {
        Role through = visible.get(type);
        return through != null && (role == Role.EXPORT || through == Role.IMPORT);
    }

    TypeEntity type(int index, int offset) {
        return get(types, index, offset, Sort.TYPE);
    }

    static <T> T get(List<T> space, int index, int offset, Sort sort) {
        if (index >= space.size()) {
            throw invalid(
                    offset,
                    sort + " " + index + " is not defined before its use; there are " + space.size() + " so far");
        }
        return space.get(index);
    }

    static <T> Set<T> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }
}
