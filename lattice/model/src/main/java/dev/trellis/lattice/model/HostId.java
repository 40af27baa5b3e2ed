package dev.trellis.lattice.model;

/** Identity of a host: the public nkey (prefix {@code N}) of Trellis hosts, any NATS token of others. */
public record HostId(String value) implements Comparable<HostId> {
    public HostId {
        Tokens.check("host id", value, 128);
    }

    @Override
    public int compareTo(HostId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
