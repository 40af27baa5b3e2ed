package dev.trellis.lattice.transport;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A lattice within this process: what a NATS server is to hosts on a network. Each host joins it with a transport of
 * its own. Its stores live in memory, or in a directory where they survive a restart.
 *
 * <p>Safe for concurrent use.
 */
public final class InProcessLattice implements AutoCloseable {
    /*
     * Subscriptions change rarely, messages are many. The trie is guarded by a lock; what it answers is remembered per
     * subject in a map that is thrown away with each change. A sender reads the map before it asks the trie, so what
     * it adds afterwards goes to a map that is at most as new as its answer.
     */

    /** Subjects whose receivers are remembered; at the bound all are forgotten and found again. */
    private static final int ROUTES_MAX = 16_384;

    /** Who gets a message: every one of {@code all}, and one of each group. */
    record Route(List<InProcessSubscription> all, List<Group> groups) {
        boolean empty() {
            return all.isEmpty() && groups.isEmpty();
        }
    }

    /** Members of a queue group, served in turn. */
    record Group(List<InProcessSubscription> members, AtomicInteger turn) {
        InProcessSubscription next() {
            return members.get(Math.floorMod(turn.getAndIncrement(), members.size()));
        }
    }

    private final @Nullable Path directory;
    private final @Nullable FileChannel lockFile;
    private final ReentrantLock lock = new ReentrantLock();
    private final SubjectTrie<InProcessSubscription> trie = new SubjectTrie<>();
    private final Map<String, InProcessStore> stores = new HashMap<>();
    private final Set<InProcessTransport> members = ConcurrentHashMap.newKeySet();
    private volatile Map<String, Route> routes = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** A lattice whose stores are gone with it. */
    public InProcessLattice() {
        this.directory = null;
        this.lockFile = null;
    }

    private InProcessLattice(Path directory, FileChannel lockFile) {
        this.directory = directory;
        this.lockFile = lockFile;
    }

    /**
     * A lattice whose stores are kept in {@code directory}, which is created if it is not there. A write returns after
     * it is on disk.
     *
     * @throws IOException if the directory cannot be used, or another process uses it
     */
    public static InProcessLattice persistent(Path directory) throws IOException {
        Files.createDirectories(directory);
        Path lockPath = directory.resolve("lattice.lock");
        FileChannel channel = FileChannel.open(lockPath, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!locked(channel)) {
            channel.close();
            throw new IOException("lattice directory " + directory
                    + " is in use by another process: stop that one, or give another directory");
        }
        return new InProcessLattice(directory, channel);
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // held by this very process
        }
    }

    /** A new transport on this lattice, for one host or tool. */
    public LatticeTransport join() {
        var transport = new InProcessTransport(this);
        members.add(transport);
        if (closed) {
            transport.close();
        }
        return transport;
    }

    Route route(String subject) {
        Map<String, Route> known = routes;
        Route route = known.get(subject);
        if (route == null) {
            MessageRules.checkSubject(subject);
            route = findRoute(subject);
            if (known.size() >= ROUTES_MAX) {
                known.clear();
            }
            known.put(subject, route);
        }
        return route;
    }

    private Route findRoute(String subject) {
        List<InProcessSubscription> matching;
        lock.lock();
        try {
            matching = trie.match(subject);
        } finally {
            lock.unlock();
        }
        List<InProcessSubscription> all = new ArrayList<>();
        Map<String, List<InProcessSubscription>> grouped = new LinkedHashMap<>();
        for (InProcessSubscription subscription : matching) {
            String queueGroup = subscription.queueGroup();
            if (queueGroup == null) {
                all.add(subscription);
            } else {
                grouped.computeIfAbsent(queueGroup, _ -> new ArrayList<>()).add(subscription);
            }
        }
        List<Group> groups = new ArrayList<>();
        for (List<InProcessSubscription> group : grouped.values()) {
            int first = ThreadLocalRandom.current().nextInt(group.size());
            groups.add(new Group(List.copyOf(group), new AtomicInteger(first)));
        }
        return new Route(List.copyOf(all), List.copyOf(groups));
    }

    void add(InProcessSubscription subscription) {
        lock.lock();
        try {
            trie.add(subscription.pattern(), subscription);
            routes = new ConcurrentHashMap<>();
        } finally {
            lock.unlock();
        }
    }

    void remove(InProcessSubscription subscription) {
        lock.lock();
        try {
            trie.remove(subscription.pattern(), subscription);
            routes = new ConcurrentHashMap<>();
        } finally {
            lock.unlock();
        }
    }

    void left(InProcessTransport transport) {
        members.remove(transport);
    }

    InProcessStore store(String name) {
        lock.lock();
        try {
            if (closed) {
                throw new TransportException(new TransportFailure.Disconnected("store " + name, false));
            }
            InProcessStore store = stores.get(name);
            if (store == null) {
                store = new InProcessStore(name, directory == null ? null : StoreLog.open(directory, name));
                stores.put(name, store);
            }
            return store;
        } finally {
            lock.unlock();
        }
    }

    /** Closes every transport that joined, and the files of the stores. Idempotent. */
    @Override
    public void close() {
        closed = true;
        members.forEach(InProcessTransport::close);
        lock.lock();
        try {
            stores.values().forEach(InProcessStore::close);
            stores.clear();
            if (lockFile != null) {
                lockFile.close();
            }
        } catch (IOException e) {
            throw new TransportException(
                    new TransportFailure.Refused("directory " + directory, "its lock cannot be released"), e);
        } finally {
            lock.unlock();
        }
    }
}
