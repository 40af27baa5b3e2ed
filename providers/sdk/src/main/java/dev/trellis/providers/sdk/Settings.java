package dev.trellis.providers.sdk;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Config of a provider or a link: keys without regard to case, as wasmCloud's providers read them. Values may be
 * secret, so {@link #toString()} shows keys only. Immutable.
 */
public final class Settings {
    /** No setting at all. */
    public static final Settings NONE = new Settings(Map.of());

    private final Map<String, String> values;

    private Settings(Map<String, String> values) {
        this.values = values;
    }

    /** The settings of {@code values}; of keys that differ in case only, the last in order of keys counts. */
    public static Settings of(Map<String, String> values) {
        var folded = new TreeMap<String, String>();
        new TreeMap<>(values).forEach((key, value) -> folded.put(key.toLowerCase(Locale.ROOT), value));
        return new Settings(folded);
    }

    /** The value of {@code key}; empty if it is not set or blank. */
    public Optional<String> get(String key) {
        return Optional.ofNullable(values.get(key.toLowerCase(Locale.ROOT))).filter(value -> !value.isBlank());
    }

    /**
     * A whole number between {@code min} and {@code max}, or {@code otherwise} if the key is not set.
     *
     * @throws IllegalArgumentException that names key, value and range
     */
    public long number(String key, long otherwise, long min, long max) {
        var text = get(key);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long value = Long.parseLong(text.get().strip());
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // told below, with the range
        }
        throw new IllegalArgumentException(
                "%s must be a whole number from %d to %d, was '%s'".formatted(key, min, max, text.get()));
    }

    /**
     * {@code true} or {@code false}, or {@code otherwise} if the key is not set.
     *
     * @throws IllegalArgumentException that names key and value
     */
    public boolean flag(String key, boolean otherwise) {
        var text = get(key).map(value -> value.strip().toLowerCase(Locale.ROOT));
        if (text.isEmpty()) {
            return otherwise;
        }
        return switch (text.get()) {
            case "true", "yes", "on", "1" -> true;
            case "false", "no", "off", "0" -> false;
            default -> throw new IllegalArgumentException(key + " must be true or false, was '" + text.get() + "'");
        };
    }

    /** The keys that are set, in lower case. */
    public Iterable<String> keys() {
        return values.keySet();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Settings settings && settings.values.equals(values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return "Settings" + values.keySet();
    }
}
