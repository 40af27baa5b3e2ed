package dev.trellis.lattice.transport;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A store of an in-process lattice: a sorted map behind one lock, and a log if it is to survive a restart. */
final class InProcessStore implements KeyValueStore {
    /** Changes that wait for one slow watcher; at the bound it is told to begin anew. */
    static final int WATCH_QUEUE_MAX = 65_536;

    /** How long closing a watch waits for a handler that is running. */
    private static final long CLOSE_WAIT_MILLIS = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(InProcessStore.class);

    private final String name;
    private final @Nullable StoreLog log;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Entry> entries = new TreeMap<>();
    private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
    private long revision;

    InProcessStore(String name, @Nullable StoreLog log) {
        this.name = name;
        this.log = log;
        if (log != null) {
            this.revision = log.load(entries);
        }
    }

    String name() {
        return name;
    }

    @Override
    public Optional<Entry> get(String key) {
        MessageRules.checkKey(key);
        lock.lock();
        try {
            return Optional.ofNullable(entries.get(key));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long put(String key, byte[] value) {
        return write(key, value, null);
    }

    @Override
    public long create(String key, byte[] value) {
        return write(key, value, 0L);
    }

    @Override
    public long update(String key, byte[] value, long revision) {
        MessageRules.checkRevision(revision);
        return write(key, value, revision);
    }

    /** {@code expected}: the revision the key must stand at, 0 for none, or null for any. */
    private long write(String key, byte[] value, @Nullable Long expected) {
        MessageRules.checkKey(key);
        MessageRules.checkValue(key, value);
        lock.lock();
        try {
            compare(key, expected);
            Entry entry = new Entry(key, value, revision + 1);
            if (log != null) {
                log.put(entry, entries);
            }
            revision++;
            entries.put(key, entry);
            tell(new Change.Put(entry));
            return revision;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void delete(String key) {
        remove(key, null);
    }

    @Override
    public void delete(String key, long revision) {
        MessageRules.checkRevision(revision);
        remove(key, revision);
    }

    private void remove(String key, @Nullable Long expected) {
        MessageRules.checkKey(key);
        lock.lock();
        try {
            compare(key, expected);
            if (!entries.containsKey(key)) {
                return;
            }
            if (log != null) {
                log.delete(key, revision + 1, entries);
            }
            revision++;
            entries.remove(key);
            tell(new Change.Deleted(key, revision));
        } finally {
            lock.unlock();
        }
    }

    private void compare(String key, @Nullable Long expected) {
        if (expected != null) {
            Entry entry = entries.get(key);
            if ((entry == null ? 0 : entry.revision()) != expected) {
                throw new TransportException(new TransportFailure.Conflict(key));
            }
        }
    }

    @Override
    public List<String> keys() {
        lock.lock();
        try {
            return List.copyOf(entries.keySet());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<Entry> entries() {
        lock.lock();
        try {
            return List.copyOf(entries.values());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Subscription watch(Consumer<Change> handler) {
        Watcher watcher = new Watcher(handler);
        lock.lock();
        try {
            watcher.tellAll();
            watchers.add(watcher);
        } finally {
            lock.unlock();
        }
        watcher.dispatcher.start();
        return watcher;
    }

    private void tell(Change change) {
        for (Watcher watcher : watchers) {
            watcher.tell(change);
        }
    }

    void close() {
        watchers.forEach(Watcher::close);
        lock.lock();
        try {
            if (log != null) {
                log.close();
            }
        } finally {
            lock.unlock();
        }
    }

    /** One watch: what it has still to be told, guarded by the store's lock, and the thread that tells it. */
    private final class Watcher implements Subscription {
        private final Consumer<Change> handler;
        private final Thread dispatcher;
        private final Condition news = lock.newCondition();
        private final ReentrantLock handling = new ReentrantLock();
        private Deque<Change> pending = new ArrayDeque<>();
        private boolean behind;
        private volatile boolean closed;

        Watcher(Consumer<Change> handler) {
            this.handler = handler;
            this.dispatcher = Thread.ofVirtual().name("lattice watch " + name).unstarted(this::dispatch);
        }

        void tell(Change change) {
            if (!behind) {
                if (pending.size() < WATCH_QUEUE_MAX) {
                    pending.add(change);
                } else {
                    LOG.warn("A watcher of store {} is too slow; it is told everything anew", name);
                    behind = true;
                }
                news.signal();
            }
        }

        void tellAll() {
            for (Entry entry : entries.values()) {
                pending.add(new Change.Put(entry));
            }
            pending.add(new Change.CaughtUp());
        }

        private Deque<Change> next() {
            lock.lock();
            try {
                while (pending.isEmpty() && !behind && !closed) {
                    news.awaitUninterruptibly();
                }
                if (behind && pending.isEmpty()) {
                    behind = false;
                    pending.add(new Change.Restarted());
                    tellAll();
                }
                Deque<Change> taken = pending;
                pending = new ArrayDeque<>();
                return taken;
            } finally {
                lock.unlock();
            }
        }

        private void dispatch() {
            while (!closed) {
                for (Change change : next()) {
                    handle(change);
                }
            }
        }

        private void handle(Change change) {
            handling.lock();
            try {
                if (!closed) {
                    handler.accept(change);
                }
            } catch (RuntimeException | Error e) {
                LOG.error("A watcher of store {} failed", name, e);
            } finally {
                handling.unlock();
            }
        }

        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            watchers.remove(this);
            lock.lock();
            try {
                news.signal();
            } finally {
                lock.unlock();
            }
            try {
                if (!handling.isHeldByCurrentThread() && handling.tryLock(CLOSE_WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
                    handling.unlock();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
