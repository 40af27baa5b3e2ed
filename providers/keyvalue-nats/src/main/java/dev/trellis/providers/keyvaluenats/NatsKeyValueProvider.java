package dev.trellis.providers.keyvaluenats;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.CompareAndSetRequest;
import dev.trellis.lattice.contracts.keyvalue.Count;
import dev.trellis.lattice.contracts.keyvalue.Done;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.IncrementRequest;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.Keys;
import dev.trellis.lattice.contracts.keyvalue.ListKeysRequest;
import dev.trellis.lattice.contracts.keyvalue.Member;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.contracts.keyvalue.Range;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.contracts.keyvalue.Values;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import dev.trellis.providers.keyvaluenats.Bucket.Next;
import dev.trellis.providers.keyvaluenats.stored.StoredValue;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderSpans;
import dev.trellis.providers.sdk.Requests;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key-value contract on a store of the lattice. Every operation on one key is atomic; {@code SetIntersection} and
 * {@code SetUnion} read their keys one after another.
 */
final class NatsKeyValueProvider implements CapabilityProvider {
    /** Largest reply to an operation that returns several values; a larger one is {@code PayloadTooLarge}. */
    static final long REPLY_BYTES_MAX = LatticeTransport.PAYLOAD_BYTES_MAX;

    /** Pause between two rounds of deleting what has expired. */
    static final Duration SWEEP_INTERVAL = Duration.ofSeconds(5);

    /** Rounds between two scans for expiring keys that this process has not seen. */
    static final int ROUNDS_PER_SCAN = 120;

    private static final Duration STOP_MAX = Duration.ofSeconds(2);
    private static final Logger LOG = LoggerFactory.getLogger(NatsKeyValueProvider.class);

    private final EntityId id;
    private final BucketName ownBucket;
    private final LatticeTransport transport;
    private final Clock clock;
    private final Telemetry telemetry;
    private final Map<LinkKey, Bucket> links = new ConcurrentHashMap<>();
    private final Map<BucketName, Bucket> buckets = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread sweeper;

    NatsKeyValueProvider(EntityId id, BucketName ownBucket, LatticeTransport transport, Clock clock) {
        this(id, ownBucket, transport, clock, Telemetry.off());
    }

    NatsKeyValueProvider(
            EntityId id, BucketName ownBucket, LatticeTransport transport, Clock clock, Telemetry telemetry) {
        this.telemetry = telemetry;
        this.id = id;
        this.ownBucket = ownBucket;
        this.transport = transport;
        this.clock = clock;
        this.sweeper = Thread.ofVirtual().name("keyvalue-nats sweeper").unstarted(this::sweepUntilClosed);
    }

    @Override
    public void linkPut(ProviderLink link) throws LinkRejectedException {
        BucketName bucket;
        try {
            bucket = BucketName.of(link.config()).orElse(ownBucket);
        } catch (IllegalArgumentException e) {
            throw new LinkRejectedException("config of link " + link.link().key() + ": " + e.getMessage(), e);
        }
        links.put(
                link.link().key(),
                buckets.computeIfAbsent(bucket, name -> new Bucket(id.value(), name, transport, clock)));
        forgetUnused();
    }

    @Override
    public void linkDelete(LinkKey link) {
        links.remove(link);
        forgetUnused();
    }

    private void forgetUnused() {
        buckets.values().removeIf(bucket -> !links.containsValue(bucket));
    }

    @Override
    public Payload invoke(ProviderLink link, Invocation invocation) throws InterruptedException {
        var operation = translate(invocation);
        var deadline = invocation.deadline();
        if (deadline.passed()) {
            throw Requests.deadlinePassed(id, invocation);
        }
        Bucket bucket = links.get(link.link().key());
        if (bucket == null) {
            throw new InvocationException(new InvocationFailure.NotLinked(
                    id.value(), "has no link " + link.link().key()));
        }
        if (!transport.connected()) {
            throw unavailable("there is no connection to the lattice's store");
        }
        return ProviderSpans.store(telemetry, "nats", invocation.operation(), invocation, span -> {
            span.note(TelemetryNames.DB_NAMESPACE, bucket.name().value());
            var progress = new Progress();
            try {
                return new Payload.Typed(
                        byDeadline(() -> operation.run(bucket, deadline, progress), deadline, progress));
            } catch (TransportException e) {
                throw failed(bucket, invocation, progress, e);
            }
        });
    }

    /** Runs {@code call} on a thread of its own, since the transport's methods know no deadline. */
    private MessageLite byDeadline(Callable<MessageLite> call, Deadline deadline, Progress progress)
            throws InterruptedException {
        var task = new FutureTask<>(call);
        Thread.ofVirtual().name("keyvalue-nats call").start(task);
        try {
            return task.get(Math.max(1, deadline.remainingNanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw switch (progress.stage()) {
                case QUEUED ->
                    new InvocationException(new InvocationFailure.Overloaded(
                            id.value(), "waited until the deadline for other calls that change the same key"));
                case READING -> unavailable("the lattice's store did not answer by the deadline; nothing was changed");
                case WRITING ->
                    new InvocationException(new InvocationFailure.DeadlineExceeded(
                            id.value(), "the lattice's store did not confirm a change in time; it may be made"));
            };
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case InvocationException failure -> throw failure;
                case TransportException failure -> throw failure;
                case InterruptedException interrupted -> throw interrupted;
                case null, default ->
                    throw new IllegalStateException("a call of " + id + " broke; this is a bug", e.getCause());
            }
        } finally {
            task.cancel(true);
        }
    }

    private InvocationException failed(
            Bucket bucket, Invocation invocation, Progress progress, TransportException failure) {
        String message = InvocationFailure.limited(failure.getMessage());
        return new InvocationException(
                switch (failure.failure()) {
                    case TransportFailure.Disconnected disconnected ->
                        disconnected.sent()
                                ? lost(invocation, progress, message)
                                : new InvocationFailure.Unavailable(id.value(), message);
                    case TransportFailure.TimedOut _ -> lost(invocation, progress, message);
                    case TransportFailure.Unreachable _ -> new InvocationFailure.Unavailable(id.value(), message);
                    case TransportFailure.NoResponders _ -> {
                        bucket.forgetStore();
                        yield new InvocationFailure.Unavailable(
                                id.value(), "the lattice has no store now (" + message + ")");
                    }
                    case TransportFailure.PayloadTooLarge _ ->
                        new InvocationFailure.PayloadTooLarge(id.value(), message);
                    case TransportFailure.Conflict _ -> new InvocationFailure.Overloaded(id.value(), message);
                    case TransportFailure.Refused _ -> {
                        bucket.forgetStore();
                        yield new InvocationFailure.ProviderFailed(id.value(), message);
                    }
                },
                failure);
    }

    /** Idempotent operations lose nothing by being made again; a change that was on its way may have been made. */
    private InvocationFailure lost(Invocation invocation, Progress progress, String message) {
        boolean idempotent = Contracts.KEYVALUE
                .operation(invocation.operation())
                .orElseThrow(() -> Requests.unknownOperation(invocation))
                .idempotent();
        return idempotent || progress.stage() != Progress.Stage.WRITING
                ? new InvocationFailure.Unavailable(id.value(), message)
                : new InvocationFailure.ConnectionLost(id.value(), message + "; the change may have been made");
    }

    private InvocationException unavailable(String message) {
        return new InvocationException(new InvocationFailure.Unavailable(id.value(), message));
    }

    /** An operation with its request. */
    private interface Operation {
        MessageLite run(Bucket bucket, Deadline deadline, Progress progress) throws InterruptedException;
    }

    private Operation translate(Invocation invocation) {
        if (!Contracts.KEYVALUE.id().equals(Contracts.canonical(invocation.contract()))) {
            throw Requests.unknownOperation(invocation);
        }
        return switch (invocation.operation()) {
            case "Increment" -> increment(Requests.read(invocation, IncrementRequest.class));
            case "Contains" -> contains(Requests.read(invocation, Key.class));
            case "Del", "ListClear", "SetClear" -> remove(Requests.read(invocation, Key.class));
            case "Get" -> get(Requests.read(invocation, Key.class));
            case "ListAdd" -> listAdd(Requests.read(invocation, Member.class));
            case "ListDel" -> listDel(Requests.read(invocation, Member.class));
            case "ListRange" -> listRange(Requests.read(invocation, Range.class));
            case "Set" -> set(Requests.read(invocation, SetRequest.class));
            case "SetAdd" -> setAdd(Requests.read(invocation, Member.class));
            case "SetDel" -> setDel(Requests.read(invocation, Member.class));
            case "SetIntersection" -> setIntersection(keys(invocation));
            case "SetQuery" -> setQuery(Requests.read(invocation, Key.class));
            case "SetUnion" -> setUnion(keys(invocation));
            case "ListKeys" -> listKeys(Requests.read(invocation, ListKeysRequest.class));
            case "CompareAndSet" -> compareAndSet(Requests.read(invocation, CompareAndSetRequest.class));
            default -> throw Requests.unknownOperation(invocation);
        };
    }

    private static List<String> keys(Invocation invocation) {
        Keys request = Requests.read(invocation, Keys.class);
        if (request.getKeysCount() == 0) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    invocation.operation() + " request", "names no key, at least one is expected"));
        }
        return List.copyOf(request.getKeysList());
    }

    private Operation increment(IncrementRequest request) {
        return changing(request.getKey(), current -> {
            long sum = StoredValues.incremented(id.value(), current, request.getDelta());
            return new Next.Write(
                    StoredValues.ofString(current, ByteString.copyFromUtf8(Long.toString(sum))),
                    Number.newBuilder().setValue(sum).build());
        });
    }

    private Operation contains(Key request) {
        return (bucket, _, _) -> flag(bucket.read(request.getKey()) != null);
    }

    private Operation remove(Key request) {
        return changing(request.getKey(), current -> new Next.Remove(flag(current != null)));
    }

    private Operation get(Key request) {
        return (bucket, _, _) -> {
            var current = bucket.read(request.getKey());
            return GetReply.newBuilder()
                    .setExists(current != null)
                    .setValue(StoredValues.string(id.value(), current))
                    .build();
        };
    }

    private Operation set(SetRequest request) {
        return (bucket, _, progress) -> {
            long seconds = Integer.toUnsignedLong(request.getExpiresSeconds());
            var value = StoredValue.newBuilder()
                    .setString(request.getValue())
                    .setExpiresEpochMillis(seconds == 0 ? 0 : clock.millis() + seconds * 1000)
                    .build();
            bucket.write(request.getKey(), value, progress);
            return Done.getDefaultInstance();
        };
    }

    private Operation listAdd(Member request) {
        return changing(request.getKey(), current -> {
            var values = new ArrayList<>(StoredValues.list(id.value(), current));
            values.add(request.getValue());
            return new Next.Write(StoredValues.ofList(current, values), count(values.size()));
        });
    }

    private Operation listDel(Member request) {
        return changing(request.getKey(), current -> {
            var values = new ArrayList<>(StoredValues.list(id.value(), current));
            if (!values.remove(request.getValue())) {
                return new Next.Keep(flag(false));
            }
            return values.isEmpty()
                    ? new Next.Remove(flag(true))
                    : new Next.Write(StoredValues.ofList(current, values), flag(true));
        });
    }

    private Operation listRange(Range request) {
        return (bucket, _, _) -> values(StoredValues.range(
                StoredValues.list(id.value(), bucket.read(request.getKey())), request.getStart(), request.getStop()));
    }

    private Operation setAdd(Member request) {
        return changing(request.getKey(), current -> {
            var values = new LinkedHashSet<>(StoredValues.set(id.value(), current));
            return values.add(request.getValue())
                    ? new Next.Write(StoredValues.ofSet(current, values), count(1))
                    : new Next.Keep(count(0));
        });
    }

    private Operation setDel(Member request) {
        return changing(request.getKey(), current -> {
            var values = new LinkedHashSet<>(StoredValues.set(id.value(), current));
            if (!values.remove(request.getValue())) {
                return new Next.Keep(count(0));
            }
            return values.isEmpty()
                    ? new Next.Remove(count(1))
                    : new Next.Write(StoredValues.ofSet(current, values), count(1));
        });
    }

    private Operation setQuery(Key request) {
        return (bucket, _, _) -> values(StoredValues.set(id.value(), bucket.read(request.getKey())));
    }

    private Operation setIntersection(List<String> keys) {
        return (bucket, _, _) -> {
            Set<ByteString> common = new LinkedHashSet<>(set(bucket, keys.getFirst()));
            for (String key : keys.subList(1, keys.size())) {
                common.retainAll(new HashSet<>(set(bucket, key))); // also when empty: a wrong type must show
            }
            return values(common);
        };
    }

    private Operation setUnion(List<String> keys) {
        return (bucket, _, _) -> {
            var all = new LinkedHashSet<ByteString>();
            long bytes = 0;
            for (String key : keys) {
                for (ByteString value : set(bucket, key)) {
                    if (all.add(value)) {
                        bytes += value.size();
                        if (bytes > REPLY_BYTES_MAX) {
                            throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                                    id.value(),
                                    "the union has more than " + REPLY_BYTES_MAX + " bytes; ask for fewer keys"));
                        }
                    }
                }
            }
            return values(all);
        };
    }

    private static Operation listKeys(ListKeysRequest request) {
        return (bucket, _, _) -> KeyListing.part(bucket, request);
    }

    private Operation compareAndSet(CompareAndSetRequest request) {
        return changing(request.getKey(), current -> {
            ByteString now = StoredValues.string(id.value(), current); // also to refuse other types
            boolean asExpected = current == null
                    ? !request.hasExpected()
                    : request.hasExpected() && now.equals(request.getExpected());
            return asExpected
                    ? new Next.Write(StoredValues.ofString(null, request.getValue()), flag(true))
                    : new Next.Keep(flag(false));
        });
    }

    private List<ByteString> set(Bucket bucket, String key) throws InterruptedException {
        return StoredValues.set(id.value(), bucket.read(key));
    }

    private static Operation changing(String key, Bucket.Change change) {
        return (bucket, deadline, progress) -> bucket.change(key, change, deadline, progress);
    }

    private static MessageLite flag(boolean value) {
        return Flag.newBuilder().setValue(value).build();
    }

    private static MessageLite count(int count) {
        return Count.newBuilder().setCount(count).build();
    }

    private static MessageLite values(Collection<ByteString> values) {
        return Values.newBuilder().addAllValues(values).build();
    }

    /** Begins to delete what has expired, in the background until {@link #close()}. */
    void startSweeping() {
        sweeper.start();
    }

    private void sweepUntilClosed() {
        try {
            for (int round = 0; !closed.await(SWEEP_INTERVAL.toNanos(), TimeUnit.NANOSECONDS); round++) {
                if (transport.connected()) {
                    sweep(round % ROUNDS_PER_SCAN == 0);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Deletes what has expired; returns how many keys that were. */
    int sweep(boolean scanFirst) throws InterruptedException {
        int deleted = 0;
        for (Bucket bucket : buckets.values()) {
            try {
                if (scanFirst) {
                    bucket.scan();
                }
                deleted += bucket.sweep();
            } catch (TransportException | InvocationException e) {
                LOG.debug("Expired keys stay until the next round: {}", e.getMessage());
            }
        }
        return deleted;
    }

    @Override
    public Health health() {
        return transport.connected()
                ? Health.OK
                : Health.unhealthy("no connection to the lattice (" + transport.description() + ")");
    }

    @Override
    public void close() {
        closed.countDown();
        sweeper.interrupt();
        try {
            if (sweeper.isAlive() && !sweeper.join(STOP_MAX)) {
                LOG.warn("Provider {} ends while it still deletes expired keys", id);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        links.clear();
        buckets.clear();
    }
}
