package dev.trellis.providers.keyvalueredis;

import dev.trellis.providers.sdk.Settings;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the config of this provider or of a link: {@code URL}, in any case. */
final class RedisSettings {
    private static final Logger LOG = LoggerFactory.getLogger(RedisSettings.class);
    private static final String URL = "url";

    /** Settings of the other key-value providers. Told and left aside, so that swapping the provider is one word. */
    private static final Set<String> FOREIGN = Set.of("bucket");

    private RedisSettings() {}

    /**
     * The address that {@code settings} give; empty if they give none.
     *
     * @throws IllegalArgumentException with the setting and what was expected, never with a secret
     */
    static Optional<RedisAddress> address(Settings settings) {
        var unknown = new ArrayList<String>();
        for (String key : settings.keys()) {
            if (FOREIGN.contains(key)) {
                LOG.warn("Setting '{}' is for another key-value provider; keyvalue-redis does not use it", key);
            } else if (!key.equals(URL)) {
                unknown.add(key);
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "keyvalue-redis does not know " + unknown + "; it takes URL, such as redis://127.0.0.1:6379");
        }
        return settings.get(URL).map(RedisAddress::parse);
    }
}
