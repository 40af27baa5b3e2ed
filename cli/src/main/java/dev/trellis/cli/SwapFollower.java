package dev.trellis.cli;

import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.ProviderDescription;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestComponent;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Deploys the manifest of a swap and watches it: tells each step when it has been observed, takes the application back
 * to its former version if the new provider does not come to serve, and counts calls at the end.
 */
final class SwapFollower {
    /** How long the controller may report a failure before the swap is given up: it tries again meanwhile. */
    private static final Duration FAILURE_PATIENCE = Duration.ofSeconds(4);

    /** A failure that shows again within this time is the same one. */
    private static final Duration FAILURE_GAP = Duration.ofSeconds(6);

    /** What comes after the drain: closing the old provider, and the word of it. */
    private static final Duration STOP_MAX = Duration.ofSeconds(20);

    private static final Duration RESTORE_MAX = Duration.ofSeconds(30);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

    /** Events about the two providers that wait to be looked at; further ones are dropped, and counts then miss them. */
    private static final int EVENTS_MAX = 10_000;

    private final LatticeClient client;
    private final Console console;
    private final Manifest before;
    private final String formerVersion;
    private final Manifest after;
    private final String oldName;
    private final String newName;
    private final EntityId oldId;
    private final EntityId newId;
    private final ImageRef newImage;
    private final List<LinkMessage> moving;
    private final Queue<Seen> events = new ArrayBlockingQueue<>(EVENTS_MAX);
    private long startNanos = System.nanoTime();
    private @Nullable Duration started;
    private @Nullable Duration flipped;
    private @Nullable Duration stopped;
    private long drained;
    private long cut;
    private int drainedOn;

    /** An event of the lattice with when it came. */
    private record Seen(String type, Data data, long nanos) {}

    private record Data(
            @Nullable String providerId,
            @Nullable String imageRef,
            @Nullable String sourceId,
            @Nullable String target,
            long drained,
            long cut) {}

    private record Event(@Nullable String type, @Nullable Data data) {}

    SwapFollower(
            LatticeClient client,
            Console console,
            Manifest before,
            String formerVersion,
            Manifest after,
            String oldName,
            String newName) {
        this.client = client;
        this.console = console;
        this.before = before;
        this.formerVersion = formerVersion;
        this.after = after;
        this.oldName = oldName;
        this.newName = newName;
        this.oldId = component(before, oldName).id();
        this.newId = component(after, newName).id();
        this.newImage = component(after, newName).image();
        this.moving = after.links().stream()
                .filter(link -> link.targetId().equals(newId)
                        && before.links().stream()
                                .anyMatch(former -> former.targetId().equals(oldId)
                                        && former.toLink()
                                                .key()
                                                .equals(link.toLink().key())))
                .map(link -> LinkMessage.of(link.toLink()))
                .toList();
    }

    private static ManifestComponent component(Manifest manifest, String name) {
        return manifest.component(name).orElseThrow();
    }

    private boolean sameProvider() {
        return oldId.equals(newId);
    }

    void run(Duration drain, Duration wait) throws CliException, InterruptedException {
        try (var _ = client.transport()
                .subscribe(
                        client.subjects().events(),
                        message -> keep(message.message().payload()))) {
            Map<String, Long> callsBefore = calls();
            int oldHosts = hosts(oldId).size();
            String version = deploy();
            startNanos = System.nanoTime();
            console.note("Swapping %s of %s: %s -> %s"
                    .formatted(
                            console.bold(oldName),
                            after.name(),
                            sameProvider() ? component(before, oldName).image() : oldName,
                            sameProvider() ? newImage : newName));
            awaitFlip(version, wait);
            Duration limit = elapsed().plus(drain).plus(STOP_MAX);
            awaitStopped(version, oldHosts, limit);
            long moved = 0;
            for (var entry : calls().entrySet()) {
                long earlier = sameProvider() ? 0 : callsBefore.getOrDefault(entry.getKey(), 0L);
                moved += Math.max(0, entry.getValue() - earlier);
            }
            report(version, moved);
        }
    }

    private void keep(byte[] payload) {
        try {
            Event event = WireJson.read(payload, Event.class);
            String type = event.type();
            Data data = event.data();
            if (type != null && data != null) {
                boolean own = (oldId.value().equals(data.providerId())
                                || newId.value().equals(data.providerId()))
                        || newId.value().equals(data.target());
                var _ = own
                        && events.offer(new Seen(type.substring(type.lastIndexOf('.') + 1), data, System.nanoTime()));
            }
        } catch (IllegalArgumentException _) {
            // not one of ours
        }
    }

    private String deploy() throws CliException, InterruptedException {
        WadmReplies.Put put = client.putApplication(after.source().bytes());
        if (put.result().equals("error")) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the controller does not take the new version of " + after.name() + "; nothing was changed",
                            "trellis app status " + after.name())
                    .because("the controller says: " + put.message());
        }
        WadmReplies.Acknowledgement deployed = client.deployApplication(after.name(), put.currentVersion());
        if (!deployed.result().equals("acknowledged")) {
            throw new CliException(
                            ExitCode.FAILED,
                            "the controller does not deploy the new version of " + after.name(),
                            "trellis app status " + after.name())
                    .because("the controller says: " + deployed.message());
        }
        return put.currentVersion();
    }

    /** Until calls go to the new provider, everywhere; takes all back if that does not come to be. */
    private void awaitFlip(String version, Duration wait) throws CliException, InterruptedException {
        long failingSince = 0;
        long failedLast = 0;
        while (true) {
            readEvents();
            if (flippedNow()) {
                return;
            }
            WadmReplies.Status status = status();
            long now = System.nanoTime();
            if (status.version().equals(version) && status.status().type().equals("failed")) {
                if (failingSince == 0 || now - failedLast > FAILURE_GAP.toNanos()) {
                    failingSince = now;
                }
                failedLast = now;
            }
            boolean failed = failingSince != 0 && now - failingSince > FAILURE_PATIENCE.toNanos();
            boolean late = elapsed().compareTo(wait) > 0;
            if (failed || late) {
                throw restored(version, status, late && !failed ? wait : null);
            }
            if (!status.version().isEmpty() && !status.version().equals(version)) {
                throw new CliException(
                        ExitCode.CONFLICT,
                        "somebody deployed version %s of %s while %s was swapped"
                                .formatted(status.version(), after.name(), oldName),
                        "trellis app status " + after.name());
            }
            Thread.sleep(POLL_INTERVAL);
        }
    }

    private boolean flippedNow() throws CliException, InterruptedException {
        boolean served;
        List<ProviderDescription> running = hosts(newId);
        boolean runs = !running.isEmpty()
                && running.stream().allMatch(one -> one.imageRef().equals(newImage.value()));
        readEvents(); // an event tells its moment more exactly than the next look
        if (runs && started == null) {
            started = elapsed();
            step(started, newName + " runs");
        }
        if (sameProvider()) {
            served = runs && status().status().type().equals("deployed");
        } else {
            List<LinkMessage> links = client.links();
            served = runs && moving.stream().allMatch(wanted -> links.stream().anyMatch(link -> same(link, wanted)));
        }
        if (served) {
            readEvents();
            if (flipped == null) {
                flipped = elapsed();
            }
            step(
                    flipped,
                    sameProvider()
                            ? "every link is acknowledged; calls go to the new " + newName
                            : "every link is acknowledged; calls go to " + newName);
        }
        return served;
    }

    private static boolean same(LinkMessage link, LinkMessage wanted) {
        return link.sourceId().equals(wanted.sourceId())
                && link.name().equals(wanted.name())
                && link.witNamespace().equals(wanted.witNamespace())
                && link.witPackage().equals(wanted.witPackage())
                && link.target().equals(wanted.target());
    }

    private void awaitStopped(String version, int oldHosts, Duration limit) throws CliException, InterruptedException {
        while (true) {
            readEvents();
            boolean gone = sameProvider() ? drainedOn >= oldHosts : hosts(oldId).isEmpty();
            if (gone && status().status().type().equals("deployed")) {
                readEvents();
                if (stopped == null) {
                    stopped = elapsed();
                }
                step(stopped, sameProvider() ? "the former " + oldName + " has ended" : oldName + " has stopped");
                return;
            }
            if (elapsed().compareTo(limit) > 0) {
                throw new CliException(
                                ExitCode.TIMEOUT,
                                "calls go to %s, but %s has not ended yet".formatted(newName, oldName),
                                "trellis app status " + after.name())
                        .because("version " + version + " is deployed and the controller goes on");
            }
            Thread.sleep(POLL_INTERVAL);
        }
    }

    /** The failure to be thrown, once the former version is deployed again and the new one is gone. */
    private CliException restored(String version, WadmReplies.Status status, @Nullable Duration waited)
            throws CliException, InterruptedException {
        WadmReplies.Acknowledgement back = client.deployApplication(after.name(), formerVersion);
        boolean restored = back.result().equals("acknowledged") && awaitFormer();
        if (restored) {
            WadmReplies.Deletion _ = client.deleteApplication(after.name(), version);
        }
        CliException failure = new CliException(
                ExitCode.FAILED,
                restored
                        ? "%s was not swapped; %s is as before, in version %s"
                                .formatted(oldName, after.name(), formerVersion)
                        : "%s was not swapped, and %s is not yet as before".formatted(oldName, after.name()),
                restored ? "mend what is in the way, then swap again" : "trellis app status " + after.name());
        if (waited != null) {
            failure =
                    failure.because("%s did not serve within %s".formatted(newName, DurationConverter.format(waited)));
        }
        return ApplicationDeployer.reasons(failure, status);
    }

    private boolean awaitFormer() throws CliException, InterruptedException {
        long end = System.nanoTime() + RESTORE_MAX.toNanos();
        while (System.nanoTime() - end < 0) {
            WadmReplies.Status status = status();
            if (status.version().equals(formerVersion)
                    && Standing.ofStatus(status.status().type()) == Standing.GOOD
                    && (sameProvider() || wasThere() || hosts(newId).isEmpty())) {
                return true;
            }
            Thread.sleep(POLL_INTERVAL);
        }
        return false;
    }

    /** Whether the new provider ran before the swap, so that it is to stay. */
    private boolean wasThere() {
        return before.links().stream().anyMatch(link -> link.targetId().equals(newId));
    }

    private WadmReplies.Status status() throws CliException, InterruptedException {
        WadmReplies.Status status = client.applicationStatus(after.name()).status();
        return status == null ? WadmReplies.Status.UNKNOWN : status;
    }

    private List<ProviderDescription> hosts(EntityId id) throws CliException, InterruptedException {
        return client.inventories().stream()
                .flatMap(host -> host.providers().stream())
                .filter(provider -> provider.id().equals(id.value()))
                .toList();
    }

    /** Calls over each link of the new provider so far, by host and link. */
    private Map<String, Long> calls() throws CliException, InterruptedException {
        var calls = new HashMap<String, Long>();
        for (HostInventory host : client.inventories()) {
            for (ProviderDescription provider : host.providers()) {
                if (provider.id().equals(newId.value())) {
                    provider.links()
                            .forEach(link -> calls.merge(
                                    String.join(" ", host.hostId(), link.sourceId(), link.contract(), link.name()),
                                    link.calls(),
                                    Long::sum));
                }
            }
        }
        return calls;
    }

    private void readEvents() {
        for (Seen seen = events.poll(); seen != null; seen = events.poll()) {
            Duration at = Duration.ofNanos(Math.max(0, seen.nanos() - startNanos));
            boolean old = oldId.value().equals(seen.data().providerId());
            switch (seen.type()) {
                case "provider_drained" -> {
                    if (old) {
                        drained += seen.data().drained();
                        cut += seen.data().cut();
                        drainedOn++;
                        stopped = sameProvider() ? at : stopped;
                    }
                }
                case "provider_stopped" -> stopped = old && !sameProvider() ? at : stopped;
                case "provider_started" -> {
                    if (newId.value().equals(seen.data().providerId())
                            && newImage.value().equals(seen.data().imageRef())) {
                        if (started == null) {
                            started = at;
                            step(at, newName + " runs");
                        }
                        flipped = sameProvider() ? at : flipped;
                    }
                }
                case "linkdef_set" -> flipped = newId.value().equals(seen.data().target()) ? at : flipped;
                default -> {}
            }
        }
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    private void step(Duration at, String what) {
        console.note(String.format(Locale.ROOT, "  %6.2f s  %s", at.toMillis() / 1000.0, what));
    }

    private void report(String version, long moved) {
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("application", after.name());
            data.put("version", version);
            data.put("from", oldName);
            data.put("to", sameProvider() ? newImage.value() : newName);
            data.put("started_ms", millis(started));
            data.put("flipped_ms", millis(flipped));
            data.put("stopped_ms", millis(stopped));
            data.put("calls", Map.of("moved", moved, "drained", drained, "failed", cut));
            console.document("ProviderSwap", data);
        } else if (console.quiet()) {
            console.print(version);
        } else {
            console.print(
                    "%s is swapped. Calls: %d moved, %d drained, %d failed.".formatted(oldName, moved, drained, cut));
        }
    }

    private static long millis(@Nullable Duration at) {
        return Objects.requireNonNullElse(at, Duration.ZERO).toMillis();
    }
}
