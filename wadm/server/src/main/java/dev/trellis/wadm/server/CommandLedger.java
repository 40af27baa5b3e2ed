package dev.trellis.wadm.server;

import dev.trellis.wadm.core.Activity;
import dev.trellis.wadm.core.CommandKey;
import dev.trellis.wadm.core.WadmCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What has been sent and what came of it, so that nothing is sent again while it is under way, and what fails is tried
 * again ever more seldom. Holds at most one entry for each command that is wanted or unanswered. Time comes in as
 * {@code System.nanoTime} values. Not safe for concurrent use.
 */
final class CommandLedger {
    /** Wait after the first failure; it doubles with each further one. */
    static final Duration BACKOFF_FIRST = Duration.ofSeconds(1);

    /** Longest wait after a failure. */
    static final Duration BACKOFF_MAX = Duration.ofSeconds(30);

    private sealed interface State {
        /** Not answered yet. */
        record Sent() implements State {}

        /** Accepted; the effect is due by then. */
        record Accepted(long untilNanos) implements State {}

        /** To be sent again from then on. */
        record Failed(long againNanos, String message, int attempts) implements State {}
    }

    /** {@code lastFailure} is kept while it is tried again, so that the status does not flicker. */
    private record Entry(WadmCommand command, State state, int failures, String lastFailure) {}

    private final Map<CommandKey, Entry> entries = new HashMap<>();

    /**
     * How long the effect of an accepted command may take to be observed before it counts as failed. Hosts tell of
     * failures themselves, so this is for what is lost without a word. A large component takes minutes to compile anew.
     */
    static Duration patience(WadmCommand command) {
        return switch (command) {
            case WadmCommand.StartProvider _ -> Duration.ofSeconds(30);
            case WadmCommand.StopProvider stop -> stop.drain().plusSeconds(30);
            case WadmCommand.ScaleActor _ -> Duration.ofSeconds(130);
            case WadmCommand.PutConfig _,
                    WadmCommand.DeleteConfig _,
                    WadmCommand.PutLink _,
                    WadmCommand.PrepareLink _,
                    WadmCommand.MoveLink _,
                    WadmCommand.DeleteLink _ -> Duration.ofSeconds(5);
        };
    }

    /** Those of {@code wanted} that are to be sent now, and takes them as sent. The rest of the ledger is forgotten. */
    List<WadmCommand> due(List<WadmCommand> wanted, long nowNanos) {
        Set<CommandKey> keys = new HashSet<>();
        wanted.forEach(command -> keys.add(command.key()));
        entries.entrySet()
                .removeIf(entry ->
                        !keys.contains(entry.getKey()) && !(entry.getValue().state() instanceof State.Sent));
        var due = new ArrayList<WadmCommand>();
        for (WadmCommand command : wanted) {
            Entry entry = entries.get(command.key());
            int failures = entry == null || !entry.command().equals(command) ? 0 : entry.failures();
            if (entry != null && entry.state() instanceof State.Accepted(long until) && until - nowNanos <= 0) {
                failed(
                        command.key(),
                        "accepted, but not observed within " + patience(command).toSeconds() + " s",
                        nowNanos);
                continue;
            }
            if (entry == null || ready(entry, command, nowNanos)) {
                entries.put(
                        command.key(),
                        new Entry(
                                command,
                                new State.Sent(),
                                failures,
                                failures == 0 || entry == null ? "" : entry.lastFailure()));
                due.add(command);
            }
        }
        return due;
    }

    private static boolean ready(Entry entry, WadmCommand command, long nowNanos) {
        return switch (entry.state()) {
            case State.Sent _ -> false;
            case State.Accepted _ -> !entry.command().equals(command);
            case State.Failed failed -> !entry.command().equals(command) || failed.againNanos() - nowNanos <= 0;
        };
    }

    /**
     * The command about {@code key} was accepted; its effect is awaited. Nothing happens if its failure is known
     * already: the event that tells it may overtake the answer.
     */
    void accepted(CommandKey key, long nowNanos) {
        entries.computeIfPresent(
                key,
                (_, entry) -> entry.state() instanceof State.Sent
                        ? new Entry(
                                entry.command(),
                                new State.Accepted(
                                        nowNanos + patience(entry.command()).toNanos()),
                                entry.failures(),
                                entry.lastFailure())
                        : entry);
    }

    /** The command about {@code key} failed. Nothing happens if none is known. */
    void failed(CommandKey key, String message, long nowNanos) {
        entries.computeIfPresent(key, (_, entry) -> {
            int failures = entry.failures() + 1;
            return new Entry(
                    entry.command(),
                    new State.Failed(nowNanos + backoff(failures).toNanos(), message, failures),
                    failures,
                    message);
        });
    }

    /** The command about {@code key} was never sent; it is due at once. */
    void notSent(CommandKey key) {
        entries.remove(key);
    }

    static Duration backoff(int failures) {
        int doublings = Math.min(failures - 1, 10);
        var wait = BACKOFF_FIRST.multipliedBy(1L << doublings);
        return wait.compareTo(BACKOFF_MAX) < 0 ? wait : BACKOFF_MAX;
    }

    /** Lets what has failed be tried again now, as the first time: circumstances have changed. */
    void forgive(long nowNanos) {
        entries.replaceAll((_, entry) -> entry.state() instanceof State.Failed failed
                ? new Entry(
                        entry.command(),
                        new State.Failed(nowNanos, failed.message(), failed.attempts()),
                        0,
                        failed.message())
                : entry);
    }

    /** Forgets everything; answers that are still to come are ignored. */
    void clear() {
        entries.clear();
    }

    /** Whether a command about {@code key} is under way. */
    boolean underWay(CommandKey key) {
        Entry entry = entries.get(key);
        return entry != null && !(entry.state() instanceof State.Failed);
    }

    /** What the core tells in statuses. */
    Map<CommandKey, Activity> activities() {
        var activities = new HashMap<CommandKey, Activity>();
        entries.forEach((key, entry) -> activities.put(
                key,
                switch (entry.state()) {
                    case State.Failed failed -> new Activity.Failed(failed.message(), failed.attempts());
                    case State.Sent _, State.Accepted _ ->
                        entry.failures() == 0
                                ? new Activity.InProgress()
                                : new Activity.Failed(entry.lastFailure(), entry.failures());
                }));
        return activities;
    }
}
