package dev.trellis.wadm.manifest;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A config of a component or of one end of a link.
 *
 * @param name as the manifest calls it; {@value #UNNAMED} where it gives values without a name
 * @param key its name in the lattice's config store: made of application, component and name when the application
 *     owns it, else {@code name} itself
 * @param values what the application puts there, in the order of the document; empty for a reference to a config that
 *     somebody else keeps
 */
public record ConfigEntry(String name, String key, Optional<Map<String, String>> values, Position position) {
    /** Name of a config that the manifest gives as bare values. */
    public static final String UNNAMED = "config";

    public ConfigEntry {
        values = values.map(map -> Collections.unmodifiableMap(new LinkedHashMap<>(map)));
    }

    /** Whether the application puts and deletes this config. */
    public boolean managed() {
        return values.isPresent();
    }

    /** Without the values, which may hold credentials. */
    @Override
    public String toString() {
        return "ConfigEntry[" + name + ", key=" + key
                + values.map(map -> ", " + map.keySet() + "=***").orElse(", reference") + "]";
    }
}
