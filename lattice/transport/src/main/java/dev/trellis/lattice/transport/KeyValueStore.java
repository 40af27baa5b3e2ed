package dev.trellis.lattice.transport;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A store of keys of the lattice, as a JetStream KV bucket: last value per key, a revision that grows with every
 * change of the store. Keys are 1 to {@value #KEY_LENGTH_MAX} characters of {@code A-Z a-z 0-9 - _ / = .}, neither
 * beginning nor ending with a dot; values are at most {@value #VALUE_BYTES_MAX} bytes.
 *
 * <p>Safe for concurrent use; methods block (call them from virtual threads) and throw {@link TransportException} with
 * {@link TransportFailure.Disconnected} or {@link TransportFailure.TimedOut} when the store cannot be reached.
 */
public interface KeyValueStore {
    /** Longest key. */
    int KEY_LENGTH_MAX = 1024;

    /** Longest value, below the default limit of a NATS server. */
    int VALUE_BYTES_MAX = 1_000_000;

    /** The value of a key and the revision at which it was written. */
    @SuppressWarnings("ArrayRecordComponent") // entries are handed on, never compared
    record Entry(String key, byte[] value, long revision) {}

    /** What a watch tells. */
    sealed interface Change {
        /** A key has a value. */
        record Put(Entry entry) implements Change {}

        /** A key has been deleted or purged. */
        record Deleted(String key, long revision) implements Change {}

        /** All that was in the store when the watch began (or began anew) has been told. */
        record CaughtUp() implements Change {}

        /** Changes may have been missed; every key follows anew, ended by {@link CaughtUp}. */
        record Restarted() implements Change {}
    }

    /** The value of {@code key}; empty if it has none. */
    Optional<Entry> get(String key) throws InterruptedException;

    /** Writes {@code key} whatever it holds, and returns the new revision. */
    long put(String key, byte[] value) throws InterruptedException;

    /**
     * Writes {@code key} only if it has no value, and returns the new revision.
     *
     * @throws TransportException with {@link TransportFailure.Conflict} if it has one
     */
    long create(String key, byte[] value) throws InterruptedException;

    /**
     * Writes {@code key} only if it still stands at {@code revision}, that of its value, and returns the new one.
     *
     * @throws TransportException with {@link TransportFailure.Conflict} if it has changed
     */
    long update(String key, byte[] value, long revision) throws InterruptedException;

    /** Deletes {@code key}; nothing happens if it has no value. */
    void delete(String key) throws InterruptedException;

    /**
     * Deletes {@code key} only if it still stands at {@code revision}.
     *
     * @throws TransportException with {@link TransportFailure.Conflict} if it has changed
     */
    void delete(String key, long revision) throws InterruptedException;

    /** All keys that have a value. */
    List<String> keys() throws InterruptedException;

    /** All keys with their values. */
    List<Entry> entries() throws InterruptedException;

    /**
     * Watches every key: first what is there, then {@link Change.CaughtUp}, then changes in order. Of a key that is
     * written again before its change is told, only the latest may be told: the store keeps no history. After a
     * reconnect that may have lost changes it tells {@link Change.Restarted} and all keys again. {@code handler} is
     * called for one change at a time on a thread of the transport and must not block.
     */
    Subscription watch(Consumer<Change> handler) throws InterruptedException;
}
