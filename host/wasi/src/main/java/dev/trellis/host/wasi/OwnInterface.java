package dev.trellis.host.wasi;

import dev.trellis.host.component.ExternName;
import dev.trellis.host.component.ValueFormException;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.ContractId;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * An interface of the users' own WIT, as links know it: a contract of its namespace and package, with operations that begin
 * with its label and version.
 *
 * @param name the whole of it: {@code acme:shop/pricing@1.0.0}
 * @param contract {@code acme:shop}
 * @param operations what its operations begin with: {@code pricing@1.0.0#}
 */
record OwnInterface(String name, String contract, String operations) {
    /** Namespaces in which an interface is one of the host's or missing. */
    static final Set<String> RESERVED = Set.of("wasi", "wasmcloud", "wrpc", "trellis");

    /** Empty for names without a package, and those of namespaces that are not the users'. */
    static Optional<OwnInterface> parse(String name) {
        if (!(ExternName.parse(name) instanceof ExternName.Interface own) || RESERVED.contains(own.namespace())) {
            return Optional.empty();
        }
        String contract = (own.namespace() + ":" + own.pkg()).toLowerCase(Locale.ROOT);
        try {
            return Optional.of(new OwnInterface(
                    name,
                    new ContractId(contract).value(),
                    own.label() + own.version().map(version -> "@" + version).orElse("") + "#"));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // too long for a contract
        }
    }

    /** The operation of a function; empty if that would be too long. */
    Optional<String> operation(String function) {
        String operation = operations + function;
        return operation.length() <= Invocation.OPERATION_LENGTH_MAX ? Optional.of(operation) : Optional.empty();
    }

    /** What a call fails with whose values are not what they should be. */
    static InvocationFailure failure(String subject, ValueFormException e) {
        String message = InvocationFailure.limited(e.getMessage());
        return switch (e.reason()) {
            case OTHER_TYPE, MALFORMED -> new InvocationFailure.Malformed(subject, message);
            case TOO_LARGE -> new InvocationFailure.PayloadTooLarge(subject, message + " (payload-bytes-max)");
        };
    }
}
