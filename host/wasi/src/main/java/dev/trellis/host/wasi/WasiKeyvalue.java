package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.trellis.host.component.ComponentImports;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.Variant;
import dev.trellis.lattice.contracts.keyvalue.CompareAndSetRequest;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.IncrementRequest;
import dev.trellis.lattice.contracts.keyvalue.ListKeysReply;
import dev.trellis.lattice.contracts.keyvalue.ListKeysRequest;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.model.LinkName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code wasi:keyvalue} on the contract of key-value stores: a bucket is a link, by its name. Values are bytes on both sides.
 *
 * <p>There are two drafts: in the first a cursor is a number and counters are unsigned, the second has text for cursors,
 * signed counters, and compare-and-swap.
 */
final class WasiKeyvalue {
    private static final String FIRST = "@0.2.0-draft";
    private static final String SECOND = "@0.2.0-draft2";

    private static final Result DONE = Result.ok(null);

    private WasiKeyvalue() {}

    static ComponentImports imports() {
        Resource<KeyvalueBucket> first = Resource.of("bucket", KeyvalueBucket.class);
        Resource<KeyvalueBucket> second = Resource.of("bucket", KeyvalueBucket.class);
        return ComponentImports.of(
                store(FIRST, first, WasiKeyvalue::listByNumber),
                atomics(FIRST, first)
                        .function("increment", failing(WasiKeyvalue::incrementUnsigned))
                        .build(),
                batch(FIRST, first),
                store(SECOND, second, WasiKeyvalue::listByText),
                atomics(SECOND, second)
                        .resource(CAS)
                        .function("increment", failing(WasiKeyvalue::incrementSigned))
                        .function("[static]cas.new", failing(WasiKeyvalue::compare))
                        .function(
                                "[method]cas.current",
                                (_, args) -> Result.ok(cas(args).current()))
                        .function("swap", WasiKeyvalue::swap)
                        .build(),
                batch(SECOND, second));
    }

    /** A function whose failures are results for the guest. */
    private interface Operation {
        @Nullable
        Object call(WasiCall call, @Nullable Object[] args) throws InterruptedException, KeyvalueException;
    }

    private static Function failing(Operation operation) {
        return (instance, args) -> {
            try {
                return Result.ok(operation.call(instance.attachment(WasiCall.class), args));
            } catch (KeyvalueException e) {
                return Result.err(e.error());
            }
        };
    }

    // ---- store

    private static Interface store(String version, Resource<KeyvalueBucket> bucket, Operation listKeys) {
        return Interface.named("wasi:keyvalue/store" + version)
                .resource(bucket)
                .function("open", failing(WasiKeyvalue::open))
                .function("[method]bucket.get", failing(WasiKeyvalue::get))
                .function("[method]bucket.set", failing(WasiKeyvalue::set))
                .function("[method]bucket.delete", failing(WasiKeyvalue::delete))
                .function("[method]bucket.exists", failing(WasiKeyvalue::exists))
                .function("[method]bucket.list-keys", failing(listKeys))
                .build();
    }

    /** Links come and go: whether there is one is found out when it is used. */
    private static Object open(WasiCall call, @Nullable Object[] args) throws KeyvalueException {
        String identifier = Arguments.string(args, 0);
        if (identifier.isEmpty()) {
            return new KeyvalueBucket(LinkName.DEFAULT);
        }
        try {
            return new KeyvalueBucket(new LinkName(identifier));
        } catch (IllegalArgumentException e) {
            throw new KeyvalueException(KeyvalueException.NO_SUCH_STORE);
        }
    }

    private static KeyvalueBucket bucket(@Nullable Object[] args) {
        return Arguments.of(KeyvalueBucket.class, args, 0);
    }

    private static Object get(WasiCall call, @Nullable Object[] args) throws InterruptedException, KeyvalueException {
        return bucket(args).get(call, Arguments.string(args, 1));
    }

    private static @Nullable Object set(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        bucket(args).set(call, Arguments.string(args, 1), Arguments.bytes(args, 2));
        return null;
    }

    private static @Nullable Object delete(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        bucket(args).delete(call, Arguments.string(args, 1));
        return null;
    }

    private static Object exists(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        return bucket(args)
                .call(call, "Contains", KeyvalueBucket.key(Arguments.string(args, 1)), Flag.class)
                .getValue();
    }

    private static Object listByNumber(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        Optional<?> cursor = Arguments.option(args, 1);
        ListKeysReply part = listKeys(call, args, cursor.isPresent() ? (Long) cursor.get() : 0);
        return List.of(part.getKeysList(), next(part));
    }

    private static Object listByText(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        Optional<?> cursor = Arguments.option(args, 1);
        long from;
        try {
            from = cursor.isPresent() ? Long.parseUnsignedLong((String) cursor.get()) : 0;
        } catch (NumberFormatException e) {
            throw new KeyvalueException(KeyvalueException.other("the cursor is not one that list-keys gave"));
        }
        ListKeysReply part = listKeys(call, args, from);
        return List.of(part.getKeysList(), next(part).map(Long::toUnsignedString));
    }

    private static ListKeysReply listKeys(WasiCall call, @Nullable Object[] args, long cursor)
            throws InterruptedException, KeyvalueException {
        return bucket(args)
                .call(
                        call,
                        "ListKeys",
                        ListKeysRequest.newBuilder().setCursor(cursor).build(),
                        ListKeysReply.class);
    }

    private static Optional<Long> next(ListKeysReply part) {
        return part.getCursor() == 0 ? Optional.empty() : Optional.of(part.getCursor());
    }

    // ---- atomics

    private static Interface.Builder atomics(String version, Resource<KeyvalueBucket> bucket) {
        return Interface.named("wasi:keyvalue/atomics" + version).resource(bucket);
    }

    private static Object incrementSigned(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        return increment(call, args);
    }

    /** The contract counts with a sign; what of it an unsigned counter has not is an error. */
    private static Object incrementUnsigned(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        if (Arguments.number(args, 2) < 0) {
            throw new KeyvalueException(KeyvalueException.other("counters go up to " + Long.MAX_VALUE));
        }
        long value = increment(call, args);
        if (value < 0) {
            throw new KeyvalueException(KeyvalueException.other(
                    "the counter is now " + value + ", which this version of wasi:keyvalue cannot say"));
        }
        return value;
    }

    private static long increment(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        var request = IncrementRequest.newBuilder()
                .setKey(Arguments.string(args, 1))
                .setDelta(Arguments.number(args, 2))
                .build();
        return bucket(args).call(call, "Increment", request, Number.class).getValue();
    }

    /** What a guest compares with: the value that a key had. */
    private record Cas(KeyvalueBucket bucket, String key, Optional<byte[]> current) {}

    private static final Resource<Cas> CAS = Resource.of("cas", Cas.class);

    private static Cas cas(@Nullable Object[] args) {
        return Arguments.of(Cas.class, args, 0);
    }

    private static Object compare(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        String key = Arguments.string(args, 1);
        return new Cas(bucket(args), key, bucket(args).get(call, key));
    }

    private static Object swap(ComponentInstance instance, @Nullable Object[] args) throws InterruptedException {
        WasiCall call = instance.attachment(WasiCall.class);
        Cas cas = cas(args);
        try {
            var request = CompareAndSetRequest.newBuilder()
                    .setKey(cas.key())
                    .setValue(ByteString.copyFrom(Arguments.bytes(args, 1)));
            cas.current().ifPresent(value -> request.setExpected(UnsafeByteOperations.unsafeWrap(value)));
            if (cas.bucket()
                    .call(call, "CompareAndSet", request.build(), Flag.class)
                    .getValue()) {
                return DONE;
            }
            return Result.err(new Variant(
                    "cas-failed", new Cas(cas.bucket(), cas.key(), cas.bucket().get(call, cas.key()))));
        } catch (KeyvalueException e) {
            return Result.err(new Variant("store-error", e.error()));
        }
    }

    // ---- batch

    private static Interface batch(String version, Resource<KeyvalueBucket> bucket) {
        return Interface.named("wasi:keyvalue/batch" + version)
                .resource(bucket)
                .function("get-many", failing(WasiKeyvalue::getMany))
                .function("set-many", failing(WasiKeyvalue::setMany))
                .function("delete-many", failing(WasiKeyvalue::deleteMany))
                .build();
    }

    private static Object getMany(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        List<Optional<Object>> found = new ArrayList<>();
        for (Object each : Arguments.list(args, 1)) {
            String key = (String) each;
            found.add(bucket(args).get(call, key).map(value -> List.of(key, value)));
        }
        return found;
    }

    /** One after the other: those before one that fails are set. */
    private static @Nullable Object setMany(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        for (Object each : Arguments.list(args, 1)) {
            List<?> pair = (List<?>) each;
            bucket(args).set(call, (String) pair.get(0), (byte[]) pair.get(1));
        }
        return null;
    }

    private static @Nullable Object deleteMany(WasiCall call, @Nullable Object[] args)
            throws InterruptedException, KeyvalueException {
        for (Object each : Arguments.list(args, 1)) {
            bucket(args).delete(call, (String) each);
        }
        return null;
    }
}
