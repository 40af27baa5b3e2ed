package dev.trellis.providers.sqlpostgres;

import dev.trellis.providers.sdk.Settings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The config of this provider or of a link: {@code uri} and the limits of the pool, or both as JSON in
 * {@code config_json} or {@code config_b64}, as wasmCloud's provider takes them.
 *
 * @param address empty if no {@code uri} is set
 */
record PostgresSettings(Optional<PostgresAddress> address, PoolLimits pool) {
    /** Nothing set. */
    static final PostgresSettings NONE = new PostgresSettings(Optional.empty(), PoolLimits.DEFAULTS);

    private static final int JSON_LENGTH_MAX = 16 << 10;
    private static final Logger LOG = LoggerFactory.getLogger(PostgresSettings.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final String URI = "uri";
    private static final String CONFIG_JSON = "config_json";
    private static final String CONFIG_B64 = "config_b64";
    private static final String POOL = "pool";
    private static final String CONNECTIONS_MAX = "max_connections";
    private static final String IDLE_MIN = "min_idle";
    private static final String LIFETIME = "max_lifetime_secs";
    private static final String IDLE = "idle_timeout_secs";
    private static final String WAIT = "connection_timeout_millis";
    private static final Set<String> POOL_KEYS = Set.of(CONNECTIONS_MAX, IDLE_MIN, LIFETIME, IDLE, WAIT);

    /** Settings of the other SQL providers. Told and left aside, so that swapping the provider is one word. */
    private static final Set<String> FOREIGN = Set.of("path", "database", "size_max_mb");

    /**
     * Reads settings.
     *
     * @param otherwise what counts for those that are not set
     * @throws IllegalArgumentException with the setting and what was expected, never with a secret
     */
    static PostgresSettings read(Settings settings, PostgresSettings otherwise) {
        var unknown = new ArrayList<String>();
        for (String key : settings.keys()) {
            if (FOREIGN.contains(key)) {
                LOG.warn("Setting '{}' is for another SQL provider; sql-postgres does not use it", key);
            } else if (!key.equals(URI)
                    && !key.equals(CONFIG_JSON)
                    && !key.equals(CONFIG_B64)
                    && !POOL_KEYS.contains(key)) {
                unknown.add(key);
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("sql-postgres does not know " + unknown + "; it takes uri, "
                    + POOL_KEYS.stream().sorted().toList() + ", config_json and config_b64");
        }
        Settings flat = settings;
        Optional<String> json = settings.get(CONFIG_JSON);
        Optional<String> encoded = settings.get(CONFIG_B64);
        if (json.isPresent() || encoded.isPresent()) {
            if (json.isPresent() && encoded.isPresent()) {
                throw new IllegalArgumentException("config_json and config_b64 are both set; keep one of them");
            }
            flat = merged(settings, json.isPresent() ? json.get() : decoded(encoded.orElseThrow()));
        }
        return new PostgresSettings(
                flat.get(URI).map(PostgresAddress::parse).or(otherwise::address), pool(flat, otherwise.pool));
    }

    private static PoolLimits pool(Settings flat, PoolLimits otherwise) {
        int connectionsMax = (int) flat.number(CONNECTIONS_MAX, otherwise.connectionsMax(), 1, 200);
        return new PoolLimits(
                connectionsMax,
                (int) flat.number(IDLE_MIN, Math.min(otherwise.idleMin(), connectionsMax), 0, 200),
                Duration.ofSeconds(flat.number(LIFETIME, otherwise.lifetime().toSeconds(), 0, Integer.MAX_VALUE)),
                Duration.ofSeconds(flat.number(IDLE, otherwise.idle().toSeconds(), 0, Integer.MAX_VALUE)),
                Duration.ofMillis(flat.number(WAIT, otherwise.waitMax().toMillis(), 0, Integer.MAX_VALUE)));
    }

    private static String decoded(String text) {
        try {
            return new String(Base64.getDecoder().decode(text.strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "config_b64 is not base64 (the value is not shown, it may hold a password)");
        }
    }

    /** {@code {"uri": ..., "pool": {"max_connections": ...}}}; what is set beside it counts more. */
    private static Settings merged(Settings settings, String json) {
        JsonNode root;
        try {
            if (json.length() > JSON_LENGTH_MAX) {
                throw new IllegalArgumentException("config_json is longer than " + JSON_LENGTH_MAX + " characters");
            }
            root = JSON.readTree(json);
        } catch (JacksonException e) {
            // not as cause: its message quotes the text
            throw new IllegalArgumentException(
                    "config_json is not JSON (the value is not shown, it may hold a password)");
        }
        var values = new HashMap<String, String>();
        if (root == null || !root.isObject()) {
            throw new IllegalArgumentException("config_json must be an object with uri and pool");
        }
        for (Map.Entry<String, JsonNode> entry : root.properties()) {
            if (entry.getKey().equals(URI) && entry.getValue().isString()) {
                values.put(URI, entry.getValue().asString());
            } else if (entry.getKey().equals(POOL) && entry.getValue().isObject()) {
                for (Map.Entry<String, JsonNode> limit : entry.getValue().properties()) {
                    if (!POOL_KEYS.contains(limit.getKey()) || !limit.getValue().isIntegralNumber()) {
                        throw new IllegalArgumentException(
                                "config_json has pool." + limit.getKey() + ", expected whole numbers for "
                                        + POOL_KEYS.stream().sorted().toList());
                    }
                    values.put(limit.getKey(), limit.getValue().asString());
                }
            } else {
                throw new IllegalArgumentException(
                        "config_json has " + entry.getKey() + ", expected uri (text) and pool (an object)");
            }
        }
        for (String key : settings.keys()) {
            settings.get(key).ifPresent(value -> values.put(key, value));
        }
        return Settings.of(values);
    }
}
