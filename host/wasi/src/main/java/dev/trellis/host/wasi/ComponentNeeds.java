package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentLinkException;
import dev.trellis.host.component.ExternName;
import dev.trellis.host.component.ExternType;
import dev.trellis.host.component.FunctionType;
import dev.trellis.host.component.InstanceType;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.model.ContractId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a component needs of a host, and what it is called for: from its types alone, nothing is compiled.
 *
 * @param imports in the order of the component
 * @param exports in the order of the component
 */
public record ComponentNeeds(List<Import> imports, List<Export> exports) {
    /** One import, and what it is linked to. */
    public record Import(String name, Origin origin) {}

    /** Where what a component imports comes from. */
    public sealed interface Origin {
        /** The host itself. */
        record Host() implements Origin {}

        /** A provider that a link leads to, which serves {@code contract}. */
        record Provider(Link link, ContractId contract) implements Origin {}

        /** Another actor that a link leads to, which exports the interface. */
        record Actor(Link link) implements Origin {}

        /** Nowhere. */
        record Missing(String why) implements Origin {}
    }

    /** The link of a manifest that an interface is called over. */
    public record Link(String namespace, String packageName, String interfaceName) {
        /** The contract of such a link, as its actors call it. */
        public ContractId contract() {
            return new ContractId((namespace + ":" + packageName).toLowerCase(Locale.ROOT));
        }
    }

    /** One export, and who calls it. */
    public record Export(String name, Caller caller) {}

    /** Who calls what a component exports. */
    public sealed interface Caller {
        /** An HTTP server, over its link to the component. */
        record HttpServer(Link link) implements Caller {}

        /** Other actors, over their links to the component. */
        record Actors(Link link) implements Caller {}

        /** {@code trellis actor run}. */
        record Command() implements Caller {}

        /** Nobody. */
        record Nobody(String why) implements Caller {}
    }

    /** What of WASI is called over links. Everything else that is offered is the host's own. */
    private static final Map<String, ContractId> PROVIDED = Map.of(
            "wasi:http/outgoing-handler", Contracts.HTTP_CLIENT.id(),
            "wasi:keyvalue/store", Contracts.KEYVALUE.id(),
            "wasi:keyvalue/atomics", Contracts.KEYVALUE.id(),
            "wasi:keyvalue/batch", Contracts.KEYVALUE.id());

    public ComponentNeeds {
        imports = List.copyOf(imports);
        exports = List.copyOf(exports);
    }

    /** Looks at a component as {@link ComponentActor#start} would. */
    public static ComponentNeeds of(ValidComponent component) {
        ComponentImports offered = WasiImports.all();
        Map<String, String> missing = new LinkedHashMap<>();
        ComponentImports all = offered;
        try {
            all = offered.and(LinkedInterfaces.of(component, offered));
        } catch (ComponentLinkException e) {
            missing.put(importOf(e.subject()), e.subject() + ": " + e.expectation());
        }
        for (ComponentLinkException problem : LinkedComponent.unsatisfied(component, all)) {
            missing.putIfAbsent(importOf(problem.subject()), problem.expectation());
        }
        List<Import> imports = new ArrayList<>();
        component.type().imports().forEach((name, type) -> imports.add(new Import(name, origin(name, type, missing))));
        List<Export> exports = new ArrayList<>();
        component.type().exports().forEach((name, type) -> exports.add(new Export(name, caller(name, type))));
        return new ComponentNeeds(imports, exports);
    }

    /** The import that a problem is about: {@code a:b/c} of {@code import a:b/c, function f}. */
    private static String importOf(String subject) {
        String name = subject.substring("import ".length());
        int comma = name.indexOf(',');
        return comma < 0 ? name : name.substring(0, comma);
    }

    private static Origin origin(String name, ExternType type, Map<String, String> missing) {
        String why = missing.get(name);
        if (why != null) {
            return new Origin.Missing(why);
        }
        if (!(type instanceof ExternType.Instance) || !(ExternName.parse(name) instanceof ExternName.Interface full)) {
            return new Origin.Host();
        }
        ContractId provided = PROVIDED.get(full.namespace() + ":" + full.pkg() + "/" + full.label());
        if (provided != null) {
            return new Origin.Provider(link(full), provided);
        }
        return OwnInterface.parse(name).isPresent() && hasFunctions(type)
                ? new Origin.Actor(link(full))
                : new Origin.Host();
    }

    private static boolean hasFunctions(ExternType type) {
        return type instanceof ExternType.Instance(InstanceType instance)
                && instance.exports().values().stream().anyMatch(one -> one instanceof ExternType.Function);
    }

    private static Caller caller(String name, ExternType type) {
        if (type instanceof ExternType.Instance(InstanceType instance)
                && ExternName.parse(name) instanceof ExternName.Interface full) {
            String path = full.namespace() + ":" + full.pkg() + "/" + full.label();
            if (path.equals("wasi:http/incoming-handler")) {
                return new Caller.HttpServer(link(full));
            }
            if (path.equals("wasi:cli/run")) {
                return new Caller.Command();
            }
            if (OwnInterface.parse(name).isPresent() && hasFunctions(type)) {
                return OwnExports.refusal(name, instance)
                        .<Caller>map(Caller.Nobody::new)
                        .orElseGet(() -> new Caller.Actors(link(full)));
            }
        }
        return new Caller.Nobody(
                switch (type) {
                    case ExternType.Function(FunctionType _) ->
                        "links call functions of interfaces with a package only";
                    case ExternType.Instance _ -> "no host calls it";
                    case ExternType.Type _, ExternType.Module _, ExternType.Component _ -> "it is no function";
                });
    }

    private static Link link(ExternName.Interface full) {
        return new Link(full.namespace(), full.pkg(), full.label());
    }

    /** What no host has for the component; none if it links. */
    public List<Import> missing() {
        return imports.stream()
                .filter(one -> one.origin() instanceof Origin.Missing)
                .toList();
    }

    /** Whether links can call it, so that it runs as an actor if nothing is missing. */
    public boolean answers() {
        return exports.stream()
                .anyMatch(one -> one.caller() instanceof Caller.HttpServer || one.caller() instanceof Caller.Actors);
    }

    /** Whether it runs by {@code trellis actor run} if nothing is missing. */
    public boolean command() {
        return exports.stream().anyMatch(one -> one.caller() instanceof Caller.Command);
    }

    /** The links that a manifest gives the component: interfaces by namespace and package. */
    public Map<Target, List<String>> links() {
        Map<Target, List<String>> links = new LinkedHashMap<>();
        for (Import one : imports) {
            Optional<Link> link =
                    switch (one.origin()) {
                        case Origin.Provider(Link to, var _) -> Optional.of(to);
                        case Origin.Actor(Link to) -> Optional.of(to);
                        case Origin.Host _, Origin.Missing _ -> Optional.empty();
                    };
            link.ifPresent(
                    to -> links.computeIfAbsent(new Target(to.namespace(), to.packageName()), _ -> new ArrayList<>())
                            .add(to.interfaceName()));
        }
        return links;
    }

    /** What a link is of. */
    public record Target(String namespace, String packageName) {}
}
