package dev.trellis.wadm.server;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.wadm.core.ApplicationStatus;
import dev.trellis.wadm.core.CommandKey;
import dev.trellis.wadm.core.LatticeState;
import dev.trellis.wadm.core.Ownership;
import dev.trellis.wadm.core.Plan;
import dev.trellis.wadm.core.Reconciler;
import dev.trellis.wadm.core.StatusType;
import dev.trellis.wadm.core.WadmCommand;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares desired with observed, every tick and whenever something has changed, and has the difference sent. Owns the
 * statuses and the ledger of commands. Idle while this controller does not lead.
 */
final class ApplicationReconciler {
    /** Changes that come within this time of a comparison wait for its end and are looked at together. */
    static final Duration PAUSE = Duration.ofMillis(20);

    private static final Logger LOG = LoggerFactory.getLogger(ApplicationReconciler.class);

    sealed interface Command {}

    /** What is desired has changed. */
    record CatalogChanged(Catalog catalog) implements Command {}

    /** This controller does not lead any more. */
    record Following() implements Command {}

    /** What is observed has changed; {@code notReady} says why nothing may be decided from it, if so. */
    record Observed(LatticeState state, String notReady) implements Command {}

    /** A host said that a command has failed after it had accepted it. */
    record FailureSeen(CommandKey key, String message) implements Command {}

    private record Answered(CommandSender.Outcome outcome) implements Command {}

    private record Tick() implements Command {}

    private record Wake() implements Command {}

    private final TimerScheduler<Command> timers;
    private final LatticeTransport transport;
    private final Subjects subjects;
    private final ActorRef<CommandSender.Command> sender;
    private final ActorRef<ManifestKeeper.Command> keeper;
    private final ActorRef<CommandSender.Outcome> answers;
    private final Consumer<Map<String, ApplicationStatus>> statusListener;
    private final CommandLedger ledger = new CommandLedger();

    private @Nullable Catalog catalog; // absent while not leading
    private LatticeState observed = LatticeState.EMPTY;
    private String notReady = "the lattice has not been looked at yet";
    private long observedNanos = System.nanoTime();
    private Set<HostId> hosts = Set.of();
    private Map<String, ApplicationStatus> statuses = Map.of();
    private List<String> orphans = List.of();
    private long comparedNanos;
    private boolean waking;

    private ApplicationReconciler(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            WadmConfig config,
            LatticeTransport transport,
            ActorRef<CommandSender.Command> sender,
            ActorRef<ManifestKeeper.Command> keeper,
            Consumer<Map<String, ApplicationStatus>> statusListener) {
        this.timers = timers;
        this.transport = transport;
        this.subjects = Subjects.of(config.lattice());
        this.sender = sender;
        this.keeper = keeper;
        this.statusListener = statusListener;
        this.answers = context.messageAdapter(CommandSender.Outcome.class, Answered::new);
        this.comparedNanos = System.nanoTime();
        timers.startTimerWithFixedDelay(new Tick(), config.tick());
    }

    static Behavior<Command> create(
            WadmConfig config,
            LatticeTransport transport,
            ActorRef<CommandSender.Command> sender,
            ActorRef<ManifestKeeper.Command> keeper,
            Consumer<Map<String, ApplicationStatus>> statusListener) {
        Behavior<Command> supervised = Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new ApplicationReconciler(context, timers, config, transport, sender, keeper, statusListener)
                        .running()));
        return Behaviors.supervise(supervised)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    private Behavior<Command> running() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case CatalogChanged changed -> onCatalog(changed);
                case Following _ -> onFollowing();
                case Observed seen -> onObserved(seen);
                case FailureSeen failed -> {
                    ledger.failed(failed.key(), failed.message(), System.nanoTime());
                    wake();
                }
                case Answered answered -> onAnswered(answered.outcome());
                case Tick _ -> compare();
                case Wake _ -> {
                    waking = false;
                    compare();
                }
            }
            return Behaviors.same();
        });
    }

    private void onCatalog(CatalogChanged changed) {
        if (catalog == null || catalog.epoch() != changed.catalog().epoch()) {
            ledger.clear();
            statuses = Map.of();
        }
        catalog = changed.catalog();
        ledger.forgive(System.nanoTime());
        wake();
    }

    private void onFollowing() {
        catalog = null;
        ledger.clear();
        statuses = Map.of();
    }

    private void onObserved(Observed seen) {
        observed = seen.state();
        notReady = seen.notReady();
        observedNanos = System.nanoTime();
        if (!observed.hosts().keySet().equals(hosts)) {
            hosts = Set.copyOf(observed.hosts().keySet());
            ledger.forgive(System.nanoTime());
        }
        wake();
    }

    private void onAnswered(CommandSender.Outcome outcome) {
        CommandKey key = outcome.command().key();
        switch (outcome) {
            case CommandSender.Outcome.Accepted _ -> ledger.accepted(key, System.nanoTime());
            case CommandSender.Outcome.Failed failed -> {
                LOG.warn("{} failed: {}", outcome.command(), failed.message());
                ledger.failed(key, failed.message(), System.nanoTime());
            }
            case CommandSender.Outcome.NotSent _ -> ledger.notSent(key);
        }
        wake();
    }

    private void wake() {
        if (catalog == null || waking) {
            return;
        }
        waking = true;
        long since = System.nanoTime() - comparedNanos;
        timers.startSingleTimer(new Wake(), Duration.ofNanos(Math.max(1, PAUSE.toNanos() - Math.max(0, since))));
    }

    private void compare() {
        Catalog desired = catalog;
        comparedNanos = System.nanoTime();
        if (desired == null) {
            return;
        }
        if (!notReady.isEmpty()) {
            tell(stale(desired));
            return;
        }
        long now = System.nanoTime();
        Plan plan = Reconciler.reconcile(observed, desired.deployments(), desired.known(), ledger.activities());
        List<WadmCommand> due = ledger.due(plan.commands(), now);
        if (!due.isEmpty()) {
            due.forEach(command -> LOG.info("application {}: {}", command.application(), command.describe()));
            sender.tell(new CommandSender.Send(desired.epoch(), due, answers));
        }
        remember(desired, plan);
        if (!plan.orphans().equals(orphans)) {
            orphans = plan.orphans();
            orphans.forEach(LOG::warn);
        }
        var told = new HashMap<String, ApplicationStatus>(plan.statuses());
        unreadable(desired, told);
        tell(told);
    }

    /** Applications whose deployed version cannot be read are failed, whatever runs of them. */
    private static void unreadable(Catalog desired, Map<String, ApplicationStatus> told) {
        desired.applications().forEach((name, application) -> {
            if (!application.unreadable().isEmpty()) {
                told.put(
                        name,
                        new ApplicationStatus(
                                name,
                                application
                                        .deployed()
                                        .map(CatalogRecord.ManifestText::version)
                                        .orElse(""),
                                StatusType.FAILED,
                                application.unreadable() + "; what runs is left alone",
                                List.of()));
            }
        });
    }

    /** What was known when the lattice was last seen, marked with its age. */
    private Map<String, ApplicationStatus> stale(Catalog desired) {
        var told = new HashMap<String, ApplicationStatus>();
        long seconds = Duration.ofNanos(System.nanoTime() - observedNanos).toSeconds();
        desired.applications().forEach((name, application) -> {
            ApplicationStatus former = statuses.get(name);
            if (application.deployed().isEmpty()) {
                told.put(
                        name,
                        new ApplicationStatus(
                                name, "", StatusType.UNDEPLOYED, former == null ? "" : former.message(), List.of()));
                return;
            }
            told.put(
                    name,
                    new ApplicationStatus(
                            name,
                            application
                                    .deployed()
                                    .map(CatalogRecord.ManifestText::version)
                                    .orElse(""),
                            StatusType.WAITING,
                            notReady + (former == null ? "" : "; what is shown was seen " + seconds + " s ago"),
                            former == null ? List.of() : former.scalers()));
        });
        return told;
    }

    /** Has the keeper forget links and configs that are gone for good. */
    private void remember(Catalog desired, Plan plan) {
        plan.ownerships().forEach((name, left) -> {
            var application = desired.applications().get(name);
            if (application == null || application.head().ownership().equals(left)) {
                return;
            }
            Ownership owned = application.head().ownership();
            var gone = new HashSet<CommandKey>();
            owned.links().stream()
                    .filter(link -> !left.links().contains(link))
                    .forEach(link -> gone.add(new CommandKey.StoredLink(link)));
            owned.configs().stream()
                    .filter(config -> !left.configs().contains(config))
                    .forEach(config -> gone.add(new CommandKey.StoredConfig(config)));
            // A put that is still under way may yet store what the picture does not show.
            if (gone.stream().noneMatch(ledger::underWay)) {
                keeper.tell(new ManifestKeeper.Own(left, application.head().stamp()));
            }
        });
    }

    private void tell(Map<String, ApplicationStatus> now) {
        if (now.equals(statuses)) {
            return;
        }
        now.forEach((name, status) -> {
            ApplicationStatus former = statuses.get(name);
            if (!Objects.equals(former, status)) {
                publish(status);
                if (former == null || former.type() != status.type()) {
                    LOG.info(
                            "application {} is {}{}",
                            name,
                            status.type().wireName(),
                            status.message().isEmpty() ? "" : ": " + status.message());
                }
            }
        });
        statuses = Map.copyOf(now);
        statusListener.accept(statuses);
    }

    private void publish(ApplicationStatus status) {
        try {
            transport.publish(
                    subjects.applicationStatus(status.application()), WireJson.write(Statuses.of(status, null)));
        } catch (TransportException e) {
            LOG.debug("the status of application {} was not published: {}", status.application(), e.getMessage());
        }
    }
}
