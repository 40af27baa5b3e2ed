package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.Lease;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lattice's shared records: links and claims in one store, configs in another, one key each, written by
 * compare-and-set. Blocks; call it from virtual threads. Throws what {@link KeyValueStore} throws.
 */
final class LatticeRecords {
    static final String LINK_PREFIX = "LINK.";
    private static final String CLAIMS_PREFIX = "CLAIMS_";
    private static final int ATTEMPTS_MAX = 8;

    private static final Logger log = LoggerFactory.getLogger(LatticeRecords.class);

    /** Longest wait for a config that is known from before. */
    static final Duration CONFIG_MAX = Duration.ofSeconds(1);

    private final LatticeTransport transport;
    private final Subjects subjects;
    private volatile Map<String, Map<String, String>> lastKnown = Map.of();

    LatticeRecords(LatticeTransport transport, Subjects subjects) {
        this.transport = transport;
        this.subjects = subjects;
    }

    /** The epoch of the lattice's lease; empty if there is none that can be read. */
    OptionalLong leaseEpoch() throws InterruptedException {
        var entry = transport.store(subjects.manifestBucket()).get(Lease.KEY);
        if (entry.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(
                    WireJson.read(entry.get().value(), Lease.class).epoch());
        } catch (IllegalArgumentException e) {
            log.warn("The lattice's lease is not readable: {}", e.getMessage());
            return OptionalLong.empty();
        }
    }

    /** The revision of the lattice's lease, which its leader writes anew all the time; empty if there is none. */
    OptionalLong leaseRevision() throws InterruptedException {
        return transport.store(subjects.manifestBucket()).get(Lease.KEY).stream()
                .mapToLong(KeyValueStore.Entry::revision)
                .findFirst();
    }

    KeyValueStore linkStore() throws InterruptedException {
        return transport.store(subjects.latticeDataBucket());
    }

    KeyValueStore configStore() throws InterruptedException {
        return transport.store(subjects.configDataBucket());
    }

    /** The key under which a link is stored. */
    static String storeKey(LinkKey key) {
        return LINK_PREFIX
                + key.source()
                + "."
                + key.contract().namespace()
                + "."
                + key.contract().packageName().replace(':', '=')
                + "."
                + key.name();
    }

    /** The link of a store entry; empty, with a warning, if it is not one that can be used. */
    static Optional<StoredLink> parseLink(KeyValueStore.Entry entry) {
        try {
            var message = WireJson.read(entry.value(), LinkMessage.class);
            Link link = message.toLink();
            if (!storeKey(link.key()).equals(entry.key())) {
                throw new IllegalArgumentException("it belongs under " + storeKey(link.key()));
            }
            return Optional.of(new StoredLink(link, message.toNext(), entry.revision()));
        } catch (IllegalArgumentException | NullPointerException e) {
            log.warn("Link record {} is not used: {}", entry.key(), e.getMessage());
            return Optional.empty();
        }
    }

    /** Stores a link that stays where it points. */
    void putLink(Link link) throws InterruptedException {
        putLink(link, Optional.empty(), OptionalLong.empty());
    }

    /**
     * Stores a link, and where it is to point next. An equal record is left as it is.
     *
     * @param ifRevision if present, the record must be at this revision; then the link may move to the target that it
     *     has as its next one, in one compare-and-set
     * @throws IllegalArgumentException if a config that it names does not exist, it conflicts with another link, or
     *     the record is at another revision
     */
    void putLink(Link link, Optional<Link> next, OptionalLong ifRevision) throws InterruptedException {
        var missing = new ArrayList<String>();
        KeyValueStore configs = configStore();
        var named = Stream.concat(Stream.of(link), next.stream())
                .flatMap(one -> Stream.concat(one.sourceConfig().stream(), one.targetConfig().stream()))
                .distinct()
                .toList();
        for (String name : named) {
            if (configs.get(name).isEmpty()) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("link %s names configs that do not exist: %s; put them first"
                    .formatted(link.key(), String.join(", ", missing)));
        }
        KeyValueStore links = linkStore();
        String key = storeKey(link.key());
        byte[] value = WireJson.write(LinkMessage.of(link, next));
        boolean _ = retryConflicts(() -> {
            var existing = links.get(key);
            if (existing.isPresent() && Arrays.equals(existing.get().value(), value)) {
                return true;
            }
            if (ifRevision.isPresent() && (existing.isEmpty() || existing.get().revision() != ifRevision.getAsLong())) {
                throw new IllegalArgumentException("link %s is %s, not at revision %d: somebody else changed it"
                        .formatted(
                                link.key(),
                                existing.map(entry -> "at revision " + entry.revision())
                                        .orElse("not stored"),
                                ifRevision.getAsLong()));
            }
            if (existing.isEmpty()) {
                refuseOtherFace(links, link, Long.MAX_VALUE);
                long revision = links.create(key, value);
                try {
                    // Two hosts may both have found nothing: there is no compare-and-set over two keys. The store
                    // orders its changes, so of the two links the later one sees the earlier here, and gives way.
                    refuseOtherFace(links, link, revision);
                } catch (IllegalArgumentException e) {
                    links.delete(key, revision);
                    throw e;
                }
                return true;
            }
            Optional<StoredLink> old = parseLink(existing.get());
            if (old.isPresent() && !old.get().link().target().equals(link.target())) {
                boolean prepared = ifRevision.isPresent() && old.get().next().equals(Optional.of(link));
                if (!prepared) {
                    throw new IllegalArgumentException(
                            "link already exists with different target: %s points to %s, not %s; delete it first"
                                    .formatted(link.key(), old.get().link().target(), link.target()));
                }
            }
            links.update(key, value, existing.get().revision());
            return true;
        });
    }

    /** Refuses {@code link} if one stands in the store, before {@code revision}, for another face of its contract. */
    private static void refuseOtherFace(KeyValueStore links, Link link, long revision) throws InterruptedException {
        ContractId contract = Contracts.canonical(link);
        for (ContractId face : Contracts.names(contract)) {
            if (face.equals(link.contract())) {
                continue;
            }
            var other = links.get(storeKey(new LinkKey(link.source(), face, link.name())));
            boolean same = other.flatMap(LatticeRecords::parseLink)
                    .filter(stored -> Contracts.canonical(stored.link()).equals(contract))
                    .isPresent();
            if (same && other.get().revision() < revision) {
                throw new IllegalArgumentException(
                        "link %s conflicts with the one for %s, which is the same contract by another name; delete that one first, or give this one another name"
                                .formatted(link.key(), face));
            }
        }
    }

    /** Deletes a link, and returns it if there was one. */
    Optional<Link> deleteLink(LinkKey key) throws InterruptedException {
        KeyValueStore links = linkStore();
        return retryConflicts(() -> {
            var existing = links.get(storeKey(key));
            if (existing.isPresent()) {
                links.delete(storeKey(key), existing.get().revision());
            }
            return existing.flatMap(LatticeRecords::parseLink).map(StoredLink::link);
        });
    }

    List<StoredLink> links() throws InterruptedException {
        return linkStore().entries().stream()
                .filter(entry -> entry.key().startsWith(LINK_PREFIX))
                .map(LatticeRecords::parseLink)
                .flatMap(Optional::stream)
                .toList();
    }

    /** Stores the claims of an actor, in wasmCloud's own layout. */
    void putClaims(ActorFacts facts) throws InterruptedException {
        if (facts.publicKey() == null) {
            return;
        }
        var claims = new HashMap<String, String>();
        claims.put("subject", facts.publicKey());
        claims.put("revision", Integer.toString(facts.revision()));
        Optional.ofNullable(facts.issuer()).ifPresent(value -> claims.put("issuer", value));
        Optional.ofNullable(facts.name()).ifPresent(value -> claims.put("name", value));
        Optional.ofNullable(facts.callAlias()).ifPresent(value -> claims.put("call_alias", value));
        Optional.ofNullable(facts.version()).ifPresent(value -> claims.put("version", value));
        linkStore().put(CLAIMS_PREFIX + facts.publicKey(), WireJson.write(claims));
    }

    List<Map<String, String>> claims() throws InterruptedException {
        return linkStore().entries().stream()
                .filter(entry -> entry.key().startsWith(CLAIMS_PREFIX))
                .map(LatticeRecords::parseClaims)
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<Map<String, String>> parseClaims(KeyValueStore.Entry entry) {
        try {
            return Optional.of(WireJson.readStrings(entry.value()));
        } catch (IllegalArgumentException e) {
            log.warn("Claims record {} is not used: {}", entry.key(), e.getMessage());
            return Optional.empty();
        }
    }

    void putConfig(String name, Map<String, String> config) throws InterruptedException {
        configStore().put(name, WireJson.write(config));
    }

    /** A config as it is stored now. */
    Optional<Map<String, String>> storedConfig(String name) throws InterruptedException {
        return configStore().get(name).map(entry -> WireJson.readStrings(entry.value()));
    }

    /**
     * A config as it is stored, or, if the store does not answer within {@link #CONFIG_MAX}, as it was last known here:
     * a host goes on without the lattice.
     *
     * @throws TransportException if the store does not answer and the config is not known
     */
    Optional<Map<String, String>> config(String name) throws InterruptedException {
        var task = new FutureTask<>(() -> storedConfig(name));
        Thread.ofVirtual().name("config").start(task);
        TransportException away;
        try {
            return task.get(CONFIG_MAX.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TransportException broken)) {
                throw new IllegalArgumentException("config '" + name + "' cannot be read", e.getCause());
            }
            away = broken;
        } catch (TimeoutException e) {
            away = new TransportException(new TransportFailure.TimedOut("config " + name, CONFIG_MAX.toMillis()), e);
        } finally {
            task.cancel(true);
        }
        var known = lastKnown.get(name);
        if (known == null) {
            throw away;
        }
        log.info("Config {} is used as it was last known: {}", name, away.getMessage());
        return Optional.of(known);
    }

    /** Remembers all configs of the lattice. */
    void lastKnown(Map<String, Map<String, String>> configs) {
        lastKnown = Map.copyOf(configs);
    }

    void deleteConfig(String name) throws InterruptedException {
        configStore().delete(name);
    }

    private interface Attempt<T> {
        T run() throws InterruptedException;
    }

    private static <T> T retryConflicts(Attempt<T> attempt) throws InterruptedException {
        for (int attempts = 1; ; attempts++) {
            try {
                return attempt.run();
            } catch (TransportException e) {
                if (!(e.failure() instanceof TransportFailure.Conflict) || attempts == ATTEMPTS_MAX) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(1, 20 * attempts));
            }
        }
    }
}
