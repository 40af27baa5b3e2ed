package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentLinkException;
import dev.trellis.host.component.ExternType;
import dev.trellis.host.component.FunctionForm;
import dev.trellis.host.component.FunctionType;
import dev.trellis.host.component.InstanceType;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.lattice.contracts.Invocation;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The functions of the users' own WIT that a component exports, found by contract and operation. */
final class OwnExports {
    /** A function that links can call. */
    record Function(ComponentExport export, FunctionForm form) {}

    private static final Pattern VERSION = Pattern.compile("@[^#]*#");

    private final LinkedComponent component;
    private final Map<ComponentExport, Function> functions = new HashMap<>();
    private final Map<ComponentExport, String> refused = new HashMap<>();
    private final Map<String, String> contracts = new HashMap<>();

    OwnExports(LinkedComponent component) {
        this.component = component;
        component.exports().forEach((path, export) -> {
            int separator = path.indexOf('#');
            if (separator < 0) {
                return;
            }
            OwnInterface.parse(path.substring(0, separator)).ifPresent(own -> {
                contracts.putIfAbsent(
                        own.contract(), own.name().substring(0, own.name().indexOf('/')));
                try {
                    functions.put(export, new Function(export, FunctionForm.of(path, export.type())));
                } catch (ComponentLinkException e) {
                    refused.put(export, e.expectation());
                }
            });
        });
    }

    /** Why no function of an exported interface can be called over links; empty if one can. */
    static Optional<String> refusal(String name, InstanceType type) {
        Optional<String> why = Optional.empty();
        for (Map.Entry<String, ExternType> export : type.exports().entrySet()) {
            if (export.getValue() instanceof ExternType.Function(FunctionType function)) {
                try {
                    FunctionForm.of(name + "#" + export.getKey(), function);
                    return Optional.empty();
                } catch (ComponentLinkException e) {
                    why = Optional.of(e.expectation());
                }
            }
        }
        return why;
    }

    boolean isEmpty() {
        return functions.isEmpty();
    }

    /** The function that {@code invocation} is for, of the same or a compatible version of its interface. */
    Optional<Function> find(Invocation invocation) {
        return export(invocation).flatMap(export -> Optional.ofNullable(functions.get(export)));
    }

    /** The function at a path such as {@code acme:shop/pricing@1.0.0#price}; the version may be left out. */
    Optional<Function> byPath(String path) {
        return component
                .export(path)
                .flatMap(export -> Optional.ofNullable(functions.get(export)))
                .or(() -> functions.values().stream()
                        .filter(function -> VERSION.matcher(function.export().path())
                                .replaceFirst("#")
                                .equals(path))
                        .findFirst());
    }

    /** Why the function that {@code invocation} is for cannot be called over links; empty if there is none. */
    Optional<String> refusal(Invocation invocation) {
        return export(invocation).flatMap(export -> Optional.ofNullable(refused.get(export)));
    }

    private Optional<ComponentExport> export(Invocation invocation) {
        return Optional.ofNullable(contracts.get(invocation.contract().value()))
                .flatMap(name -> component.export(name + "/" + invocation.operation()));
    }
}
