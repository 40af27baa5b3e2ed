package dev.trellis.host.component;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a component imports, found in what the host offers.
 *
 * @param items by the names of the imports; without those that are a problem
 * @param problems what is missing, in the order of the imports
 */
record HostImports(Map<String, LinkItem> items, List<ComponentLinkException> problems) {
    private static final class Finder {
        private final ComponentImports offered;
        private final Function<ComponentImports.Resource<?>, ResourceDefinition> definitions;
        private final Map<String, LinkItem> items = new HashMap<>();
        private final List<ComponentLinkException> problems = new ArrayList<>();
        private final IdentityHashMap<Resource, ComponentImports.Resource<?>> bound = new IdentityHashMap<>();

        Finder(ComponentImports offered, Function<ComponentImports.Resource<?>, ResourceDefinition> definitions) {
            this.offered = offered;
            this.definitions = definitions;
        }

        void find(String name, ExternType type) {
            switch (type) {
                case ExternType.Instance(InstanceType instance) -> instance(name, instance);
                case ExternType.Function _ ->
                    offered.function(name)
                            .ifPresentOrElse(
                                    function -> items.put(
                                            name, new LinkItem.Function(new LinkItem.HostCallee(name, function))),
                                    () -> missing(type.sort(), name));
                case ExternType.Type(TypeEntity entity)
                when !(entity instanceof ResourceType) -> items.put(name, new LinkItem.Type(null));
                case ExternType.Type _, ExternType.Module _, ExternType.Component _ -> missing(type.sort(), name);
            }
        }

        private void missing(Sort sort, String name) {
            problem(
                    "import " + name,
                    "the component needs this " + sort + ", there is none" + nearest(offered.nearest(name)));
        }

        private void problem(String subject, String expectation) {
            problems.add(new ComponentLinkException(subject, expectation));
        }

        private static String nearest(Optional<String> name) {
            return name.map(near -> "; the nearest is " + near).orElse("");
        }

        private void instance(String name, InstanceType type) {
            Optional<ComponentImports.Interface> found = offered.find(name);
            if (found.isEmpty()
                    && type.exports().values().stream().anyMatch(one -> one instanceof ExternType.Function)) {
                missing(Sort.INSTANCE, name);
                return;
            }
            Map<String, ComponentImports.Function> functions =
                    found.map(ComponentImports.Interface::functions).orElse(Map.of());
            Map<String, ComponentImports.Resource<?>> resources =
                    found.map(ComponentImports.Interface::resources).orElse(Map.of());
            Map<String, LinkItem> exports = new LinkedHashMap<>();
            type.exports().forEach((export, wanted) -> {
                String subject = "import " + name + ", export " + export;
                switch (wanted) {
                    case ExternType.Function _ -> {
                        ComponentImports.Function function = functions.get(export);
                        if (function == null) {
                            problem(
                                    subject,
                                    "the component needs this function, there is none"
                                            + nearest(InterfaceNames.nearest(export, functions.keySet())));
                            return;
                        }
                        exports.put(
                                export, new LinkItem.Function(new LinkItem.HostCallee(name + "#" + export, function)));
                    }
                    case ExternType.Type(ResourceType resource) -> {
                        ResourceDefinition definition = resource(subject, resource, resources.get(export));
                        if (definition != null) {
                            exports.put(export, new LinkItem.Type(definition));
                        }
                    }
                    case ExternType.Type _ -> exports.put(export, new LinkItem.Type(null));
                    case ExternType.Module _, ExternType.Instance _, ExternType.Component _ ->
                        problem(subject, "the host offers functions and resources, this is a " + wanted.sort());
                }
            });
            items.put(name, new LinkItem.Instance(exports));
        }

        /** Null if there is none. */
        @SuppressWarnings("ReferenceEquality") // a resource is its object
        private @Nullable ResourceDefinition resource(
                String subject, ResourceType type, ComponentImports.@Nullable Resource<?> own) {
            ComponentImports.Resource<?> before = bound.get(type.identity());
            ComponentImports.Resource<?> resource = own == null ? before : own;
            if (resource == null) {
                problem(subject, "the component needs this resource, there is none");
                return null;
            }
            if (before != null && before != resource) {
                problem(subject, "the resource is the one of an interface before; the host offers another");
                return null;
            }
            bound.put(type.identity(), resource);
            return definitions.apply(resource);
        }
    }

    /**
     * Looks for all imports of a component.
     *
     * @param definitions gives each resource of the host its definition
     */
    static HostImports find(
            ValidComponent component,
            ComponentImports offered,
            Function<ComponentImports.Resource<?>, ResourceDefinition> definitions) {
        Finder finder = new Finder(offered, definitions);
        component.type().imports().forEach(finder::find);
        return new HostImports(finder.items, finder.problems);
    }
}
