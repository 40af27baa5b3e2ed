package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.engine.ExternalType;
import dev.trellis.host.engine.ModuleOutline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Decides whether what is given may stand where something is expected. Value and function types must be equal; modules,
 * instances and components may export more and import less.
 */
final class TypeMatcher {
    private static final int PATH_CHARS_MAX = 300;

    /*
     * An expected type binds resources: those that it introduces are whatever the given side has in their place. The first
     * time such a resource occurs it is as a type of its own, in the order of definition, which is where it gets bound;
     * every other use must then be of what it was bound to. Matching components against each other turns the sides around
     * for their imports, so one map holds the bindings of both sides, and every comparison looks both sides up.
     */
    private final Budget budget;
    private final int offset;
    private final IdentityHashMap<Resource, Resource> bound = new IdentityHashMap<>();
    private final Set<Resource> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private IdentityHashMap<DefinedType, Set<DefinedType>> equal = new IdentityHashMap<>();
    private final String subject;
    /** Pairs of what a part is and how it is called; joined only for a message. */
    private final List<String> path = new ArrayList<>();

    /** @param subject what the message of a refusal starts with */
    TypeMatcher(Budget budget, int offset, String subject) {
        this.budget = budget;
        this.offset = offset;
        this.subject = subject;
    }

    /** Lets the given side decide what {@code resource} is. */
    void open(Resource resource) {
        open.add(resource);
    }

    /** What each resource was bound to. */
    IdentityHashMap<Resource, Resource> bindings() {
        return bound;
    }

    /** @throws InvalidComponentException if {@code given}, called {@code name}, may not stand for {@code expected} */
    void match(String name, ExternType given, ExternType expected) {
        within("", name, () -> match(given, expected));
    }

    private void match(ExternType given, ExternType expected) {
        budget.step(offset);
        switch (expected) {
            case ExternType.Module(ModuleOutline outline)
            when given instanceof ExternType.Module(ModuleOutline module) -> modules(module, outline);
            case ExternType.Function(FunctionType type)
            when given instanceof ExternType.Function(FunctionType function) -> functions(function, type);
            case ExternType.Type(TypeEntity type)
            when given instanceof ExternType.Type(TypeEntity entity) -> entities(entity, type);
            case ExternType.Instance(InstanceType type)
            when given instanceof ExternType.Instance(InstanceType instance) -> instances(instance, type);
            case ExternType.Component(ComponentType type)
            when given instanceof ExternType.Component(ComponentType component) -> components(component, type);
            case ExternType.Module _,
                    ExternType.Function _,
                    ExternType.Type _,
                    ExternType.Instance _,
                    ExternType.Component _ -> throw mismatch(Types.a(expected.sort()), Types.a(given.sort()));
        }
    }

    // ---- components and instances

    private void instances(InstanceType given, InstanceType expected) {
        open.addAll(expected.fresh());
        for (Map.Entry<String, ExternType> export : expected.exports().entrySet()) {
            ExternType provided = given.exports().get(export.getKey());
            if (provided == null) {
                throw refused("an export '" + export.getKey() + "' is expected, the instance has none");
            }
            within("export", export.getKey(), () -> match(provided, export.getValue()));
        }
        expected.fresh().forEach(open::remove);
    }

    private void components(ComponentType given, ComponentType expected) {
        open.addAll(given.imported());
        for (Map.Entry<String, ExternType> needed : given.imports().entrySet()) {
            ExternType supplied = expected.imports().get(needed.getKey());
            if (supplied == null) {
                throw refused("the component imports '" + needed.getKey() + "', which the expected type does not");
            }
            within("import", needed.getKey(), () -> match(supplied, needed.getValue()));
        }
        given.imported().forEach(open::remove);
        open.addAll(expected.fresh());
        for (Map.Entry<String, ExternType> export : expected.exports().entrySet()) {
            ExternType provided = given.exports().get(export.getKey());
            if (provided == null) {
                throw refused("an export '" + export.getKey() + "' is expected, the component has none");
            }
            within("export", export.getKey(), () -> match(provided, export.getValue()));
        }
        expected.fresh().forEach(open::remove);
        // Another match of the same types starts anew.
        given.imported().forEach(bound::remove);
        expected.fresh().forEach(bound::remove);
        forgetEqual();
    }

    private void entities(TypeEntity given, TypeEntity expected) {
        switch (expected) {
            case ResourceType resource -> {
                if (!(given instanceof ResourceType actual)) {
                    throw mismatch("a resource type", Types.a(given));
                }
                if (open.contains(resource.identity()) && !bound.containsKey(resource.identity())) {
                    bound.put(resource.identity(), resolve(actual.identity()));
                } else {
                    resources(actual, resource);
                }
            }
            case ValueType value -> {
                if (!(given instanceof ValueType actual)) {
                    throw mismatch("a value type", given.toString());
                }
                values(actual, value);
            }
            case FunctionType function -> {
                if (!(given instanceof FunctionType actual)) {
                    throw mismatch("a function type", given.toString());
                }
                functions(actual, function);
            }
            case InstanceType instance -> {
                if (!(given instanceof InstanceType actual)) {
                    throw mismatch("an instance type", given.toString());
                }
                // Types are equal if each is a subtype of the other.
                instances(actual, instance);
                instance.fresh().forEach(bound::remove);
                forgetEqual();
                instances(instance, actual);
                actual.fresh().forEach(bound::remove);
                forgetEqual();
            }
            case ComponentType component -> {
                if (!(given instanceof ComponentType actual)) {
                    throw mismatch("a component type", given.toString());
                }
                components(actual, component);
                components(component, actual);
            }
        }
    }

    // ---- functions and values

    private void functions(FunctionType given, FunctionType expected) {
        budget.step(offset);
        if (given.async() != expected.async()) {
            throw mismatch(expected.toString(), given.toString());
        }
        fields("parameter", given.parameters(), expected.parameters());
        optional("result", "", given.result(), expected.result());
    }

    private void fields(String what, List<DefinedType.Field> given, List<DefinedType.Field> expected) {
        if (given.size() != expected.size()) {
            throw mismatch(expected.size() + " " + what + "s", Integer.toString(given.size()));
        }
        for (int i = 0; i < given.size(); i++) {
            DefinedType.Field one = given.get(i);
            DefinedType.Field other = expected.get(i);
            if (!one.label().equals(other.label())) {
                throw mismatch("a " + what + " '" + other.label() + "'", "'" + one.label() + "'");
            }
            within(what, other.label(), () -> values(one.type(), other.type()));
        }
    }

    private void optional(String what, String name, Optional<ValueType> given, Optional<ValueType> expected) {
        if (given.isPresent() != expected.isPresent()) {
            throw mismatch(
                    "a " + what + (expected.isPresent() ? " of type " + expected.get() : " without a type"),
                    given.map(Object::toString).orElse("none"));
        }
        given.ifPresent(type -> within(what, name, () -> values(type, expected.orElseThrow())));
    }

    private void values(ValueType given, ValueType expected) {
        budget.step(offset);
        if (given == expected && !expected.has(ValueType.Trait.HANDLE)) {
            return;
        }
        if (given instanceof DefinedType one && expected instanceof DefinedType other) {
            if (known(one, other)) {
                return;
            }
            shapes(one, other);
            remember(one, other);
        } else if (given != expected) {
            throw mismatch(expected.toString(), given.toString());
        }
    }

    private boolean known(DefinedType given, DefinedType expected) {
        Set<DefinedType> others = equal.get(given);
        return others != null && others.contains(expected);
    }

    private void remember(DefinedType given, DefinedType expected) {
        equal.computeIfAbsent(given, one -> Collections.newSetFromMap(new IdentityHashMap<>()))
                .add(expected);
    }

    /** What was equal may not be under other bindings. A new map, since clearing one takes as long as it once was large. */
    private void forgetEqual() {
        equal = new IdentityHashMap<>();
    }

    private void shapes(DefinedType given, DefinedType expected) {
        Shape one = given.shape();
        switch (expected.shape()) {
            case Shape.RecordOf(List<DefinedType.Field> fields)
            when one instanceof Shape.RecordOf(List<DefinedType.Field> givenFields) ->
                fields("field", givenFields, fields);
            case Shape.Variant(List<DefinedType.Case> cases)
            when one instanceof Shape.Variant(List<DefinedType.Case> givenCases) -> cases(givenCases, cases);
            case Shape.ListOf(ValueType element)
            when one instanceof Shape.ListOf(ValueType givenElement) ->
                within("list element", "", () -> values(givenElement, element));
            case Shape.FixedListOf(ValueType element, int length)
            when one instanceof Shape.FixedListOf(ValueType givenElement, int givenLength) -> {
                if (length != givenLength) {
                    throw mismatch("a list of length " + length, Integer.toString(givenLength));
                }
                within("list element", "", () -> values(givenElement, element));
            }
            case Shape.Tuple(List<ValueType> types)
            when one instanceof Shape.Tuple(List<ValueType> givenTypes) -> {
                if (types.size() != givenTypes.size()) {
                    throw mismatch("a tuple of " + types.size(), Integer.toString(givenTypes.size()));
                }
                for (int i = 0; i < types.size(); i++) {
                    int part = i;
                    within("tuple part", Integer.toString(i), () -> values(givenTypes.get(part), types.get(part)));
                }
            }
            case Shape.Flags(List<String> labels)
            when one instanceof Shape.Flags(List<String> givenLabels) -> labels(givenLabels, labels);
            case Shape.Enumeration(List<String> labels)
            when one instanceof Shape.Enumeration(List<String> givenLabels) -> labels(givenLabels, labels);
            case Shape.OptionOf(ValueType type)
            when one instanceof Shape.OptionOf(ValueType givenType) ->
                within("option", "", () -> values(givenType, type));
            case Shape.ResultOf(Optional<ValueType> ok, Optional<ValueType> error)
            when one instanceof Shape.ResultOf(Optional<ValueType> givenOk, Optional<ValueType> givenError) -> {
                optional("ok", "", givenOk, ok);
                optional("error", "", givenError, error);
            }
            case Shape.MapOf(PrimitiveType key, ValueType value)
            when one instanceof Shape.MapOf(PrimitiveType givenKey, ValueType givenValue) -> {
                within("map key", "", () -> values(givenKey, key));
                within("map value", "", () -> values(givenValue, value));
            }
            case Shape.Own(ResourceType resource)
            when one instanceof Shape.Own(ResourceType givenResource) -> resources(givenResource, resource);
            case Shape.Borrow(ResourceType resource)
            when one instanceof Shape.Borrow(ResourceType givenResource) -> resources(givenResource, resource);
            case Shape.StreamOf(Optional<ValueType> element)
            when one instanceof Shape.StreamOf(Optional<ValueType> givenElement) ->
                optional("stream element", "", givenElement, element);
            case Shape.FutureOf(Optional<ValueType> element)
            when one instanceof Shape.FutureOf(Optional<ValueType> givenElement) ->
                optional("future element", "", givenElement, element);
            case Shape.RecordOf _,
                    Shape.Variant _,
                    Shape.ListOf _,
                    Shape.FixedListOf _,
                    Shape.Tuple _,
                    Shape.Flags _,
                    Shape.Enumeration _,
                    Shape.OptionOf _,
                    Shape.ResultOf _,
                    Shape.MapOf _,
                    Shape.Own _,
                    Shape.Borrow _,
                    Shape.StreamOf _,
                    Shape.FutureOf _ -> throw mismatch(expected.toString(), given.toString());
        }
    }

    private void cases(List<DefinedType.Case> given, List<DefinedType.Case> expected) {
        if (given.size() != expected.size()) {
            throw mismatch(expected.size() + " cases", Integer.toString(given.size()));
        }
        for (int i = 0; i < given.size(); i++) {
            budget.step(offset);
            DefinedType.Case one = given.get(i);
            DefinedType.Case other = expected.get(i);
            if (!one.label().equals(other.label())) {
                throw mismatch("a case '" + other.label() + "'", "'" + one.label() + "'");
            }
            optional("case", other.label(), one.type(), other.type());
        }
    }

    private void labels(List<String> given, List<String> expected) {
        for (int i = 0; i < expected.size(); i++) {
            budget.step(offset);
        }
        if (!given.equals(expected)) {
            throw mismatch(abbreviated(expected), abbreviated(given));
        }
    }

    private void resources(ResourceType given, ResourceType expected) {
        Resource one = resolve(given.identity());
        Resource other = resolve(expected.identity());
        if (one != other) {
            throw mismatch(other.toString(), one.toString());
        }
    }

    private Resource resolve(Resource resource) {
        return bound.getOrDefault(resource, resource);
    }

    // ---- core

    private void modules(ModuleOutline given, ModuleOutline expected) {
        Map<String, Map<String, ExternalType>> supplied = new HashMap<>();
        for (ModuleOutline.Import one : expected.imports()) {
            budget.step(offset);
            supplied.computeIfAbsent(one.module(), name -> new HashMap<>()).put(one.name(), one.type());
        }
        for (ModuleOutline.Import needed : given.imports()) {
            budget.step(offset);
            ExternalType type = supplied.getOrDefault(needed.module(), Map.of()).get(needed.name());
            if (type == null) {
                throw refused("the module imports '" + needed.module() + "' '" + needed.name()
                        + "', which the expected type does not");
            }
            within("import", needed.module() + "::" + needed.name(), () -> core(type, needed.type()));
        }
        Map<String, ExternalType> provided = new HashMap<>();
        for (ModuleOutline.Export one : given.exports()) {
            budget.step(offset);
            provided.put(one.name(), one.type());
        }
        for (ModuleOutline.Export one : expected.exports()) {
            budget.step(offset);
            ExternalType type = provided.get(one.name());
            if (type == null) {
                throw refused("an export '" + one.name() + "' is expected, the module has none");
            }
            within("export", one.name(), () -> core(type, one.type()));
        }
    }

    /** @throws InvalidComponentException if core {@code given} may not stand for {@code expected} */
    void core(ExternalType given, ExternalType expected) {
        boolean matches =
                switch (expected) {
                    case ExternalType.Table(var element, long min, OptionalLong max) ->
                        given instanceof ExternalType.Table(var givenElement, long givenMin, OptionalLong givenMax)
                                && element == givenElement
                                && within(givenMin, givenMax, min, max);
                    case ExternalType.Memory(long min, OptionalLong max) ->
                        given instanceof ExternalType.Memory(long givenMin, OptionalLong givenMax)
                                && within(givenMin, givenMax, min, max);
                    case ExternalType.Function _, ExternalType.Global _, ExternalType.Tag _ -> given.equals(expected);
                };
        if (!matches) {
            throw mismatch(describe(expected), describe(given));
        }
    }

    private static boolean within(long givenMin, OptionalLong givenMax, long min, OptionalLong max) {
        return givenMin >= min && (max.isEmpty() || (givenMax.isPresent() && givenMax.getAsLong() <= max.getAsLong()));
    }

    static String describe(ExternalType type) {
        return switch (type) {
            case ExternalType.Function(var signature) -> "a function " + signature;
            case ExternalType.Tag(var signature) -> "a tag " + signature;
            case ExternalType.Table(var element, long min, OptionalLong max) ->
                "a table of " + element + " " + limits(min, max);
            case ExternalType.Memory(long min, OptionalLong max) -> "a memory " + limits(min, max);
            case ExternalType.Global(var value, boolean mutable) ->
                "a " + (mutable ? "mutable" : "constant") + " global of " + value;
        };
    }

    private static String limits(long min, OptionalLong max) {
        return "of " + min + (max.isPresent() ? " to " + max.getAsLong() : " or more");
    }

    // ---- messages

    private void within(String what, String name, Runnable check) {
        path.add(what);
        path.add(name);
        check.run();
        path.removeLast();
        path.removeLast();
    }

    private InvalidComponentException refused(String why) {
        StringBuilder message = new StringBuilder(subject);
        for (int i = 0; i < path.size() && message.length() < PATH_CHARS_MAX; i += 2) {
            message.append(path.get(i).isEmpty() ? "" : ", ").append(path.get(i));
            if (!path.get(i + 1).isEmpty()) {
                message.append(" '").append(path.get(i + 1)).append('\'');
            }
        }
        return invalid(offset, message + ": " + why);
    }

    private InvalidComponentException mismatch(String expected, String given) {
        return refused("expected is " + expected + ", given is " + given);
    }

    private static String abbreviated(List<String> labels) {
        return labels.size() <= 8 ? labels.toString() : labels.subList(0, 8) + " and " + (labels.size() - 8) + " more";
    }
}
