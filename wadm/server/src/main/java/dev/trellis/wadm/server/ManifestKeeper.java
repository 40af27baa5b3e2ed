package dev.trellis.wadm.server;

import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import dev.trellis.wadm.core.Ownership;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.server.Catalog.Application;
import dev.trellis.wadm.server.CatalogRecord.Head;
import dev.trellis.wadm.server.CatalogRecord.ManifestText;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes applications while this controller leads. Owns the {@link ManifestStore} and its copy in the lattice. Runs on
 * the dispatcher for blocking work: a change waits for the disk, and nothing else may come in between.
 */
final class ManifestKeeper {
    /*
     * A term begins with reading the lattice's copy: applications that the copy has in a later state than the journal
     * (another controller led meanwhile) are taken over, all others are written to the copy. Only then are changes
     * accepted. A change is answered when it is in the journal and its first copy has been tried, so that another
     * controller can go on from it.
     */

    /** Wait before the copy is tried again. */
    static final Duration RETRY = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(ManifestKeeper.class);

    sealed interface Command {}

    record Leading(long epoch) implements Command {}

    record Following() implements Command {}

    /** Adds a version; {@code answer} gets the reply of the API. */
    record Put(Manifest manifest, Consumer<Object> answer) implements Command {}

    /** Deploys a version, or the newest. */
    record Deploy(String name, @Nullable String version, Consumer<Object> answer) implements Command {}

    record Undeploy(String name, Consumer<Object> answer) implements Command {}

    /** Deletes a version, or all. */
    record Delete(String name, @Nullable String version, Consumer<Object> answer) implements Command {}

    /** What is left in the stores of what the application owned when it was {@code seen}. */
    record Own(Ownership ownership, Stamp seen) implements Command {}

    private record Retry() implements Command {}

    private record Loaded(long epoch, KeyValueStore store, List<KeyValueStore.Entry> entries) implements Command {}

    private record LoadFailed(long epoch, String message) implements Command {}

    private record Copied(long epoch, String application, Stamp stamp, long revision) implements Command {}

    private record CopyFailed(long epoch, String application, String message, boolean conflict) implements Command {}

    /** Who hears of the applications. */
    interface Listener {
        void changed(Catalog catalog);

        void following();
    }

    private record Unanswered(String application, Object reply, Consumer<Object> answer) {}

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ManifestStore manifests;
    private final LatticeTransport transport;
    private final ExecutorService io;
    private final Listener listener;
    private final String bucket;

    private long epoch; // 0 while not leading
    private @Nullable KeyValueStore copy; // set once it has been read in this term
    private final Map<String, Long> headRevisions = new HashMap<>();
    private final Map<String, Set<Long>> copiedTexts = new HashMap<>();
    private final LinkedHashSet<String> uncopied = new LinkedHashSet<>();
    private final List<Unanswered> unanswered = new ArrayList<>();
    private boolean copying;

    private ManifestKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            WadmConfig config,
            ManifestStore manifests,
            LatticeTransport transport,
            ExecutorService io,
            Listener listener) {
        this.context = context;
        this.timers = timers;
        this.manifests = manifests;
        this.transport = transport;
        this.io = io;
        this.listener = listener;
        this.bucket = Subjects.of(config.lattice()).manifestBucket();
    }

    /** Not supervised: if its state is in doubt the controller stops rather than goes on. */
    static Behavior<Command> create(
            WadmConfig config,
            ManifestStore manifests,
            LatticeTransport transport,
            ExecutorService io,
            Listener listener) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new ManifestKeeper(context, timers, config, manifests, transport, io, listener).running()));
    }

    private Behavior<Command> running() {
        return Behaviors.receive(Command.class)
                .onAnyMessage(this::onCommand)
                .onSignal(PostStop.class, _ -> {
                    manifests.close();
                    return Behaviors.same();
                })
                .build();
    }

    private Behavior<Command> onCommand(Command command) throws IOException {
        switch (command) {
            case Leading leading -> onLeading(leading);
            case Following _ -> onFollowing();
            case Put put ->
                change(
                        put.manifest().name(),
                        put.answer(),
                        () -> manifests.put(put.manifest()),
                        ManifestKeeper::putRefused);
            case Deploy deploy ->
                change(
                        deploy.name(),
                        deploy.answer(),
                        () -> manifests.deploy(deploy.name(), deploy.version()),
                        refused -> deployRefused(deploy.name(), refused));
            case Undeploy undeploy ->
                change(
                        undeploy.name(),
                        undeploy.answer(),
                        () -> manifests.undeploy(undeploy.name()),
                        refused -> deployRefused(undeploy.name(), refused));
            case Delete delete ->
                change(
                        delete.name(),
                        delete.answer(),
                        () -> manifests.delete(delete.name(), delete.version()),
                        refused -> new ApiReplies.Delete("error", Work.message(refused), false));
            case Own own -> onOwn(own);
            case Retry _ -> onRetry();
            case Loaded loaded -> onLoaded(loaded);
            case LoadFailed failed -> onLoadFailed(failed);
            case Copied copied -> onCopied(copied);
            case CopyFailed failed -> onCopyFailed(failed);
        }
        return Behaviors.same();
    }

    private static Object putRefused(ManifestStore.RefusedException refused) {
        return new ApiReplies.Put("error", 0, "", Work.message(refused), "");
    }

    private static Object deployRefused(String name, ManifestStore.RefusedException refused) {
        return new ApiReplies.Deploy(refused.notFound() ? "notfound" : "error", Work.message(refused), name, null);
    }

    private interface Change {
        Object apply() throws ManifestStore.RefusedException, IOException;
    }

    private interface Refusal {
        Object reply(ManifestStore.RefusedException refused);
    }

    private void change(String application, Consumer<Object> answer, Change change, Refusal refusal) {
        if (copy == null) {
            answer.accept(ApiReplies.Failure.of("this controller does not lead the lattice yet; try again"));
            return;
        }
        try {
            Stamp before = stamp(application);
            Object reply = change.apply();
            if (stamp(application).equals(before)) {
                answer.accept(reply);
                return;
            }
            listener.changed(manifests.catalog());
            unanswered.add(new Unanswered(application, reply, answer));
            uncopied.add(application);
            copyNext();
        } catch (ManifestStore.RefusedException e) {
            answer.accept(refusal.reply(e));
        } catch (IOException e) {
            LOG.error("a change to application {} could not be written to the journal", application, e);
            answer.accept(ApiReplies.Failure.of(
                    "the controller could not write its journal, nothing was changed: " + Work.message(e)));
        }
    }

    private Stamp stamp(String application) {
        return manifests
                .application(application)
                .map(known -> known.head().stamp())
                .orElse(Stamp.NEVER);
    }

    private void onLeading(Leading leading) {
        epoch = leading.epoch();
        manifests.startTerm(epoch);
        load();
    }

    private void onFollowing() {
        epoch = 0;
        copy = null;
        copying = false;
        uncopied.clear();
        unanswered.forEach(waiting -> waiting.answer().accept(waiting.reply()));
        unanswered.clear();
        listener.following();
    }

    private void load() {
        copy = null;
        long term = epoch;
        context.pipeToSelf(
                Work.on(io, () -> {
                    var store = transport.store(bucket);
                    return new Loaded(term, store, store.entries());
                }),
                (loaded, error) -> error == null ? loaded : new LoadFailed(term, Work.message(error)));
    }

    private void onLoadFailed(LoadFailed failed) {
        if (failed.epoch() == epoch && epoch != 0) {
            LOG.warn("the lattice's copy of the manifests cannot be read, trying again: {}", failed.message());
            timers.startSingleTimer(new Retry(), RETRY);
        }
    }

    private void onLoaded(Loaded loaded) throws IOException {
        if (loaded.epoch() != epoch || epoch == 0) {
            return;
        }
        headRevisions.clear();
        copiedTexts.clear();
        uncopied.clear();
        copying = false;
        var heads = new HashMap<String, Head>();
        var texts = new HashMap<String, List<ManifestText>>();
        for (KeyValueStore.Entry entry : loaded.entries()) {
            try {
                if (entry.key().startsWith(Head.KEY_PREFIX)) {
                    var head = WireJson.read(entry.value(), Head.class);
                    headRevisions.put(head.application(), entry.revision());
                    heads.put(head.application(), head);
                } else if (entry.key().startsWith(ManifestText.KEY_PREFIX)) {
                    var text = WireJson.read(entry.value(), ManifestText.class);
                    texts.computeIfAbsent(text.application(), _ -> new ArrayList<>())
                            .add(text);
                    copiedTexts
                            .computeIfAbsent(text.application(), _ -> new HashSet<>())
                            .add(text.sequence());
                }
            } catch (IllegalArgumentException | NullPointerException e) {
                LOG.warn(
                        "key {} of the lattice's copy is not readable and is ignored: {}",
                        entry.key(),
                        Work.message(e));
            }
        }
        for (Head head : heads.values()) {
            if (manifests.adopt(head, texts.getOrDefault(head.application(), List.of()))) {
                LOG.info("application {} is taken over from the lattice's copy", head.application());
            }
        }
        var catalog = manifests.catalog();
        for (Application application : catalog.applications().values()) {
            Head head = heads.get(application.head().application());
            if (head == null || !head.stamp().equals(application.head().stamp())) {
                uncopied.add(application.head().application());
            }
        }
        copy = loaded.store();
        listener.changed(catalog);
        copyNext();
    }

    private void onOwn(Own own) throws IOException {
        if (copy != null && manifests.own(own.ownership(), own.seen())) {
            uncopied.add(own.ownership().application());
            listener.changed(manifests.catalog());
            copyNext();
        }
    }

    private void onRetry() {
        if (epoch == 0) {
            return;
        }
        if (copy == null) {
            load();
        } else {
            copyNext();
        }
    }

    private void copyNext() {
        KeyValueStore store = copy;
        if (copying || store == null || uncopied.isEmpty()) {
            return;
        }
        String name = uncopied.getFirst();
        var application = manifests.application(name);
        if (application.isEmpty()) {
            uncopied.remove(name); // deleted so long ago that it has been forgotten
            copyNext();
            return;
        }
        copying = true;
        long term = epoch;
        Head head = application.get().head();
        var there = Set.copyOf(copiedTexts.getOrDefault(name, Set.of()));
        var missing = application.get().versions().stream()
                .filter(text -> !there.contains(text.sequence()))
                .toList();
        var superfluous = there.stream()
                .filter(sequence -> !head.versions().contains(sequence))
                .toList();
        long revision = headRevisions.getOrDefault(name, 0L);
        context.pipeToSelf(
                Work.on(io, () -> {
                    for (ManifestText text : missing) {
                        store.put(text.key(), WireJson.write(text));
                    }
                    long written = revision == 0
                            ? store.create(head.key(), WireJson.write(head))
                            : store.update(head.key(), WireJson.write(head), revision);
                    for (long sequence : superfluous) {
                        store.delete(ManifestText.key(name, sequence));
                    }
                    return written;
                }),
                (written, error) -> error == null
                        ? new Copied(term, name, head.stamp(), written)
                        : new CopyFailed(
                                term,
                                name,
                                Work.message(error),
                                error instanceof TransportException e
                                        && e.failure() instanceof TransportFailure.Conflict));
    }

    private void onCopied(Copied copied) {
        if (copied.epoch() != epoch) {
            return;
        }
        copying = false;
        String name = copied.application();
        headRevisions.put(name, copied.revision());
        manifests
                .application(name)
                .ifPresent(application ->
                        copiedTexts.put(name, new HashSet<>(application.head().versions())));
        if (stamp(name).equals(copied.stamp())) {
            uncopied.remove(name);
            answer(name);
        } else {
            // Changed meanwhile: what the copy has is not known exactly, so all texts are written again.
            copiedTexts.remove(name);
        }
        copyNext();
    }

    private void onCopyFailed(CopyFailed failed) {
        if (failed.epoch() != epoch) {
            return;
        }
        copying = false;
        LOG.warn(
                "the copy of application {} in the lattice is behind, trying again: {}",
                failed.application(),
                failed.message());
        answer(failed.application());
        if (failed.conflict()) {
            load(); // somebody else has written: what is newer counts
        } else {
            timers.startSingleTimer(new Retry(), RETRY);
        }
    }

    private void answer(String application) {
        unanswered.removeIf(waiting -> {
            if (!waiting.application().equals(application)) {
                return false;
            }
            waiting.answer().accept(waiting.reply());
            return true;
        });
    }
}
