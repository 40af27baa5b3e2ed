package dev.trellis.wadm.server;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.wadm.core.Deployment;
import dev.trellis.wadm.core.Ownership;
import dev.trellis.wadm.manifest.InvalidManifestException;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestComponent;
import dev.trellis.wadm.manifest.ManifestReader;
import dev.trellis.wadm.server.Catalog.Application;
import dev.trellis.wadm.server.CatalogRecord.Head;
import dev.trellis.wadm.server.CatalogRecord.ManifestText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The applications of a controller and every change to them. A change is in the journal, on the disk, before anything
 * tells of it. Not safe for concurrent use.
 */
final class ManifestStore implements AutoCloseable {
    /** Versions kept of one application; with a further one the oldest that is not deployed is dropped. */
    static final int VERSIONS_MAX = 100;

    /** Applications that can be kept; a further one is refused. */
    static final int APPLICATIONS_MAX = 1_000;

    /** Deleted applications whose names are remembered; beyond it those deleted first are forgotten. */
    static final int DELETED_MAX = 1_000;

    /** Characters of all manifests together; a manifest that exceeds it is refused. */
    static final long TEXT_LENGTH_MAX = 64L << 20;

    /** A journal of more bytes than this is written anew each time it has doubled. */
    static final long COMPACTION_BYTES = 16L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(ManifestStore.class);

    private final Journal journal;
    private final Supplier<String> versionNames;
    private final long compactionBytes;
    private final Map<String, Application> applications = new TreeMap<>();
    private long epoch;
    private long lastChange;
    private long compactedBytes;

    private ManifestStore(Journal journal, Supplier<String> versionNames, long compactionBytes) {
        this.journal = journal;
        this.versionNames = versionNames;
        this.compactionBytes = compactionBytes;
    }

    /** A change that was refused, and why. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean notFound;

        RefusedException(String message, boolean notFound) {
            super(message);
            this.notFound = notFound;
        }

        boolean notFound() {
            return notFound;
        }
    }

    /**
     * Opens the store in {@code directory}.
     *
     * @param versionNames names for versions whose manifests give none
     * @throws WadmStartException if the journal is in use, damaged or from a newer Trellis
     */
    static ManifestStore open(Path directory, Supplier<String> versionNames) throws WadmStartException {
        return open(directory, versionNames, COMPACTION_BYTES);
    }

    /** {@link #open(Path, Supplier)} with another bound than {@link #COMPACTION_BYTES}. */
    static ManifestStore open(Path directory, Supplier<String> versionNames, long compactionBytes)
            throws WadmStartException {
        var opened = Journal.open(directory);
        var store = new ManifestStore(opened.journal(), versionNames, compactionBytes);
        try {
            store.replay(opened.contents());
        } catch (IllegalArgumentException e) {
            store.close();
            throw new WadmStartException(
                    "the journal in " + directory + " holds something this version cannot read: " + e.getMessage(), e);
        }
        return store;
    }

    private void replay(List<byte[]> contents) {
        var texts = new HashMap<String, ManifestText>();
        var heads = new TreeMap<String, Head>();
        for (byte[] content : contents) {
            switch (CatalogRecord.read(content)) {
                case ManifestText text -> texts.put(text.key(), text);
                case Head head -> {
                    heads.put(head.application(), head);
                    lastChange = Math.max(lastChange, head.stamp().change());
                }
            }
        }
        heads.forEach((name, head) -> {
            var versions = new ArrayList<ManifestText>();
            for (long sequence : head.versions()) {
                ManifestText text = texts.get(ManifestText.key(name, sequence));
                if (text == null) {
                    throw new IllegalArgumentException("version " + sequence + " of " + name + " is missing");
                }
                versions.add(text);
            }
            applications.put(name, application(head, versions));
        });
    }

    /** Stamps further changes with the leader's term. */
    void startTerm(long newEpoch) {
        this.epoch = newEpoch;
    }

    /** The latest term that any change was made in. */
    long lastEpoch() {
        return applications.values().stream()
                .mapToLong(application -> application.head().stamp().epoch())
                .max()
                .orElse(0);
    }

    Catalog catalog() {
        return new Catalog(epoch, new TreeMap<>(applications));
    }

    Optional<Application> application(String name) {
        return Optional.ofNullable(applications.get(name));
    }

    /** Adds a version of {@code manifest}. */
    ApiReplies.Put put(Manifest manifest) throws RefusedException, IOException {
        String name = manifest.name();
        String version = manifest.version().orElseGet(versionNames);
        var existing = Optional.ofNullable(applications.get(name));
        boolean isNew = existing.isEmpty() || existing.get().deleted();
        if (existing.isPresent() && existing.get().version(version).isPresent()) {
            throw new RefusedException(
                    "version %s of application %s already exists; give this one another version"
                            .formatted(version, name),
                    false);
        }
        if (isNew && applications.values().stream().filter(a -> !a.deleted()).count() >= APPLICATIONS_MAX) {
            throw new RefusedException("there are " + APPLICATIONS_MAX + " applications; delete one first", false);
        }
        Head old = existing.map(Application::head)
                .orElseGet(() -> new Head(name, Stamp.NEVER, 0, List.of(), null, List.of(), List.of()));
        var text = new ManifestText(
                name,
                old.lastSequence() + 1,
                version,
                manifest.description().orElse(""),
                manifest.source().text());
        byte[] bytes = CatalogRecord.write(text);
        if (bytes.length > KeyValueStore.VALUE_BYTES_MAX) {
            throw new RefusedException(
                    "the manifest takes %d bytes to keep, more than %d"
                            .formatted(bytes.length, KeyValueStore.VALUE_BYTES_MAX),
                    false);
        }
        if (textLength() + text.text().length() > TEXT_LENGTH_MAX) {
            throw new RefusedException(
                    "all manifests together exceed " + TEXT_LENGTH_MAX + " characters; delete versions first", false);
        }
        var versions = new ArrayList<>(existing.map(Application::versions).orElse(List.of()));
        versions.add(text);
        if (versions.size() > VERSIONS_MAX) {
            ManifestText oldest = versions.stream()
                    .filter(candidate -> !Long.valueOf(candidate.sequence()).equals(old.deployed()))
                    .findFirst()
                    .orElseThrow();
            versions.remove(oldest);
            LOG.info(
                    "application {} has more than {} versions: the oldest, {}, is dropped",
                    name,
                    VERSIONS_MAX,
                    oldest.version());
        }
        commit(head(old, text.sequence(), versions, old.deployed()), versions, List.of(text));
        var message = new StringBuilder("Successfully put manifest " + name + " " + version);
        manifest.warnings().forEach(warning -> message.append('\n').append(warning.format()));
        return new ApiReplies.Put(isNew ? "created" : "newversion", versions.size(), version, message.toString(), name);
    }

    /** Makes {@code version}, or the newest if there is none or it is {@code latest}, the one that is to run. */
    ApiReplies.Deploy deploy(String name, @Nullable String version) throws RefusedException, IOException {
        Application application = find(name);
        ManifestText text = (version == null || version.equals("latest")
                        ? application.newest()
                        : application.version(version))
                .orElseThrow(() -> new RefusedException(
                        "application " + name + " has no version " + version + "; it has "
                                + String.join(
                                        ", ",
                                        application.versions().stream()
                                                .map(ManifestText::version)
                                                .toList()),
                        true));
        Deployment deployment = parse(text)
                .orElseThrow(() -> new RefusedException(
                        "version " + text.version() + " of application " + name
                                + " cannot be read by this version of Trellis; put it again",
                        false));
        checkIds(deployment);
        Head old = application.head();
        if (!Long.valueOf(text.sequence()).equals(old.deployed())) {
            var ownership = old.ownership().with(deployment.ownership());
            commit(
                    head(old, old.lastSequence(), application.versions(), text.sequence())
                            .with(ownership),
                    application.versions(),
                    List.of());
            LOG.info("application {} is to run in version {}", name, text.version());
        }
        return new ApiReplies.Deploy(
                "acknowledged", "Successfully deployed manifest " + name + " " + text.version(), name, text.version());
    }

    private void checkIds(Deployment deployment) throws RefusedException {
        var taken = new HashMap<EntityId, String>();
        for (Application other : applications.values()) {
            if (other.deployment() != null && !other.head().application().equals(deployment.application())) {
                for (ManifestComponent component : other.deployment().manifest().components()) {
                    taken.put(component.id(), other.head().application());
                }
            }
        }
        for (ManifestComponent component : deployment.manifest().components()) {
            String owner = taken.get(component.id());
            if (owner != null) {
                throw new RefusedException(
                        "id %s of component %s is taken by application %s, which is deployed; give one of them another id"
                                .formatted(component.id(), component.name(), owner),
                        false);
            }
        }
    }

    /** Lets nothing run of the application any more. */
    ApiReplies.Deploy undeploy(String name) throws RefusedException, IOException {
        Application application = find(name);
        Head old = application.head();
        String version = application.deployed().map(ManifestText::version).orElse(null);
        if (old.deployed() != null) {
            commit(head(old, old.lastSequence(), application.versions(), null), application.versions(), List.of());
            LOG.info("application {} is not to run any more", name);
        }
        return new ApiReplies.Deploy("acknowledged", "Successfully undeployed manifest " + name, name, version);
    }

    /** Deletes one version, or all with the application; what was deployed of them is undeployed. */
    ApiReplies.Delete delete(String name, @Nullable String version) throws IOException {
        var application = Optional.ofNullable(applications.get(name)).filter(a -> !a.deleted());
        var doomed = application.stream()
                .flatMap(a -> a.versions().stream())
                .filter(text -> version == null || text.version().equals(version))
                .toList();
        if (doomed.isEmpty()) {
            return new ApiReplies.Delete(
                    "noop",
                    version == null
                            ? "there is no application " + name
                            : "there is no version " + version + " of application " + name,
                    false);
        }
        Head old = application.orElseThrow().head();
        var rest = new ArrayList<>(application.orElseThrow().versions());
        rest.removeAll(doomed);
        boolean undeploy =
                doomed.stream().anyMatch(text -> Long.valueOf(text.sequence()).equals(old.deployed()));
        commit(head(old, old.lastSequence(), rest, undeploy ? null : old.deployed()), rest, List.of());
        forgetDeleted();
        LOG.info("{} of application {} deleted", version == null ? "all versions" : "version " + version, name);
        return new ApiReplies.Delete(
                "deleted", "Successfully deleted manifest " + name + (version == null ? "" : " " + version), undeploy);
    }

    /** Keeps in mind that of what an application owned as of {@code seen} only {@code ownership} is left. */
    boolean own(Ownership ownership, Stamp seen) throws IOException {
        Application application = applications.get(ownership.application());
        if (application == null
                || !application.head().stamp().equals(seen)
                || application.head().ownership().equals(ownership)) {
            return false;
        }
        Head old = application.head();
        commit(
                head(old, old.lastSequence(), application.versions(), old.deployed())
                        .with(ownership),
                application.versions(),
                List.of());
        return true;
    }

    /**
     * Takes over an application from the lattice's copy if that is newer than what the journal has.
     *
     * @param texts the versions that the copy holds
     */
    boolean adopt(Head head, Collection<ManifestText> texts) throws IOException {
        Application mine = applications.get(head.application());
        if (mine != null && mine.head().stamp().compareTo(head.stamp()) >= 0) {
            return false;
        }
        var versions = new ArrayList<ManifestText>();
        for (long sequence : head.versions()) {
            var text = texts.stream()
                    .filter(candidate -> candidate.sequence() == sequence)
                    .findFirst();
            if (text.isEmpty()) {
                LOG.warn(
                        "the lattice's copy of application {} lacks version {}: the copy is not taken over",
                        head.application(),
                        sequence);
                return false;
            }
            versions.add(text.get());
        }
        var fresh = versions.stream()
                .filter(text -> mine == null || !mine.versions().contains(text))
                .toList();
        lastChange = Math.max(lastChange, head.stamp().change());
        commit(head, versions, fresh);
        return true;
    }

    private Application find(String name) throws RefusedException {
        Application application = applications.get(name);
        if (application == null || application.deleted()) {
            throw new RefusedException("there is no application " + name + "; put its manifest first", true);
        }
        return application;
    }

    private Head head(Head old, long lastSequence, List<ManifestText> versions, @Nullable Long deployed) {
        return new Head(
                old.application(),
                new Stamp(epoch, lastChange + 1),
                lastSequence,
                versions.stream().map(ManifestText::sequence).toList(),
                deployed,
                old.links(),
                old.configs());
    }

    private void commit(Head head, List<ManifestText> versions, List<ManifestText> fresh) throws IOException {
        journal.append(Stream.<CatalogRecord>concat(fresh.stream(), Stream.of(head))
                .map(CatalogRecord::write)
                .toList());
        lastChange = Math.max(lastChange, head.stamp().change());
        applications.put(head.application(), application(head, versions));
        compact();
    }

    private Application application(Head head, List<ManifestText> versions) {
        var deployed = versions.stream()
                .filter(text -> Long.valueOf(text.sequence()).equals(head.deployed()))
                .findFirst();
        if (deployed.isEmpty()) {
            return new Application(head, versions, null, "");
        }
        var deployment = parse(deployed.get());
        return deployment.isPresent()
                ? new Application(head, versions, deployment.get(), "")
                : new Application(
                        head,
                        versions,
                        null,
                        "version " + deployed.get().version() + " cannot be read by this version of Trellis");
    }

    private static Optional<Deployment> parse(ManifestText text) {
        try {
            var manifest = ManifestReader.read(text.application(), text.text().getBytes(StandardCharsets.UTF_8));
            return Optional.of(new Deployment(manifest, text.version()));
        } catch (InvalidManifestException e) {
            LOG.warn(
                    "version {} of application {} cannot be read any more; what runs of it is left alone: {}",
                    text.version(),
                    text.application(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    private void forgetDeleted() {
        var deleted = applications.values().stream()
                .filter(Application::deleted)
                .sorted((a, b) -> a.head().stamp().compareTo(b.head().stamp()))
                .toList();
        deleted.stream()
                .limit(Math.max(0, deleted.size() - DELETED_MAX))
                .forEach(application -> applications.remove(application.head().application()));
    }

    private long textLength() {
        return applications.values().stream()
                .flatMap(application -> application.versions().stream())
                .mapToLong(text -> text.text().length())
                .sum();
    }

    private void compact() throws IOException {
        long before = journal.size();
        if (before <= Math.max(compactionBytes, 2 * compactedBytes)) {
            return;
        }
        journal.replace(applications.values().stream()
                .flatMap(application ->
                        Stream.<CatalogRecord>concat(application.versions().stream(), Stream.of(application.head())))
                .map(CatalogRecord::write)
                .toList());
        compactedBytes = journal.size();
        LOG.info("the journal was written anew: {} bytes instead of {}", journal.size(), before);
    }

    @Override
    public void close() {
        try {
            journal.close();
        } catch (IOException e) {
            LOG.warn("the journal did not close cleanly; all that was acknowledged is on the disk", e);
        }
    }
}
