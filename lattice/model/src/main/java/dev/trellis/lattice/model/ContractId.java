package dev.trellis.lattice.model;

import java.util.regex.Pattern;

/**
 * Name of a contract as guests and manifests write it, such as {@code wasmcloud:keyvalue}: a namespace and a package,
 * the {@code wit_namespace} and {@code wit_package} of the control interface. Lower case, at most 127 characters.
 */
public record ContractId(String value) implements Comparable<ContractId> {
    private static final Pattern VALID = Pattern.compile("[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)+");

    public ContractId {
        if (value.length() > 127 || !VALID.matcher(value).matches()) {
            throw new IllegalArgumentException("contract '%s' must read namespace:package, such as wasmcloud:keyvalue"
                    .formatted(Tokens.shorten(value)));
        }
    }

    /** The contract of a {@code wit_namespace} and a {@code wit_package}. */
    public static ContractId of(String namespace, String packageName) {
        return new ContractId(namespace + ":" + packageName);
    }

    /** All before the first colon. */
    public String namespace() {
        return value.substring(0, value.indexOf(':'));
    }

    /** All after the first colon. */
    public String packageName() {
        return value.substring(value.indexOf(':') + 1);
    }

    @Override
    public int compareTo(ContractId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
