package dev.trellis.lattice.model;

/** Name that separates links with the same source and contract. A NATS token, at most 63 characters. */
public record LinkName(String value) implements Comparable<LinkName> {
    /** The name of a link whose manifest gives none. */
    public static final LinkName DEFAULT = new LinkName("default");

    public LinkName {
        Tokens.check("link name", value, 63);
    }

    @Override
    public int compareTo(LinkName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
