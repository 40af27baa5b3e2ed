package dev.trellis.wadm.server;

import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dev.trellis.lattice.model.Lease;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the lease of the lattice's leader, or watches for the moment at which it can be taken. Owns the epoch. */
final class LeaseKeeper {
    /*
     * The lease is one key, changed by compare-and-set only. Its holder writes it anew at every renewal. Who wants it
     * watches its revision: if that stands still for the lease timeout, on the watcher's own monotonic clock, the
     * holder is gone and the watcher takes the lease with a higher epoch. No two clocks are compared.
     *
     * A holder that cannot renew stops acting before the timeout is over. Should it act late all the same (a pause of
     * its process), hosts refuse its commands, since they have seen the higher epoch.
     */
    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    sealed interface Command {}

    private record Tick() implements Command {}

    private record Looked(long startedNanos, Optional<KeyValueStore.Entry> entry) implements Command {}

    private record Written(long startedNanos, long epoch, long revision) implements Command {}

    private record Lost(long startedNanos) implements Command {}

    private record Failed(String message) implements Command {}

    private record Taken() implements Command {}

    /** Tells whoever acts as leader. */
    interface Follower {
        void leading(long epoch);

        void following();
    }

    private final ActorContext<Command> context;
    private final WadmConfig config;
    private final LatticeTransport transport;
    private final ExecutorService io;
    private final String controller;
    private final Follower follower;
    private final long epochAtLeast;
    private final Subjects subjects;

    private boolean busy;
    private long seenRevision = -1;
    private long seenSinceNanos;
    private long epoch; // 0 while not leading
    private long revision;
    private long renewedNanos;
    private String trouble = "";

    private LeaseKeeper(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            WadmConfig config,
            LatticeTransport transport,
            ExecutorService io,
            String controller,
            long epochAtLeast,
            Follower follower) {
        this.context = context;
        this.config = config;
        this.transport = transport;
        this.io = io;
        this.controller = controller;
        this.follower = follower;
        this.epochAtLeast = epochAtLeast;
        this.subjects = Subjects.of(config.lattice());
        context.getSelf().tell(new Tick());
        timers.startTimerWithFixedDelay(new Tick(), config.leaseRenewal());
    }

    /**
     * A keeper that tells {@code follower} whether it leads, from the dispatcher's threads.
     *
     * @param controller identity of this controller; a lease that it holds from an earlier life is taken at once
     * @param epochAtLeast no epoch below this is used, so that hosts that remember a lost lattice store still obey
     */
    static Behavior<Command> create(
            WadmConfig config,
            LatticeTransport transport,
            ExecutorService io,
            String controller,
            long epochAtLeast,
            Follower follower) {
        Behavior<Command> supervised = Behaviors.setup(context -> Behaviors.withTimers(timers ->
                new LeaseKeeper(context, timers, config, transport, io, controller, epochAtLeast, follower).running()));
        return Behaviors.supervise(supervised)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    private Behavior<Command> running() {
        return Behaviors.receive(Command.class)
                .onAnyMessage(this::onCommand)
                .onSignal(PostStop.class, _ -> {
                    giveBack();
                    return Behaviors.same();
                })
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        return switch (command) {
            case Tick _ -> onTick();
            case Looked looked -> onLooked(looked);
            case Written written -> onWritten(written);
            case Lost lost -> onLost(lost);
            case Failed failed -> onFailed(failed);
            case Taken _ -> onTaken();
        };
    }

    private Behavior<Command> onTick() {
        if (epoch != 0
                && System.nanoTime() - renewedNanos > config.leaseGivenUp().toNanos()) {
            stepDown("the lease could not be renewed" + (trouble.isEmpty() ? "" : ": " + trouble));
        }
        if (busy) {
            return Behaviors.same();
        }
        if (epoch == 0) {
            look();
        } else {
            write(epoch, revision);
        }
        return Behaviors.same();
    }

    private void look() {
        busy = true;
        long started = System.nanoTime();
        context.pipeToSelf(
                Work.on(io, () -> store().get(Lease.KEY)),
                (entry, error) -> error == null ? new Looked(started, entry) : new Failed(Work.message(error)));
    }

    private void write(long newEpoch, long expectedRevision) {
        busy = true;
        long started = System.nanoTime();
        byte[] value = WireJson.write(new Lease(controller, newEpoch));
        context.pipeToSelf(
                Work.on(io, () -> {
                    try {
                        return expectedRevision == 0
                                ? store().create(Lease.KEY, value)
                                : store().update(Lease.KEY, value, expectedRevision);
                    } catch (TransportException e) {
                        if (e.failure() instanceof TransportFailure.Conflict) {
                            return -1L;
                        }
                        throw e;
                    }
                }),
                (newRevision, error) -> error != null
                        ? new Failed(Work.message(error))
                        : newRevision < 0 ? new Lost(started) : new Written(started, newEpoch, newRevision));
    }

    private KeyValueStore store() throws InterruptedException {
        return transport.store(subjects.manifestBucket());
    }

    private Behavior<Command> onLooked(Looked looked) {
        busy = false;
        trouble = "";
        if (epoch != 0) {
            return Behaviors.same();
        }
        if (looked.entry().isEmpty()) {
            write(epochAtLeast, 0);
            return Behaviors.same();
        }
        KeyValueStore.Entry entry = looked.entry().get();
        Lease lease = read(entry);
        if (entry.revision() != seenRevision) {
            seenRevision = entry.revision();
            seenSinceNanos = System.nanoTime();
        }
        boolean free = lease.controller().isEmpty() || lease.controller().equals(controller);
        if (free
                || looked.startedNanos() - seenSinceNanos
                        >= config.leaseTimeout().toNanos()) {
            write(Math.max(epochAtLeast, lease.epoch() + 1), entry.revision());
        }
        return Behaviors.same();
    }

    private static Lease read(KeyValueStore.Entry entry) {
        try {
            return WireJson.read(entry.value(), Lease.class);
        } catch (IllegalArgumentException e) {
            LOG.warn("the lattice's lease is not readable and counts as held by nobody known: {}", e.getMessage());
            return new Lease("?", 0);
        }
    }

    private Behavior<Command> onWritten(Written written) {
        busy = false;
        trouble = "";
        revision = written.revision();
        renewedNanos = written.startedNanos();
        if (epoch == 0) {
            epoch = written.epoch();
            LOG.info("this controller leads lattice {} with epoch {}", config.lattice(), epoch);
            follower.leading(epoch);
        }
        return Behaviors.same();
    }

    private Behavior<Command> onLost(Lost lost) {
        busy = false;
        if (epoch == 0) {
            return Behaviors.same(); // somebody else was faster
        }
        // A renewal of our own whose answer got lost moves the revision too; only another holder ends our term.
        busy = true;
        var ours = new Lease(controller, epoch);
        context.pipeToSelf(Work.on(io, () -> store().get(Lease.KEY)), (entry, error) -> {
            if (error != null) {
                return new Failed(Work.message(error));
            }
            return entry.filter(e -> read(e).equals(ours))
                    .<Command>map(e -> new Written(lost.startedNanos(), ours.epoch(), e.revision()))
                    .orElseGet(Taken::new);
        });
        return Behaviors.same();
    }

    private Behavior<Command> onFailed(Failed failed) {
        busy = false;
        if (!failed.message().equals(trouble)) {
            trouble = failed.message();
            LOG.debug("the lease of lattice {} cannot be reached: {}", config.lattice(), trouble);
        }
        return Behaviors.same();
    }

    private Behavior<Command> onTaken() {
        busy = false;
        if (epoch != 0) {
            stepDown("another controller has taken the lease");
        }
        return Behaviors.same();
    }

    private void stepDown(String why) {
        LOG.warn("this controller no longer leads lattice {}: {}", config.lattice(), why);
        epoch = 0;
        seenRevision = -1;
        follower.following();
    }

    /** So that another controller need not wait for the timeout. */
    private void giveBack() {
        if (epoch == 0) {
            return;
        }
        byte[] value = WireJson.write(new Lease("", epoch));
        long expected = revision;
        epoch = 0;
        follower.following();
        var _ = Work.on(io, () -> store().update(Lease.KEY, value, expected));
    }
}
