package dev.trellis.lattice.model;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The labels of a host, sorted by key. Immutable. */
public record Labels(Map<String, String> values) {
    /** No label at all; as a requirement, every host meets it. */
    public static final Labels NONE = new Labels(Map.of());

    /** Key of the label that names a host's site; a host without it is at site {@code default}. */
    public static final String SITE = "site";

    private static final int COUNT_MAX = 256;
    private static final int TEXT_LENGTH_MAX = 253;

    public Labels {
        if (values.size() > COUNT_MAX) {
            throw new IllegalArgumentException("at most " + COUNT_MAX + " labels, got " + values.size());
        }
        values.forEach((key, value) -> {
            if (key.isBlank() || key.length() > TEXT_LENGTH_MAX || value.length() > TEXT_LENGTH_MAX) {
                throw new IllegalArgumentException("label '%s' must have a key and a value of at most %d characters"
                        .formatted(Tokens.shorten(key), TEXT_LENGTH_MAX));
            }
        });
        values = Collections.unmodifiableMap(new TreeMap<>(values));
    }

    /** Whether every one of {@code requirements} is among these labels with the very same value. */
    public boolean satisfy(Labels requirements) {
        return values.entrySet().containsAll(requirements.values.entrySet());
    }

    /** These labels with one more, or with another value for it. */
    public Labels with(String key, String value) {
        var copy = new TreeMap<>(values);
        copy.put(key, value);
        return new Labels(copy);
    }

    /** These labels without {@code key}. */
    public Labels without(String key) {
        var copy = new TreeMap<>(values);
        copy.remove(key);
        return new Labels(copy);
    }

    /** The site these labels place a host at. */
    public String site() {
        return values.getOrDefault(SITE, "default");
    }
}
