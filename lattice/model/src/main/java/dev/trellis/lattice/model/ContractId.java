package dev.trellis.lattice.model;

/**
 * Name of a contract as guests and manifests write it, such as {@code wasmcloud:keyvalue}: a namespace and a package,
 * the {@code wit_namespace} and {@code wit_package} of the control interface. Lower case, at most 127 characters.
 */
public record ContractId(String value) implements Comparable<ContractId> {
    private static final int LENGTH_MAX = 127;

    public ContractId {
        if (value.length() > LENGTH_MAX || !valid(value)) {
            throw new IllegalArgumentException("contract '%s' must read namespace:package, such as wasmcloud:keyvalue"
                    .formatted(Tokens.shorten(value)));
        }
    }

    /** Two words or more with colons between, each a letter and then letters, digits and hyphens. */
    private static boolean valid(String value) {
        int words = 0;
        boolean wordBegins = true;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean letter = c >= 'a' && c <= 'z';
            if (wordBegins) {
                if (!letter) {
                    return false;
                }
                words++;
                wordBegins = false;
            } else if (c == ':') {
                wordBegins = true;
            } else if (!letter && (c < '0' || c > '9') && c != '-') {
                return false;
            }
        }
        return words >= 2 && !wordBegins;
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
