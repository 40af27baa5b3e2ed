package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.Definition.Attribute;
import dev.trellis.host.component.Definition.NameSyntax;
import dev.trellis.host.component.Scope.Role;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The rules about names of imports and exports: their form, their uniqueness, and what a name says about its type. */
final class NameRules {
    private NameRules() {}

    /**
     * Adds a name to those of its side of a scope.
     *
     * @throws InvalidComponentException if the name is taken, has no valid form, or does not suit {@code type}
     */
    static void check(NameSyntax syntax, ExternType type, Scope.Names names, Role role) {
        int offset = syntax.offset();
        ExternName name;
        try {
            name = ExternName.parse(syntax.name());
        } catch (IllegalArgumentException e) {
            throw invalid(offset, String.valueOf(e.getMessage()));
        }
        attributes(syntax, name, type);
        String before = names.taken.putIfAbsent(ExternName.uniqueKey(syntax.name()), syntax.name());
        if (before != null) {
            throw invalid(
                    offset,
                    role + " '" + syntax.name() + "' is too close to " + role + " '" + before
                            + "': names differ in more than upper and lower case and annotations");
        }
        switch (name) {
            case ExternName.Plain _, ExternName.Interface _ -> {
                // These say nothing about the type.
            }
            case ExternName.Constructor(String resource) -> {
                FunctionType function = function(syntax, type);
                if (function.async()) {
                    throw invalid(offset, "constructor '" + syntax.name() + "' is not asynchronous");
                }
                Optional<ResourceType> made = function.result().flatMap(NameRules::constructed);
                if (made.isEmpty()) {
                    throw invalid(
                            offset,
                            "constructor '" + syntax.name() + "' returns own<" + resource + "> or a result of it");
                }
                named(made.get(), resource, syntax, names, role);
            }
            case ExternName.Method(String resource, String label) -> {
                FunctionType function = function(syntax, type);
                Optional<ResourceType> self = function.parameters().stream()
                        .findFirst()
                        .filter(parameter -> parameter.label().equals("self"))
                        .flatMap(parameter -> borrowed(parameter.type()));
                if (self.isEmpty()) {
                    throw invalid(
                            offset,
                            "the first parameter of method '" + syntax.name() + "' is self: borrow<" + resource + ">");
                }
                named(self.get(), resource, syntax, names, role);
            }
            case ExternName.Static(String resource, String label) -> {
                function(syntax, type);
                if (!names.resourceLabels.contains(resource)) {
                    throw invalid(
                            offset,
                            "'" + syntax.name() + "' follows the " + role + " of a resource '" + resource + "'");
                }
            }
        }
    }

    /** Lets later names say that they belong to a resource. */
    static void register(String name, ExternType type, Scope.Names names) {
        if (type instanceof ExternType.Type(TypeEntity entity)
                && entity instanceof ResourceType resource
                && ExternName.isLabel(name)) {
            names.resources.put(resource, name);
            names.resourceLabels.add(name);
        }
    }

    private static FunctionType function(NameSyntax syntax, ExternType type) {
        if (type instanceof ExternType.Function(FunctionType function)) {
            return function;
        }
        throw invalid(
                syntax.offset(), "'" + syntax.name() + "' is the name of a function, this is " + Types.a(type.sort()));
    }

    private static void named(ResourceType resource, String label, NameSyntax syntax, Scope.Names names, Role role) {
        String actual = names.resources.get(resource);
        if (actual == null) {
            throw invalid(
                    syntax.offset(),
                    "the resource of '" + syntax.name() + "' is an " + role + " '" + label
                            + "' before it, this one has no name there");
        }
        if (!actual.equals(label)) {
            throw invalid(
                    syntax.offset(),
                    "the resource of '" + syntax.name() + "' is '" + label + "', this one is '" + actual + "'");
        }
    }

    private static Optional<ResourceType> constructed(ValueType type) {
        if (type instanceof DefinedType defined
                && defined.shape() instanceof Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error)) {
            return ok.flatMap(NameRules::owned);
        }
        return owned(type);
    }

    private static Optional<ResourceType> owned(ValueType type) {
        return type instanceof DefinedType defined && defined.shape() instanceof Shape.Own(ResourceType resource)
                ? Optional.of(resource)
                : Optional.empty();
    }

    private static Optional<ResourceType> borrowed(ValueType type) {
        return type instanceof DefinedType defined && defined.shape() instanceof Shape.Borrow(ResourceType resource)
                ? Optional.of(resource)
                : Optional.empty();
    }

    private static void attributes(NameSyntax syntax, ExternName name, ExternType type) {
        int offset = syntax.offset();
        List<Attribute> attributes = syntax.attributes();
        Set<Class<?>> kinds = new HashSet<>();
        for (Attribute attribute : attributes) {
            if (!kinds.add(attribute.getClass())) {
                throw invalid(offset, "'" + syntax.name() + "' has each attribute at most once");
            }
            switch (attribute) {
                case Attribute.Implements(String interfaceName) -> {
                    if (!(name instanceof ExternName.Plain) || !(type instanceof ExternType.Instance)) {
                        throw invalid(
                                offset,
                                "only instances under plain names implement an interface, '" + syntax.name() + "' is a "
                                        + type.sort());
                    }
                    try {
                        ExternName.interfaceName(interfaceName);
                    } catch (IllegalArgumentException e) {
                        throw invalid(offset, String.valueOf(e.getMessage()));
                    }
                }
                case Attribute.VersionSuffix(String suffix) -> {
                    Optional<String> version = name instanceof ExternName.Interface versioned
                            ? versioned.version().filter(ExternName::isCanonicalVersion)
                            : Optional.empty();
                    if (version.isEmpty() || !ExternName.isVersion(version.get() + suffix)) {
                        throw invalid(
                                offset,
                                "a version suffix makes the shortened version of an interface name a semantic version, '"
                                        + suffix + "' does not do so for '" + syntax.name() + "'");
                    }
                }
                case Attribute.ExternalId _ -> {
                    // Any text is an id.
                }
            }
        }
    }
}
