package dev.trellis.providers.jdbc;

import dev.trellis.providers.sdk.Settings;

/**
 * How a provider opens the databases that its links name.
 *
 * @param <K> what tells databases apart: links with an equal one share it. Its {@code toString} shows no secret
 */
public interface SqlStores<K> {
    /** Whose SQL it is. */
    SqlDialect dialect();

    /**
     * The database that a link leads to.
     *
     * @throws IllegalArgumentException with the setting and what was expected, never with a secret
     */
    K key(Settings link);

    /**
     * Opens a database. It may be away for a while; what can never work is refused.
     *
     * @throws IllegalArgumentException with what is wrong, never with a secret
     */
    SqlStore open(K key);
}
