package dev.trellis.host.component;

import dev.trellis.host.component.DefinedType.Shape;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes what a component imports and exports as WIT. */
public final class WitPrinter {
    private static final Set<String> KEYWORDS = Set.of(
            "as",
            "async",
            "bool",
            "borrow",
            "char",
            "constructor",
            "enum",
            "error-context",
            "export",
            "f32",
            "f64",
            "flags",
            "from",
            "func",
            "future",
            "import",
            "include",
            "interface",
            "list",
            "map",
            "option",
            "own",
            "package",
            "record",
            "resource",
            "result",
            "s16",
            "s32",
            "s64",
            "s8",
            "static",
            "stream",
            "string",
            "tuple",
            "type",
            "u16",
            "u32",
            "u64",
            "u8",
            "use",
            "variant",
            "with",
            "world");

    /** Where a type has its name. {@code owner} is the interface, or empty for the world itself. */
    private record Place(String owner, String name) {}

    /** Few bytes can describe types that are long when they are written out; beyond this they are cut, and it is said. */
    private static final int TYPE_USES_MAX = 200_000;

    private int uses;
    private final StringBuilder out = new StringBuilder();
    private final IdentityHashMap<DefinedType, Place> types = new IdentityHashMap<>();
    private final IdentityHashMap<Resource, Place> resources = new IdentityHashMap<>();
    /** Interfaces with a full name, by package, in the order of their first use. */
    private final Map<String, Map<String, String>> packages = new LinkedHashMap<>();

    private WitPrinter() {}

    /**
     * The world of {@code component}, called {@code root}, and the interfaces that it names, each with what the component
     * says of it. What WIT has no words for is a comment.
     */
    public static String print(ValidComponent component) {
        return new WitPrinter().world(component.type());
    }

    private String world(ComponentType type) {
        Scope world = new Scope("", 1);
        List<Supplier<String>> lines = new ArrayList<>();
        Map<String, List<Map.Entry<String, ExternType>>> members = members(type.imports());
        type.imports()
                .forEach((name, extern) -> lines.add(
                        switch (extern) {
                            case ExternType.Type(TypeEntity entity) ->
                                declaration(name, entity, members.getOrDefault(name, List.of()), world);
                            case ExternType.Function _ when resource(name).isPresent() -> () -> "";
                            case ExternType.Function _,
                                    ExternType.Instance _,
                                    ExternType.Module _,
                                    ExternType.Component _ -> item("import", name, extern, world);
                        }));
        type.exports()
                .forEach((name, extern) -> lines.add(
                        switch (extern) {
                            case ExternType.Type(TypeEntity entity) -> exported(name, entity, world);
                            case ExternType.Function(FunctionType function)
                            when resource(name).isPresent() ->
                                () -> "  // export " + name + ": " + function(function.parameters(), function, world)
                                        + "\n";
                            case ExternType.Function _,
                                    ExternType.Instance _,
                                    ExternType.Module _,
                                    ExternType.Component _ -> item("export", name, extern, world);
                        }));
        String body = lines.stream().map(Supplier::get).collect(Collectors.joining());
        if (uses > TYPE_USES_MAX) {
            out.append("// Only the first ").append(TYPE_USES_MAX).append(" uses of types are written out.\n");
        }
        out.append("package root:component;\n\nworld root {\n")
                .append(world.uses())
                .append(body)
                .append("}\n");
        packages.forEach((name, interfaces) -> {
            out.append("\npackage ").append(name).append(" {\n");
            out.append(String.join("\n", interfaces.values()));
            out.append("}\n");
        });
        return out.toString();
    }

    private Supplier<String> item(String role, String name, ExternType extern, Scope world) {
        String start = "  " + role + " ";
        return switch (extern) {
            case ExternType.Instance(InstanceType instance) -> {
                if (ExternName.parse(name) instanceof ExternName.Interface full) {
                    String owner = full.namespace() + ":" + full.pkg()
                            + full.version().map(version -> "@" + version).orElse("");
                    // What is both imported and exported is written once, as the side says it that uses more of it.
                    packages.computeIfAbsent(owner, key -> new LinkedHashMap<>())
                            .merge(
                                    full.label(),
                                    "  interface " + id(full.label()) + " {\n" + body(instance, name, 2) + "  }\n",
                                    (first, second) -> first.length() >= second.length() ? first : second);
                    yield () -> start + name + ";\n";
                }
                String body = body(instance, name, 2);
                yield () -> start + id(name) + ": interface {\n" + body + "  }\n";
            }
            case ExternType.Function(FunctionType function) ->
                () -> start + id(name) + ": " + function(function.parameters(), function, world) + ";\n";
            case ExternType.Type _, ExternType.Module _, ExternType.Component _ ->
                () -> "  // " + role + " " + name + ": " + Types.a(extern.sort()) + "\n";
        };
    }

    /** WIT has no words for types that a world itself exports. */
    private Supplier<String> exported(String name, TypeEntity entity, Scope world) {
        if (entity instanceof ResourceType resource) {
            resources.putIfAbsent(resource.identity(), new Place(world.owner, name));
        } else if (entity instanceof DefinedType defined
                && defined.nearest(types::containsKey).isEmpty()) {
            types.put(defined, new Place(world.owner, name));
        }
        return () -> "  // export " + name + ": the type of " + Types.a(entity) + "\n";
    }

    // ---- interfaces

    private String body(InstanceType instance, String owner, int depth) {
        Scope scope = new Scope(owner, depth);
        Map<String, List<Map.Entry<String, ExternType>>> members = members(instance.exports());
        // Types get their names first: methods mention types that are defined after their resource.
        List<Supplier<String>> lines = new ArrayList<>();
        instance.exports()
                .forEach((name, extern) -> lines.add(
                        switch (extern) {
                            case ExternType.Type(TypeEntity entity) ->
                                declaration(name, entity, members.getOrDefault(name, List.of()), scope);
                            case ExternType.Function(FunctionType function) ->
                                () -> resource(name).isPresent()
                                        ? ""
                                        : scope.indent + id(name) + ": "
                                                + function(function.parameters(), function, scope) + ";\n";
                            case ExternType.Instance _, ExternType.Module _, ExternType.Component _ ->
                                () -> scope.indent + "// " + name + ": " + Types.a(extern.sort()) + "\n";
                        }));
        String body = lines.stream().map(Supplier::get).collect(Collectors.joining());
        return scope.uses() + body;
    }

    /** Functions by the resource that they belong to. */
    private static Map<String, List<Map.Entry<String, ExternType>>> members(Map<String, ExternType> externs) {
        return externs.entrySet().stream()
                .filter(extern -> resource(extern.getKey()).isPresent())
                .collect(Collectors.groupingBy(
                        extern -> resource(extern.getKey()).orElseThrow()));
    }

    /** The resource that a function belongs to by its name. */
    private static Optional<String> resource(String name) {
        return switch (ExternName.parse(name)) {
            case ExternName.Constructor(String resource) -> Optional.of(resource);
            case ExternName.Method method -> Optional.of(method.resource());
            case ExternName.Static function -> Optional.of(function.resource());
            case ExternName.Plain _, ExternName.Interface _ -> Optional.empty();
        };
    }

    private Supplier<String> declaration(
            String name, TypeEntity entity, List<Map.Entry<String, ExternType>> members, Scope scope) {
        return switch (entity) {
            case ResourceType resource -> {
                Place place = resources.get(resource.identity());
                if (place != null) {
                    yield alias(name, place, scope);
                }
                resources.put(resource.identity(), new Place(scope.owner, name));
                yield () -> resource(name, members, scope);
            }
            case DefinedType defined -> {
                Optional<DefinedType> known = defined.nearest(types::containsKey);
                Place place = known.map(types::get).orElse(null);
                if (place != null) {
                    types.put(defined, place.owner.equals(scope.owner) ? new Place(scope.owner, name) : place);
                    yield alias(name, place, scope);
                }
                types.put(defined, new Place(scope.owner, name));
                yield () -> definition(name, defined, scope);
            }
            case PrimitiveType primitive -> () -> scope.indent + "type " + id(name) + " = " + primitive + ";\n";
            case FunctionType _, InstanceType _, ComponentType _ ->
                () -> scope.indent + "// " + name + ": the type of " + Types.a(entity) + "\n";
        };
    }

    private Supplier<String> alias(String name, Place place, Scope scope) {
        if (place.owner.equals(scope.owner)) {
            return () -> scope.indent + "type " + id(name) + " = " + id(place.name) + ";\n";
        }
        scope.use(place, name);
        return () -> "";
    }

    private String resource(String name, List<Map.Entry<String, ExternType>> members, Scope scope) {
        if (members.isEmpty()) {
            return scope.indent + "resource " + id(name) + ";\n";
        }
        StringBuilder body = new StringBuilder(scope.indent + "resource " + id(name) + " {\n");
        for (Map.Entry<String, ExternType> member : members) {
            if (!(member.getValue() instanceof ExternType.Function(FunctionType function))) {
                continue;
            }
            body.append(scope.indent).append("  ");
            switch (ExternName.parse(member.getKey())) {
                case ExternName.Constructor _ -> {
                    body.append("constructor(")
                            .append(parameters(function.parameters(), scope))
                            .append(")");
                    // A constructor that cannot fail says no more than that it is one.
                    function.result()
                            .filter(result ->
                                    result instanceof DefinedType type && type.shape() instanceof Shape.ResultOf)
                            .ifPresent(result -> body.append(" -> ").append(type(result, scope)));
                }
                case ExternName.Method method -> {
                    List<DefinedType.Field> parameters = function.parameters();
                    body.append(id(method.label()))
                            .append(": ")
                            .append(function(parameters.subList(1, parameters.size()), function, scope));
                }
                case ExternName.Static one ->
                    body.append(id(one.label()))
                            .append(": static ")
                            .append(function(function.parameters(), function, scope));
                case ExternName.Plain _, ExternName.Interface _ ->
                    throw new IllegalStateException("no member of a resource: " + member.getKey());
            }
            body.append(";\n");
        }
        return body.append(scope.indent).append("}\n").toString();
    }

    private String definition(String name, DefinedType type, Scope scope) {
        String indent = scope.indent;
        return switch (type.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields) ->
                block(
                        indent + "record " + id(name),
                        fields.stream().map(field -> id(field.label()) + ": " + type(field.type(), scope)),
                        indent);
            case Shape.Variant(List<DefinedType.Case> cases) ->
                block(
                        indent + "variant " + id(name),
                        cases.stream()
                                .map(one -> id(one.label())
                                        + one.type()
                                                .map(payload -> "(" + type(payload, scope) + ")")
                                                .orElse("")),
                        indent);
            case Shape.Enumeration(List<String> labels) ->
                block(indent + "enum " + id(name), labels.stream().map(WitPrinter::id), indent);
            case Shape.Flags(List<String> labels) ->
                block(indent + "flags " + id(name), labels.stream().map(WitPrinter::id), indent);
            case Shape.ListOf _,
                    Shape.FixedListOf _,
                    Shape.Tuple _,
                    Shape.OptionOf _,
                    Shape.ResultOf _,
                    Shape.MapOf _,
                    Shape.Own _,
                    Shape.Borrow _,
                    Shape.StreamOf _,
                    Shape.FutureOf _ -> indent + "type " + id(name) + " = " + anonymous(type, scope) + ";\n";
        };
    }

    private static String block(String head, Stream<String> lines, String indent) {
        return lines.map(line -> indent + "  " + line + ",\n")
                .collect(Collectors.joining("", head + " {\n", indent + "}\n"));
    }

    // ---- types in use

    private String function(List<DefinedType.Field> parameters, FunctionType function, Scope scope) {
        return (function.async() ? "async " : "") + "func(" + parameters(parameters, scope) + ")"
                + function.result().map(result -> " -> " + type(result, scope)).orElse("");
    }

    private String parameters(List<DefinedType.Field> parameters, Scope scope) {
        return parameters.stream()
                .map(parameter -> id(parameter.label()) + ": " + type(parameter.type(), scope))
                .collect(Collectors.joining(", "));
    }

    private String type(ValueType type, Scope scope) {
        if (++uses > TYPE_USES_MAX) {
            return "/* cut */";
        }
        return switch (type) {
            case PrimitiveType primitive -> primitive.toString();
            case DefinedType defined ->
                defined.nearest(types::containsKey)
                        .map(known -> named(types.getOrDefault(known, new Place("", "")), scope))
                        .orElseGet(() -> anonymous(defined, scope));
        };
    }

    private String anonymous(DefinedType type, Scope scope) {
        return switch (type.shape()) {
            case Shape.ListOf(ValueType element) -> "list<" + type(element, scope) + ">";
            case Shape.FixedListOf(ValueType element, int length) ->
                "list<" + type(element, scope) + ", " + length + ">";
            case Shape.Tuple(List<ValueType> types) ->
                types.stream().map(part -> type(part, scope)).collect(Collectors.joining(", ", "tuple<", ">"));
            case Shape.OptionOf(ValueType some) -> "option<" + type(some, scope) + ">";
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error) -> {
                if (error.isEmpty()) {
                    yield ok.map(value -> "result<" + type(value, scope) + ">").orElse("result");
                }
                yield "result<" + ok.map(value -> type(value, scope)).orElse("_") + ", " + type(error.get(), scope)
                        + ">";
            }
            case Shape.MapOf(PrimitiveType key, ValueType value) -> "map<" + key + ", " + type(value, scope) + ">";
            case Shape.Own(ResourceType resource) -> resource(resource, scope);
            case Shape.Borrow(ResourceType resource) -> "borrow<" + resource(resource, scope) + ">";
            case Shape.StreamOf(Optional<ValueType> element) ->
                element.map(value -> "stream<" + type(value, scope) + ">").orElse("stream");
            case Shape.FutureOf(Optional<ValueType> element) ->
                element.map(value -> "future<" + type(value, scope) + ">").orElse("future");
            case Shape.RecordOf _, Shape.Variant _, Shape.Enumeration _, Shape.Flags _ ->
                "/* " + Types.a(type) + " without a name */";
        };
    }

    private String resource(ResourceType type, Scope scope) {
        Place place = resources.get(type.identity());
        return place == null ? "/* a resource without a name */" : named(place, scope);
    }

    /** The name by which a type is known in {@code scope}, which uses it if it is from elsewhere. */
    private static String named(Place place, Scope scope) {
        return id(place.owner.equals(scope.owner) ? place.name : scope.use(place, place.name));
    }

    private static String id(String name) {
        return KEYWORDS.contains(name) ? "%" + name : name;
    }

    /** An interface or the world while it is written. */
    private static final class Scope {
        private final String owner;
        private final String indent;
        /** For each place elsewhere the name here. */
        private final Map<Place, String> used = new LinkedHashMap<>();

        Scope(String owner, int depth) {
            this.owner = owner;
            this.indent = "  ".repeat(depth);
        }

        /** The name that {@code place} has here: the one it got first. */
        String use(Place place, String name) {
            used.putIfAbsent(place, name);
            return used.getOrDefault(place, name);
        }

        String uses() {
            Map<String, Set<String>> byOwner = new TreeMap<>();
            used.forEach((place, name) -> byOwner.computeIfAbsent(place.owner, key -> new TreeSet<>())
                    .add(place.name.equals(name) ? id(name) : id(place.name) + " as " + id(name)));
            StringBuilder text = new StringBuilder();
            byOwner.forEach((from, names) -> text.append(indent)
                    .append("use ")
                    .append(from)
                    .append(".{")
                    .append(String.join(", ", names))
                    .append("};\n"));
            return text.toString();
        }
    }
}
