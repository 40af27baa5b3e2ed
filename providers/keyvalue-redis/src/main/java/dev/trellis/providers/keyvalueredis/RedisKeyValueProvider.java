package dev.trellis.providers.keyvalueredis;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contracts;
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
import dev.trellis.lattice.contracts.keyvalue.ListKeysReply;
import dev.trellis.lattice.contracts.keyvalue.ListKeysRequest;
import dev.trellis.lattice.contracts.keyvalue.Member;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.contracts.keyvalue.Range;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderSpans;
import dev.trellis.providers.sdk.Requests;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.IntegerOutput;
import io.lettuce.core.output.KeyScanOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.output.ValueOutput;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandKeyword;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key-value contract on Redis: each operation is one command, so each is atomic. Links with the same URL share one
 * connection, which lasts as long as one of them does.
 */
final class RedisKeyValueProvider implements CapabilityProvider {
    /** Largest reply to an operation that returns several values; a larger one is {@code PayloadTooLarge}. */
    static final long REPLY_BYTES_MAX = LatticeTransport.PAYLOAD_BYTES_MAX;

    /** Most keys that one part of a listing is asked for. */
    static final int KEYS_MAX = 1_000;

    private static final int KEYS_DEFAULT = 200;

    /** Arguments: whether a value is expected, that value, the new one. */
    private static final String COMPARE_AND_SET = "local now = redis.call('GET', KEYS[1])"
            + " if ARGV[1] == '1' and now ~= ARGV[2] or ARGV[1] == '0' and now then return 0 end"
            + " redis.call('SET', KEYS[1], ARGV[3]) return 1";

    /** How long {@link #close()} lets calls in flight finish. */
    static final Duration DRAIN_MAX = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(RedisKeyValueProvider.class);

    private final EntityId id;
    private final Optional<RedisAddress> ownAddress;
    private final Telemetry telemetry;
    private final RedisConnector connector = new RedisConnector();
    private final Map<LinkKey, RedisConnection> links = new ConcurrentHashMap<>();
    private final Map<RedisAddress, RedisConnection> connections = new HashMap<>(); // guarded by this

    RedisKeyValueProvider(EntityId id, Optional<RedisAddress> ownAddress) {
        this(id, ownAddress, Telemetry.off());
    }

    RedisKeyValueProvider(EntityId id, Optional<RedisAddress> ownAddress, Telemetry telemetry) {
        this.id = id;
        this.ownAddress = ownAddress;
        this.telemetry = telemetry;
    }

    @Override
    public synchronized void linkPut(ProviderLink link) throws LinkRejectedException {
        RedisAddress address;
        try {
            address = RedisSettings.address(link.config()).or(() -> ownAddress).orElse(RedisAddress.DEFAULT);
        } catch (IllegalArgumentException e) {
            throw new LinkRejectedException("config of link " + link.link().key() + ": " + e.getMessage(), e);
        }
        RedisConnection connection = connections.get(address);
        if (connection == null || !connection.retain()) {
            connection = RedisConnection.open(connector, address);
            connections.put(address, connection);
        }
        RedisConnection before = links.put(link.link().key(), connection);
        if (before != null) {
            before.release();
        }
        forgetUnused();
    }

    @Override
    public synchronized void linkDelete(LinkKey link) {
        RedisConnection connection = links.remove(link);
        if (connection != null) {
            connection.release();
        }
        forgetUnused();
    }

    private synchronized void forgetUnused() {
        connections.values().removeIf(connection -> !links.containsValue(connection));
    }

    @Override
    public Payload invoke(ProviderLink link, Invocation invocation) throws InterruptedException {
        var call = translate(invocation);
        if (invocation.deadline().passed()) {
            throw Requests.deadlinePassed(id, invocation);
        }
        RedisConnection connection = use(link.link().key());
        try {
            return new Payload.Typed(call.run(connection, invocation));
        } finally {
            connection.release();
        }
    }

    private RedisConnection use(LinkKey link) {
        while (true) {
            RedisConnection connection = links.get(link);
            if (connection == null) {
                throw new InvocationException(new InvocationFailure.NotLinked(id.value(), "has no link " + link));
            }
            if (connection.retain()) {
                return connection;
            }
            // Released between the two lines. The map was changed before that: it holds another one now, or none.
        }
    }

    /** An operation as the one Redis command that it is. */
    private final class Call<T> {
        private final Command<String, byte[], T> command;
        private final long bytes;
        private final Function<@Nullable T, MessageLite> reply;

        private Call(
                CommandType type,
                CommandOutput<String, byte[], T> output,
                CommandArgs<String, byte[]> arguments,
                long bytes,
                Function<@Nullable T, MessageLite> reply) {
            this.command = new Command<>(type, output, arguments);
            this.bytes = bytes;
            this.reply = reply;
        }

        MessageLite run(RedisConnection connection, Invocation invocation) throws InterruptedException {
            boolean idempotent = Contracts.KEYVALUE
                    .operation(invocation.operation())
                    .orElseThrow(() -> Requests.unknownOperation(invocation))
                    .idempotent();
            return ProviderSpans.store(
                    telemetry,
                    "redis",
                    command.getType().toString(),
                    invocation,
                    _ -> reply.apply(connection.run(id.value(), command, bytes, idempotent, invocation.deadline())));
        }
    }

    private Call<?> translate(Invocation invocation) {
        if (!Contracts.KEYVALUE.id().equals(Contracts.canonical(invocation.contract()))) {
            throw Requests.unknownOperation(invocation);
        }
        return switch (invocation.operation()) {
            case "Increment" -> increment(Requests.read(invocation, IncrementRequest.class));
            case "Contains" -> flag(CommandType.EXISTS, Requests.read(invocation, Key.class));
            case "Del", "ListClear", "SetClear" -> flag(CommandType.DEL, Requests.read(invocation, Key.class));
            case "Get" -> get(Requests.read(invocation, Key.class));
            case "ListAdd" -> member(CommandType.RPUSH, Requests.read(invocation, Member.class));
            case "ListDel" -> listDel(Requests.read(invocation, Member.class));
            case "ListRange" -> listRange(Requests.read(invocation, Range.class));
            case "Set" -> set(Requests.read(invocation, SetRequest.class));
            case "SetAdd" -> member(CommandType.SADD, Requests.read(invocation, Member.class));
            case "SetDel" -> member(CommandType.SREM, Requests.read(invocation, Member.class));
            case "SetIntersection" -> combine(CommandType.SINTER, invocation);
            case "SetQuery" -> setQuery(Requests.read(invocation, Key.class));
            case "SetUnion" -> combine(CommandType.SUNION, invocation);
            case "ListKeys" -> listKeys(Requests.read(invocation, ListKeysRequest.class));
            case "CompareAndSet" -> compareAndSet(Requests.read(invocation, CompareAndSetRequest.class));
            default -> throw Requests.unknownOperation(invocation);
        };
    }

    private Call<Long> increment(IncrementRequest request) {
        return integer(
                CommandType.INCRBY,
                args().addKey(request.getKey()).add(request.getDelta()),
                bytes(request),
                value -> Number.newBuilder().setValue(value).build());
    }

    private Call<Long> flag(CommandType type, Key request) {
        return integer(type, args().addKey(request.getKey()), bytes(request), RedisKeyValueProvider::flag);
    }

    private Call<Long> member(CommandType type, Member request) {
        return integer(
                type,
                args().addKey(request.getKey()).addValue(request.getValue().toByteArray()),
                bytes(request),
                RedisKeyValueProvider::count);
    }

    private Call<Long> listDel(Member request) {
        return integer(
                CommandType.LREM,
                args().addKey(request.getKey())
                        .add(1)
                        .addValue(request.getValue().toByteArray()),
                bytes(request),
                RedisKeyValueProvider::flag);
    }

    private Call<byte[]> get(Key request) {
        return new Call<>(
                CommandType.GET,
                new ValueOutput<>(RedisConnector.CODEC),
                args().addKey(request.getKey()),
                bytes(request),
                value -> value == null
                        ? GetReply.getDefaultInstance()
                        : GetReply.newBuilder()
                                .setExists(true)
                                .setValue(ByteString.copyFrom(value))
                                .build());
    }

    private Call<String> set(SetRequest request) {
        var args = args().addKey(request.getKey()).addValue(request.getValue().toByteArray());
        long seconds = Integer.toUnsignedLong(request.getExpiresSeconds());
        if (seconds != 0) {
            args.add(CommandKeyword.EX).add(seconds);
        }
        return new Call<>(
                CommandType.SET,
                new StatusOutput<>(RedisConnector.CODEC),
                args,
                bytes(request),
                _ -> Done.getDefaultInstance());
    }

    private Call<?> listRange(Range request) {
        return values(
                CommandType.LRANGE,
                args().addKey(request.getKey()).add(request.getStart()).add(request.getStop()),
                bytes(request));
    }

    private Call<?> setQuery(Key request) {
        return values(CommandType.SMEMBERS, args().addKey(request.getKey()), bytes(request));
    }

    private Call<?> combine(CommandType type, Invocation invocation) {
        Keys request = Requests.read(invocation, Keys.class);
        if (request.getKeysCount() == 0) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    invocation.operation() + " request", "names no key, at least one is expected"));
        }
        return values(type, args().addKeys(request.getKeysList()), bytes(request));
    }

    private Call<?> listKeys(ListKeysRequest request) {
        int limit = Integer.compareUnsigned(request.getLimit(), KEYS_MAX) > 0 ? KEYS_MAX : request.getLimit();
        return new Call<>(
                CommandType.SCAN,
                new KeyScanOutput<>(RedisConnector.CODEC),
                args().add(Long.toUnsignedString(request.getCursor()))
                        .add(CommandKeyword.COUNT)
                        .add(limit == 0 ? KEYS_DEFAULT : limit),
                bytes(request),
                scanned -> {
                    var part = Objects.requireNonNull(scanned);
                    return ListKeysReply.newBuilder()
                            .addAllKeys(part.getKeys())
                            .setCursor(part.isFinished() ? 0 : Long.parseUnsignedLong(part.getCursor()))
                            .build();
                });
    }

    private Call<Long> compareAndSet(CompareAndSetRequest request) {
        return integer(
                CommandType.EVAL,
                args().add(COMPARE_AND_SET)
                        .add(1)
                        .addKey(request.getKey())
                        .add(request.hasExpected() ? "1" : "0")
                        .addValue(request.getExpected().toByteArray())
                        .addValue(request.getValue().toByteArray()),
                bytes(request),
                RedisKeyValueProvider::flag);
    }

    private Call<?> values(CommandType type, CommandArgs<String, byte[]> args, long bytes) {
        var output = new BoundedValuesOutput(RedisConnector.CODEC, REPLY_BYTES_MAX);
        return new Call<>(type, output, args, bytes, values -> {
            if (!output.complete()) {
                throw new InvocationException(new InvocationFailure.PayloadTooLarge(
                        id.value(),
                        "reply of " + output.bytes() + " bytes to " + type + " is larger than " + REPLY_BYTES_MAX
                                + "; read the list in parts"));
            }
            return Objects.requireNonNull(values).build();
        });
    }

    private Call<Long> integer(
            CommandType type, CommandArgs<String, byte[]> args, long bytes, Function<Long, MessageLite> reply) {
        return new Call<>(
                type,
                new IntegerOutput<>(RedisConnector.CODEC),
                args,
                bytes,
                value -> reply.apply(Objects.requireNonNull(value)));
    }

    private static CommandArgs<String, byte[]> args() {
        return new CommandArgs<>(RedisConnector.CODEC);
    }

    private static long bytes(MessageLite request) {
        return request.getSerializedSize();
    }

    private static MessageLite flag(long number) {
        return Flag.newBuilder().setValue(number > 0).build();
    }

    private static MessageLite count(long number) {
        return Count.newBuilder().setCount((int) number).build(); // Redis counts up to 2^32-1, as uint32 does
    }

    @Override
    public Health health() {
        String problems = links.values().stream()
                .distinct()
                .map(RedisConnection::problem)
                .filter(Objects::nonNull)
                .sorted()
                .collect(Collectors.joining("; "));
        return problems.isEmpty() ? Health.OK : Health.unhealthy(problems);
    }

    @Override
    public synchronized void close() {
        var ending = Map.copyOf(connections);
        links.keySet().forEach(this::linkDelete);
        try {
            long end = System.nanoTime() + DRAIN_MAX.toNanos();
            for (RedisConnection connection : ending.values()) {
                if (!connection.awaitEnd(Duration.ofNanos(Math.max(1, end - System.nanoTime())))) {
                    LOG.warn("Provider {} ends with calls still in flight; they fail", id);
                    break;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            connector.close();
        }
    }
}
