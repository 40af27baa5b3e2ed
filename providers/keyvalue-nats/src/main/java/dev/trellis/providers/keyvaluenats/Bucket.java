package dev.trellis.providers.keyvaluenats;

import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import dev.trellis.providers.keyvaluenats.stored.StoredValue;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * A change reads the value, computes the next one and writes it with compare-and-set, again and again if another host
 * was faster. Callers in this process take a lock per key first, or sixty of them would mostly make each other repeat.
 *
 * Expired values read as absent at once, whatever the store still holds. `expiries` remembers keys that will expire, as
 * this process has written, read or found them by scanning; sweeping deletes those that are due, by revision, so that a
 * key which was set anew meanwhile stays.
 */
/** The keys of one bucket, with Redis' idea of absence and expiry. Safe for concurrent use. */
final class Bucket {
    /** Attempts of one change; each but the first follows a change by another host. */
    static final int ATTEMPTS_MAX = 100;

    /** Longest pause between two attempts; it grows from a hundredth of that, and varies at random. */
    static final long PAUSE_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(20);

    /** Keys whose expiry is remembered; at the bound further ones wait for a later scan to be swept. */
    static final int EXPIRIES_MAX = 65_536;

    /** Expired keys that one round of sweeping deletes; the rest follows in the next. */
    static final int SWEEP_MAX = 256;

    /** Keys that one scan looks at, chosen at random, so that scans find all in time. */
    static final int SCAN_MAX = 1_000;

    private static final int LOCKS = 256;
    private static final Logger LOG = LoggerFactory.getLogger(Bucket.class);

    /** What a change comes to. */
    sealed interface Next {
        /** What the caller is told. */
        MessageLite reply();

        /** Nothing changes. */
        record Keep(MessageLite reply) implements Next {}

        /** The key gets a value. */
        record Write(StoredValue value, MessageLite reply) implements Next {}

        /** The key goes. */
        record Remove(MessageLite reply) implements Next {}
    }

    /** Computes what becomes of a value; {@code null} is an absent one. May be asked several times. */
    interface Change {
        Next next(@Nullable StoredValue current);
    }

    /** What the store holds at a key, expired or not. */
    private record Held(StoredValue value, long revision) {}

    private final String subject;
    private final BucketName name;
    private final LatticeTransport transport;
    private final Clock clock;
    private final ReentrantLock[] locks = new ReentrantLock[LOCKS];
    private final Map<String, Long> expiries = new ConcurrentHashMap<>();
    private final ReentrantLock opening = new ReentrantLock();
    private volatile @Nullable KeyValueStore opened;

    BucketName name() {
        return name;
    }

    Bucket(String subject, BucketName name, LatticeTransport transport, Clock clock) {
        this.subject = subject;
        this.name = name;
        this.transport = transport;
        this.clock = clock;
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new ReentrantLock(true); // fair: whoever waits longest is next
        }
    }

    /** The value of {@code key}; {@code null} if it is absent or has expired. */
    @Nullable
    StoredValue read(String key) throws InterruptedException {
        return live(held(nameOf(key)).orElse(null));
    }

    /** Gives {@code key} a value, whatever it has. */
    void write(String key, StoredValue value, Progress progress) throws InterruptedException {
        String keyName = nameOf(key);
        byte[] bytes = encoded(key, value);
        KeyValueStore store = store();
        progress.at(Progress.Stage.WRITING);
        store.put(keyName, bytes);
        expects(keyName, value);
    }

    /**
     * Changes the value of {@code key} atomically.
     *
     * @throws InvocationException with {@code Overloaded} if others change the same key all the time
     */
    MessageLite change(String key, Change change, Deadline deadline, Progress progress) throws InterruptedException {
        String keyName = nameOf(key);
        var lock = locks[Math.floorMod(keyName.hashCode(), LOCKS)];
        progress.at(Progress.Stage.QUEUED);
        if (!lock.tryLock(Math.max(0, deadline.remainingNanos()), TimeUnit.NANOSECONDS)) {
            throw overloaded(key);
        }
        try {
            for (int attempt = 1; attempt <= ATTEMPTS_MAX && !deadline.passed(); attempt++) {
                progress.at(Progress.Stage.READING);
                var held = held(keyName).orElse(null);
                var next = change.next(live(held));
                if (tried(key, keyName, held, next, progress)) {
                    return next.reply();
                }
                pause(attempt);
            }
        } finally {
            lock.unlock();
        }
        throw overloaded(key);
    }

    /** Writes {@code next}; {@code false} if another host has changed the key since it was read. */
    private boolean tried(String key, String keyName, @Nullable Held held, Next next, Progress progress)
            throws InterruptedException {
        try {
            switch (next) {
                case Next.Keep _ -> {}
                case Next.Write write -> {
                    byte[] bytes = encoded(key, write.value());
                    KeyValueStore store = store();
                    progress.at(Progress.Stage.WRITING);
                    if (held == null) {
                        store.create(keyName, bytes);
                    } else {
                        store.update(keyName, bytes, held.revision());
                    }
                    expects(keyName, write.value());
                }
                case Next.Remove _ -> {
                    if (held != null) {
                        progress.at(Progress.Stage.WRITING);
                        store().delete(keyName, held.revision());
                        expiries.remove(keyName);
                    }
                }
            }
            return true;
        } catch (TransportException e) {
            if (e.failure() instanceof TransportFailure.Conflict) {
                return false;
            }
            throw e;
        }
    }

    private static void pause(int attempt) throws InterruptedException {
        long bound = Math.min(PAUSE_NANOS_MAX, PAUSE_NANOS_MAX / 100 * attempt);
        TimeUnit.NANOSECONDS.sleep(ThreadLocalRandom.current().nextLong(bound + 1));
    }

    private InvocationException overloaded(String key) {
        return new InvocationException(new InvocationFailure.Overloaded(
                subject, "key " + shortened(key) + " is changed by too many calls at once; try again"));
    }

    private String nameOf(String key) {
        String keyName = KeyNames.encode(key);
        if (keyName.length() > KeyValueStore.KEY_LENGTH_MAX) {
            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                    subject,
                    "key " + shortened(key) + " takes " + keyName.length() + " characters in the store, at most "
                            + KeyValueStore.KEY_LENGTH_MAX
                            + " fit (letters, digits, '-', '_', '/' take one each, other bytes three)"));
        }
        return keyName;
    }

    private byte[] encoded(String key, StoredValue value) {
        if (value.getSerializedSize() > KeyValueStore.VALUE_BYTES_MAX) {
            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                    subject,
                    "the value of key " + shortened(key) + " would take " + value.getSerializedSize()
                            + " bytes, at most " + KeyValueStore.VALUE_BYTES_MAX
                            + " fit; keyvalue-nats keeps a whole list or set in one value, spread it over keys"));
        }
        return value.toByteArray();
    }

    private static String shortened(String key) {
        String printable = key.replaceAll("\\p{Cntrl}", "?");
        return "'" + (printable.length() <= 80 ? printable : printable.substring(0, 77) + "...") + "'";
    }

    private Optional<Held> held(String keyName) throws InterruptedException {
        var entry = store().get(keyName);
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        var value = StoredValues.parse(subject, keyName, entry.get().value());
        expects(keyName, value);
        return Optional.of(new Held(value, entry.get().revision()));
    }

    private @Nullable StoredValue live(@Nullable Held held) {
        return held == null || expired(held.value()) ? null : held.value();
    }

    private boolean expired(StoredValue value) {
        long expires = value.getExpiresEpochMillis();
        return expires != 0 && expires <= clock.millis();
    }

    private void expects(String keyName, StoredValue value) {
        long expires = value.getExpiresEpochMillis();
        if (expires == 0) {
            expiries.remove(keyName);
        } else if (expiries.size() < EXPIRIES_MAX || expiries.containsKey(keyName)) {
            expiries.put(keyName, expires);
        }
    }

    /** The store's names of all keys, expired ones among them. */
    Collection<String> names() throws InterruptedException {
        return store().keys();
    }

    /** Whether the key that has this name in the store is there, and has not expired. */
    boolean holds(String keyName) throws InterruptedException {
        try {
            return live(held(keyName).orElse(null)) != null;
        } catch (InvocationException e) {
            return false; // something that this provider has not written is no key of an actor
        }
    }

    /** Remembers keys that will expire among some of those in the store: of other hosts, of earlier lives. */
    void scan() throws InterruptedException {
        var keys = new ArrayList<>(store().keys());
        Collections.shuffle(keys, ThreadLocalRandom.current());
        for (String keyName : keys.subList(0, Math.min(SCAN_MAX, keys.size()))) {
            try {
                var _ = held(keyName);
            } catch (InvocationException e) {
                LOG.debug("Bucket {}: {}", name, e.getMessage());
            }
        }
    }

    /** Deletes what has expired; returns how many keys that were. */
    int sweep() throws InterruptedException {
        long now = clock.millis();
        var due = expiries.entrySet().stream()
                .filter(expiry -> expiry.getValue() <= now)
                .limit(SWEEP_MAX)
                .map(Map.Entry::copyOf)
                .toList();
        int deleted = 0;
        for (var expiry : due) {
            if (swept(expiry.getKey())) {
                deleted++;
            }
            expiries.remove(expiry.getKey(), expiry.getValue());
        }
        return deleted;
    }

    private boolean swept(String keyName) throws InterruptedException {
        try {
            var held = held(keyName);
            if (held.isPresent() && expired(held.get().value())) {
                store().delete(keyName, held.get().revision());
                return true;
            }
        } catch (InvocationException e) {
            LOG.debug("Bucket {}: {}", name, e.getMessage());
        } catch (TransportException e) {
            if (!(e.failure() instanceof TransportFailure.Conflict)) {
                throw e;
            }
            // set anew meanwhile: whoever did that has told us, or the next scan will
        }
        return false;
    }

    private KeyValueStore store() throws InterruptedException {
        KeyValueStore store = opened;
        if (store != null) {
            return store;
        }
        opening.lockInterruptibly();
        try {
            store = opened;
            if (store == null) {
                store = transport.store(name.value());
                opened = store;
                LOG.info("Keys are kept in bucket {} of {}", name, transport.description());
            }
            return store;
        } finally {
            opening.unlock();
        }
    }

    /** Opens the bucket anew before its next use: it may have been deleted. */
    void forgetStore() {
        opened = null;
    }
}
