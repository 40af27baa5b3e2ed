package dev.trellis.lattice.model;

/**
 * Where an actor or provider comes from, as the manifest says it: a registry reference, a {@code file://} URL or a
 * path. Kept verbatim; at most 1,024 printable characters without white space.
 */
public record ImageRef(String value) implements Comparable<ImageRef> {
    public ImageRef {
        if (value.isEmpty() || value.length() > 1024 || !value.chars().allMatch(c -> c > ' ' && c != 0x7f)) {
            throw new IllegalArgumentException(
                    "image reference '%s' must be 1 to 1024 printable characters without spaces"
                            .formatted(Tokens.shorten(value)));
        }
    }

    @Override
    public int compareTo(ImageRef other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
