package dev.trellis.host.component;

import static dev.trellis.host.component.InvalidComponentException.invalid;

import dev.trellis.host.component.Definition.NameSyntax;
import dev.trellis.host.component.Definition.SortIndex;
import dev.trellis.host.component.Scope.Role;
import dev.trellis.host.engine.ExternalType;
import dev.trellis.host.engine.InvalidModuleException;
import dev.trellis.host.engine.ModuleOutline;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Checks every rule that can be checked before a component runs, definition by definition. */
final class ComponentValidator {
    /*
     * One pass in the order of the bytes: a definition sees the ones before it. Each adds to the index spaces of its scope;
     * types are resolved when they are defined, so nothing refers to a type by index afterwards.
     *
     * Types under names. An import or export of a type gives it a name, and later uses of that index are uses under that
     * name. So the index gets an object of its own (Substitution.named) with the same structure and, for a resource, the
     * same identity. Two rules look at these objects and not at the structure: the type of an import or export may only
     * mention records, variants, enums, flags and resources that have a name outside, and [method]r.f takes the resource
     * that has the name r.
     *
     * Resources. An import or export of "some resource" makes a new identity. The types of components and instances say
     * which identities they introduce; instantiating replaces the imported ones by those of the arguments, and the exported
     * ones by new ones. Importing an instance, or exporting one by type, likewise makes new ones.
     */
    static final int CORE_MODULES_MAX = 1_000;

    private final Function<byte[], ModuleOutline> modules;
    private final Budget budget = new Budget();
    private int coreModules;

    private ComponentValidator(Function<byte[], ModuleOutline> modules) {
        this.modules = modules;
    }

    /**
     * Validates a component.
     *
     * @param modules validates a core module, or throws {@link InvalidModuleException}
     * @throws InvalidComponentException at the first rule that is broken
     */
    static ValidComponent validate(Component component, Function<byte[], ModuleOutline> modules) {
        ComponentValidator validator = new ComponentValidator(modules);
        return validator.new Body(new Scope(Scope.Kind.COMPONENT, null)).component(component);
    }

    /** Validates the items of one component or type. */
    private final class Body {
        private final Scope scope;
        private final List<ValidComponent> nested = new ArrayList<>();
        private final TypeResolver types;
        private final CanonValidator canons;

        Body(Scope scope) {
            this.scope = scope;
            this.types = new TypeResolver(scope, budget, this::nestedType);
            this.canons = new CanonValidator(scope);
        }

        ValidComponent component(Component component) {
            component.definitions().forEach(this::definition);
            Set<Resource> fresh = Resources.in(
                    scope.exports.values(), budget, component.bytes().offset());
            scope.imported.forEach(fresh::remove);
            ComponentType type = new ComponentType(scope.imports, scope.exports, scope.imported, fresh);
            TypeResolver.bounded(type, component.bytes().offset());
            return new ValidComponent(component, type, nested, scope);
        }

        private TypeEntity nestedType(Scope.Kind kind, List<Definition> declarations) {
            Scope inner = new Scope(kind, scope);
            Body body = new Body(inner);
            declarations.forEach(body::definition);
            return kind == Scope.Kind.INSTANCE_TYPE
                    ? new InstanceType(inner.exports, inner.fresh)
                    : new ComponentType(inner.imports, inner.exports, inner.imported, inner.fresh);
        }

        private void definition(Definition definition) {
            switch (definition) {
                case Definition.CoreModule(int offset, ByteSlice bytes) -> coreModule(offset, bytes);
                case Definition.CoreInstantiate instantiate -> coreInstantiate(instantiate);
                case Definition.CoreExports(int offset, List<Definition.CoreExport> exports) -> coreExports(exports);
                case Definition.CoreTypeDefinition(int offset, CoreTypeSyntax type) ->
                    scope.coreTypes.add(types.coreType(type, offset));
                case Definition.NestedComponent(int offset, Component component) -> {
                    ValidComponent valid = new Body(new Scope(Scope.Kind.COMPONENT, scope)).component(component);
                    nested.add(valid);
                    scope.components.add(valid.type());
                }
                case Definition.Instantiate instantiate -> instantiate(instantiate);
                case Definition.InstanceExports(int offset, List<Definition.InlineExport> exports) ->
                    instanceExports(offset, exports);
                case Definition.AliasExport alias -> aliasExport(alias);
                case Definition.AliasCoreExport alias -> aliasCoreExport(alias);
                case Definition.AliasOuter alias -> aliasOuter(alias);
                case Definition.TypeDefinition(int offset, TypeSyntax type) ->
                    scope.types.add(types.define(type, offset));
                case Definition.CanonDefinition(int offset, Canon canon) -> canons.define(canon, offset);
                case Definition.Start(int offset, int function, List<Integer> arguments, int results) ->
                    throw invalid(offset, "start functions of components are not supported");
                case Definition.ValueDefinition(int offset, TypeSyntax.Value type, ByteSlice encoded) ->
                    throw values(offset);
                case Definition.Import(int offset, NameSyntax name, ExternSyntax type) ->
                    declare(Role.IMPORT, name, type);
                case Definition.ExportDeclaration(int offset, NameSyntax name, ExternSyntax type) ->
                    declare(Role.EXPORT, name, type);
                case Definition.Export(
                        int offset,
                        NameSyntax name,
                        SortIndex target,
                        Optional<ExternSyntax> ascribed) -> export(offset, name, target, ascribed);
            }
        }

        // ---- core

        private void coreModule(int offset, ByteSlice bytes) {
            if (++coreModules > CORE_MODULES_MAX) {
                throw invalid(offset, "a component holds at most " + CORE_MODULES_MAX + " core modules");
            }
            ModuleOutline outline;
            try {
                outline = modules.apply(bytes.toByteArray());
            } catch (InvalidModuleException e) {
                throw invalid(offset + (int) e.offset().orElse(0), "core module: " + e.rule());
            }
            types.distinct(outline, offset);
            scope.coreModules.add(outline);
        }

        private void coreInstantiate(Definition.CoreInstantiate instantiate) {
            int offset = instantiate.offset();
            ModuleOutline module = Scope.get(scope.coreModules, instantiate.module(), offset, Sort.CORE_MODULE);
            Map<String, Map<String, ExternalType>> arguments = new HashMap<>();
            for (Definition.CoreArgument argument : instantiate.arguments()) {
                var instance =
                        Scope.get(scope.coreInstances, argument.instance(), argument.offset(), Sort.CORE_INSTANCE);
                if (arguments.put(argument.name(), instance) != null) {
                    throw invalid(
                            argument.offset(),
                            "arguments have different names, '" + argument.name() + "' is there twice");
                }
            }
            for (ModuleOutline.Import needed : module.imports()) {
                budget.step(offset);
                String what = "the core module imports '" + needed.module() + "' '" + needed.name() + "'";
                var instance = arguments.get(needed.module());
                if (instance == null) {
                    throw invalid(offset, what + ", no argument has the name of that module");
                }
                ExternalType supplied = instance.get(needed.name());
                if (supplied == null) {
                    throw invalid(offset, what + ", the argument does not export it");
                }
                new TypeMatcher(budget, offset, what).core(supplied, needed.type());
            }
            Map<String, ExternalType> exports = new LinkedHashMap<>();
            for (ModuleOutline.Export export : module.exports()) {
                budget.step(offset);
                exports.put(export.name(), export.type());
            }
            scope.coreInstances.add(exports);
        }

        private void coreExports(List<Definition.CoreExport> list) {
            Map<String, ExternalType> exports = new LinkedHashMap<>();
            for (Definition.CoreExport export : list) {
                SortIndex target = export.target();
                if (exports.put(export.name(), coreTarget(target)) != null) {
                    throw invalid(
                            export.offset(), "exports have different names, '" + export.name() + "' is there twice");
                }
            }
            scope.coreInstances.add(exports);
        }

        private ExternalType coreTarget(SortIndex target) {
            return Scope.get(coreSpace(target.sort(), target.offset()), target.index(), target.offset(), target.sort());
        }

        private List<ExternalType> coreSpace(Sort sort, int offset) {
            return switch (sort) {
                case CORE_FUNCTION -> scope.coreFunctions;
                case CORE_TABLE -> scope.coreTables;
                case CORE_MEMORY -> scope.coreMemories;
                case CORE_GLOBAL -> scope.coreGlobals;
                case CORE_TAG -> scope.coreTags;
                case CORE_TYPE, CORE_MODULE, CORE_INSTANCE, FUNCTION, VALUE, TYPE, COMPONENT, INSTANCE ->
                    throw invalid(
                            offset,
                            "core instances export functions, tables, memories, globals and tags, this is "
                                    + Types.a(sort));
            };
        }

        // ---- instances

        private void instantiate(Definition.Instantiate instantiate) {
            int offset = instantiate.offset();
            ComponentType type = Scope.get(scope.components, instantiate.component(), offset, Sort.COMPONENT);
            Map<String, ExternType> arguments = new HashMap<>();
            for (Definition.Argument argument : instantiate.arguments()) {
                if (arguments.put(argument.name(), target(argument.target())) != null) {
                    throw invalid(
                            argument.offset(),
                            "arguments have different names, '" + argument.name() + "' is there twice");
                }
            }
            TypeMatcher matcher = new TypeMatcher(budget, offset, "argument");
            type.imported().forEach(matcher::open);
            Substitution substitution = new Substitution(budget, offset);
            type.imports().forEach((name, needed) -> {
                ExternType argument = arguments.get(name);
                if (argument == null) {
                    throw invalid(
                            offset,
                            "the component imports " + Types.a(needed.sort()) + " '" + name
                                    + "', no argument has that name");
                }
                matcher.match(name, argument, needed);
                rename(substitution, needed, argument);
            });
            matcher.bindings().forEach(substitution::put);
            for (Resource resource : type.fresh()) {
                budget.step(offset);
                substitution.put(resource, new Resource(resource + " of the instance made at byte " + offset));
            }
            Map<String, ExternType> exports = new LinkedHashMap<>();
            type.exports().forEach((name, export) -> exports.put(name, substitution.named(export)));
            scope.instances.add(TypeResolver.bounded(new InstanceType(exports, Set.of()), offset));
        }

        /** Makes what was said about imported types be said about those of the argument. */
        private void rename(Substitution substitution, ExternType needed, ExternType argument) {
            budget.step(0);
            if (needed instanceof ExternType.Type(TypeEntity from)
                    && argument instanceof ExternType.Type(TypeEntity to)) {
                substitution.rename(from, to);
            } else if (needed instanceof ExternType.Instance(InstanceType from)
                    && argument instanceof ExternType.Instance(InstanceType to)) {
                from.exports().forEach((name, export) -> {
                    ExternType given = to.exports().get(name);
                    if (given != null) {
                        rename(substitution, export, given);
                    }
                });
            }
        }

        private void instanceExports(int offset, List<Definition.InlineExport> list) {
            Map<String, ExternType> exports = new LinkedHashMap<>();
            // No index space is filled here, so no resource gets a name that [method] and the like could mean.
            Scope.Names names = new Scope.Names();
            for (Definition.InlineExport export : list) {
                ExternType target = target(export.target());
                budget.step(offset);
                NameRules.check(export.name(), target, names, Role.EXPORT);
                exports.put(export.name().name(), target);
            }
            scope.instances.add(TypeResolver.bounded(new InstanceType(exports, Set.of()), offset));
        }

        private ExternType target(SortIndex target) {
            int offset = target.offset();
            int index = target.index();
            return switch (target.sort()) {
                case CORE_MODULE ->
                    new ExternType.Module(Scope.get(scope.coreModules, index, offset, Sort.CORE_MODULE));
                case FUNCTION -> new ExternType.Function(Scope.get(scope.functions, index, offset, Sort.FUNCTION));
                case TYPE -> new ExternType.Type(scope.type(index, offset));
                case COMPONENT -> new ExternType.Component(Scope.get(scope.components, index, offset, Sort.COMPONENT));
                case INSTANCE -> new ExternType.Instance(Scope.get(scope.instances, index, offset, Sort.INSTANCE));
                case VALUE -> throw values(offset);
                case CORE_FUNCTION, CORE_TABLE, CORE_MEMORY, CORE_GLOBAL, CORE_TAG, CORE_TYPE, CORE_INSTANCE ->
                    throw invalid(
                            offset,
                            "of core definitions only modules are imported and exported by components, this is "
                                    + Types.a(target.sort()));
            };
        }

        // ---- aliases

        private void aliasExport(Definition.AliasExport alias) {
            int offset = alias.offset();
            if (scope.kind != Scope.Kind.COMPONENT && alias.sort() != Sort.TYPE && alias.sort() != Sort.INSTANCE) {
                throw invalid(offset, "aliases in a type are of types and instances, this is of a " + alias.sort());
            }
            InstanceType instance = Scope.get(scope.instances, alias.instance(), offset, Sort.INSTANCE);
            ExternType export = instance.exports().get(alias.name());
            if (export == null) {
                throw invalid(offset, "instance " + alias.instance() + " has no export '" + alias.name() + "'");
            }
            if (export.sort() != alias.sort()) {
                throw invalid(
                        offset,
                        "export '" + alias.name() + "' of instance " + alias.instance() + " is "
                                + Types.a(export.sort()) + ", the alias is of " + Types.a(alias.sort()));
            }
            add(export);
        }

        private void aliasCoreExport(Definition.AliasCoreExport alias) {
            int offset = alias.offset();
            if (scope.kind != Scope.Kind.COMPONENT) {
                throw invalid(offset, "aliases in a type are of types and instances, this is of a " + alias.sort());
            }
            List<ExternalType> space = coreSpace(alias.sort(), offset);
            var instance = Scope.get(scope.coreInstances, alias.instance(), offset, Sort.CORE_INSTANCE);
            ExternalType export = instance.get(alias.name());
            if (export == null) {
                throw invalid(offset, "core instance " + alias.instance() + " has no export '" + alias.name() + "'");
            }
            boolean matches =
                    switch (export) {
                        case ExternalType.Function _ -> alias.sort() == Sort.CORE_FUNCTION;
                        case ExternalType.Table _ -> alias.sort() == Sort.CORE_TABLE;
                        case ExternalType.Memory _ -> alias.sort() == Sort.CORE_MEMORY;
                        case ExternalType.Global _ -> alias.sort() == Sort.CORE_GLOBAL;
                        case ExternalType.Tag _ -> alias.sort() == Sort.CORE_TAG;
                    };
            if (!matches) {
                throw invalid(
                        offset,
                        "export '" + alias.name() + "' of core instance " + alias.instance() + " is "
                                + TypeMatcher.describe(export) + ", the alias is of " + Types.a(alias.sort()));
            }
            space.add(export);
        }

        private void aliasOuter(Definition.AliasOuter alias) {
            int offset = alias.offset();
            if (scope.kind != Scope.Kind.COMPONENT && alias.sort() != Sort.TYPE && alias.sort() != Sort.CORE_TYPE) {
                throw invalid(
                        offset, "outer aliases in a type are of types and core types, this is of a " + alias.sort());
            }
            Scope target = scope;
            boolean leavesComponent = false;
            for (int i = 0; i < alias.count(); i++) {
                leavesComponent |= target.kind == Scope.Kind.COMPONENT;
                if (target.parent == null) {
                    throw invalid(
                            offset,
                            "an outer alias counts scopes outwards, there are " + i + " around this one, not "
                                    + alias.count());
                }
                target = target.parent;
            }
            switch (alias.sort()) {
                case CORE_MODULE ->
                    scope.coreModules.add(Scope.get(target.coreModules, alias.index(), offset, Sort.CORE_MODULE));
                case CORE_TYPE ->
                    scope.coreTypes.add(Scope.get(target.coreTypes, alias.index(), offset, Sort.CORE_TYPE));
                case COMPONENT ->
                    scope.components.add(Scope.get(target.components, alias.index(), offset, Sort.COMPONENT));
                case TYPE -> {
                    TypeEntity type = target.type(alias.index(), offset);
                    if (leavesComponent && !Resources.free(type, budget, offset).isEmpty()) {
                        throw invalid(
                                offset,
                                "an outer alias out of a component is of a type that refers to no resource, this does");
                    }
                    scope.types.add(type);
                }
                case CORE_FUNCTION,
                        CORE_TABLE,
                        CORE_MEMORY,
                        CORE_GLOBAL,
                        CORE_TAG,
                        CORE_INSTANCE,
                        FUNCTION,
                        VALUE,
                        INSTANCE ->
                    throw invalid(
                            offset, "outer aliases are of modules, types and components, this is of a " + alias.sort());
            }
        }

        // ---- imports and exports

        private void declare(Role role, NameSyntax name, ExternSyntax syntax) {
            Opened opened = open(syntax);
            (role == Role.IMPORT ? scope.imported : scope.fresh).addAll(opened.fresh);
            introduce(role, name, opened.type, syntax.offset());
        }

        private void export(int offset, NameSyntax name, SortIndex target, Optional<ExternSyntax> ascribed) {
            ExternType actual = target(target);
            if (ascribed.isEmpty()) {
                introduce(Role.EXPORT, name, actual, offset);
                return;
            }
            Opened opened = open(ascribed.get());
            TypeMatcher matcher = new TypeMatcher(budget, offset, "the type given to the export");
            opened.fresh.forEach(matcher::open);
            matcher.match(name.name(), actual, opened.type);
            introduce(Role.EXPORT, name, opened.type, offset);
        }

        /** @param fresh the resources that did not exist before */
        private record Opened(ExternType type, Set<Resource> fresh) {}

        private Opened open(ExternSyntax syntax) {
            int offset = syntax.offset();
            return switch (syntax) {
                case ExternSyntax.CoreModule(int at, int index) ->
                    switch (Scope.get(scope.coreTypes, index, offset, Sort.CORE_TYPE)) {
                        case ValidComponent.CoreType.Module(ModuleOutline outline) ->
                            new Opened(new ExternType.Module(outline), Set.of());
                        case ValidComponent.CoreType.Function _ ->
                            throw invalid(offset, "core type " + index + " is a module type, this is a function type");
                    };
                case ExternSyntax.Function(int at, int index) ->
                    new Opened(
                            new ExternType.Function(types.expect(FunctionType.class, index, offset, "a function type")),
                            Set.of());
                case ExternSyntax.ComponentOf(int at, int index) ->
                    new Opened(
                            new ExternType.Component(
                                    types.expect(ComponentType.class, index, offset, "a component type")),
                            Set.of());
                case ExternSyntax.InstanceOf(int at, int index) ->
                    opened(types.expect(InstanceType.class, index, offset, "an instance type"), offset);
                case ExternSyntax.TypeEqual(int at, int index) ->
                    new Opened(new ExternType.Type(scope.type(index, offset)), Set.of());
                case ExternSyntax.AnyResource(int at) -> {
                    Resource resource = new Resource("the resource introduced at byte " + offset);
                    yield new Opened(new ExternType.Type(new ResourceType(resource)), Set.of(resource));
                }
                case ExternSyntax.ValueOf _, ExternSyntax.ValueEqual _ -> throw values(offset);
            };
        }

        /** An instance of {@code type} that shares no resource with any other. */
        private Opened opened(InstanceType type, int offset) {
            Substitution substitution = new Substitution(budget, offset);
            Set<Resource> fresh = Scope.identitySet();
            for (Resource resource : type.fresh()) {
                budget.step(offset);
                Resource own = new Resource("a resource of the instance introduced at byte " + offset);
                substitution.put(resource, own);
                fresh.add(own);
            }
            Map<String, ExternType> exports = new LinkedHashMap<>();
            type.exports().forEach((name, export) -> exports.put(name, substitution.named(export)));
            return new Opened(new ExternType.Instance(new InstanceType(exports, Set.of())), fresh);
        }

        private void introduce(Role role, NameSyntax name, ExternType type, int offset) {
            ExternType named = Visibility.introduce(scope, role, type, budget, offset, name.name());
            NameRules.check(name, named, scope.names(role), role);
            NameRules.register(name.name(), named, scope.names(role));
            scope.externs(role).put(name.name(), named);
            add(named);
        }

        private void add(ExternType type) {
            switch (type) {
                case ExternType.Module(ModuleOutline outline) -> scope.coreModules.add(outline);
                case ExternType.Function(FunctionType function) -> scope.functions.add(function);
                case ExternType.Type(TypeEntity entity) -> scope.types.add(entity);
                case ExternType.Instance(InstanceType instance) -> scope.instances.add(instance);
                case ExternType.Component(ComponentType component) -> scope.components.add(component);
            }
        }
    }

    private static InvalidComponentException values(int offset) {
        return invalid(offset, "values as definitions, imports and exports are not supported");
    }
}
