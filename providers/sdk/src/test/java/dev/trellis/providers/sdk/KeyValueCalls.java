package dev.trellis.providers.sdk;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.CompareAndSetRequest;
import dev.trellis.lattice.contracts.keyvalue.Count;
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
import dev.trellis.lattice.contracts.keyvalue.Values;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An actor's calls of a key-value provider over one link, for tests. */
public record KeyValueCalls(CapabilityProvider provider, ProviderLink link, Duration timeout) {
    /** The actor that calls. */
    public static final EntityId ACTOR = new EntityId("test-actor");

    /** The provider that is called. */
    public static final EntityId PROVIDER = new EntityId("test-keyvalue");

    /** Calls with a generous deadline. */
    public KeyValueCalls(CapabilityProvider provider, ProviderLink link) {
        this(provider, link, Duration.ofSeconds(10));
    }

    /** A link of {@link #ACTOR} to {@link #PROVIDER} called {@code name}, first generation. */
    public static ProviderLink link(String name, Map<String, String> config) {
        return new ProviderLink(
                new Link(ACTOR, PROVIDER, new LinkName(name), Contracts.KEYVALUE.id(), List.of(), List.of(), List.of()),
                PROVIDER,
                Settings.of(config),
                1);
    }

    /** The same with another deadline. */
    public KeyValueCalls within(Duration time) {
        return new KeyValueCalls(provider, link, time);
    }

    /** Calls any operation with any request. */
    public MessageLite call(String operation, MessageLite request) throws InterruptedException {
        return call(operation, new Payload.Typed(request));
    }

    /** Calls any operation with any payload. */
    public MessageLite call(String operation, Payload payload) throws InterruptedException {
        var invocation = Invocation.first(
                ACTOR,
                PROVIDER,
                link.link().name(),
                Contracts.KEYVALUE.id(),
                operation,
                payload,
                Deadline.in(timeout),
                TraceContext.root());
        return ((Payload.Typed) provider.invoke(link, invocation)).message();
    }

    public long increment(String key, long delta) throws InterruptedException {
        var request = IncrementRequest.newBuilder().setKey(key).setDelta(delta).build();
        return ((Number) call("Increment", request)).getValue();
    }

    public boolean contains(String key) throws InterruptedException {
        return ((Flag) call("Contains", key(key))).getValue();
    }

    public boolean del(String key) throws InterruptedException {
        return ((Flag) call("Del", key(key))).getValue();
    }

    public Optional<ByteString> get(String key) throws InterruptedException {
        var reply = (GetReply) call("Get", key(key));
        return reply.getExists() ? Optional.of(reply.getValue()) : Optional.empty();
    }

    public void set(String key, String value) throws InterruptedException {
        set(key, ByteString.copyFromUtf8(value), 0);
    }

    public void set(String key, ByteString value, int expiresSeconds) throws InterruptedException {
        var _ = call(
                "Set",
                SetRequest.newBuilder()
                        .setKey(key)
                        .setValue(value)
                        .setExpiresSeconds(expiresSeconds)
                        .build());
    }

    public int listAdd(String key, String value) throws InterruptedException {
        return ((Count) call("ListAdd", member(key, value))).getCount();
    }

    public boolean listDel(String key, String value) throws InterruptedException {
        return ((Flag) call("ListDel", member(key, value))).getValue();
    }

    public boolean listClear(String key) throws InterruptedException {
        return ((Flag) call("ListClear", key(key))).getValue();
    }

    public List<String> listRange(String key, int start, int stop) throws InterruptedException {
        var request =
                Range.newBuilder().setKey(key).setStart(start).setStop(stop).build();
        return strings(call("ListRange", request));
    }

    public int setAdd(String key, String value) throws InterruptedException {
        return ((Count) call("SetAdd", member(key, value))).getCount();
    }

    public int setDel(String key, String value) throws InterruptedException {
        return ((Count) call("SetDel", member(key, value))).getCount();
    }

    public boolean setClear(String key) throws InterruptedException {
        return ((Flag) call("SetClear", key(key))).getValue();
    }

    public List<String> setQuery(String key) throws InterruptedException {
        return strings(call("SetQuery", key(key)));
    }

    public List<String> setIntersection(String... keys) throws InterruptedException {
        return strings(call("SetIntersection", keys(keys)));
    }

    public List<String> setUnion(String... keys) throws InterruptedException {
        return strings(call("SetUnion", keys(keys)));
    }

    public ListKeysReply listKeys(long cursor, int limit) throws InterruptedException {
        var request = ListKeysRequest.newBuilder().setCursor(cursor).setLimit(limit);
        return (ListKeysReply) call("ListKeys", request.build());
    }

    public boolean compareAndSet(String key, Optional<String> expected, String value) throws InterruptedException {
        var request = CompareAndSetRequest.newBuilder().setKey(key).setValue(ByteString.copyFromUtf8(value));
        expected.map(ByteString::copyFromUtf8).ifPresent(request::setExpected);
        return ((Flag) call("CompareAndSet", request.build())).getValue();
    }

    private static Key key(String key) {
        return Key.newBuilder().setKey(key).build();
    }

    private static Keys keys(String... keys) {
        return Keys.newBuilder().addAllKeys(List.of(keys)).build();
    }

    private static Member member(String key, String value) {
        return Member.newBuilder()
                .setKey(key)
                .setValue(ByteString.copyFromUtf8(value))
                .build();
    }

    private static List<String> strings(MessageLite reply) {
        return ((Values) reply)
                .getValuesList().stream().map(ByteString::toStringUtf8).toList();
    }
}
