package dev.trellis.providers.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.InvocationFailure.DeadlineExceeded;
import dev.trellis.lattice.contracts.InvocationFailure.Malformed;
import dev.trellis.lattice.contracts.InvocationFailure.ProviderFailed;
import dev.trellis.lattice.contracts.InvocationFailure.UnknownOperation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.Keys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What every provider of the key-value contract must do: what Redis does. A subclass says which provider; each test
 * uses keys of its own, so that the store may be shared.
 */
public abstract class KeyValueContractTest {
    /** Virtual threads that call at once in the tests of concurrency. */
    protected static final int CALLERS = 64;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String prefix = "test:" + UUID.randomUUID() + ":";

    /** Calls of the provider under test, over a link that it has acknowledged. */
    protected abstract KeyValueCalls calls();

    /** Lets {@code time} pass if the provider has a clock of the test's; by default it passes by itself. */
    protected void passTime(Duration time) {}

    /** A key that no other test uses. */
    protected final String key(String name) {
        return prefix + name;
    }

    // Strings

    @Test
    void get_absentKey_doesNotExist() throws Exception {
        assertThat(calls().get(key("a"))).isEmpty();
        assertThat(calls().contains(key("a"))).isFalse();
    }

    @Test
    void set_thenGet_returnsValue() throws Exception {
        calls().set(key("a"), "v1");
        calls().set(key("a"), "v2");

        assertThat(calls().get(key("a"))).contains(ByteString.copyFromUtf8("v2"));
        assertThat(calls().contains(key("a"))).isTrue();
    }

    @Test
    void set_emptyValue_exists() throws Exception {
        calls().set(key("a"), "");

        assertThat(calls().get(key("a"))).contains(ByteString.EMPTY);
    }

    @Test
    void set_emptyKey_isAKey() throws Exception {
        calls().set("", prefix);

        assertThat(calls().get("")).contains(ByteString.copyFromUtf8(prefix));
        assertThat(calls().del("")).isTrue();
        assertThat(calls().contains("")).isFalse();
    }

    @Test
    void set_keysThatDifferInPunctuationOnly_areDifferentKeys() throws Exception {
        var keys = List.of("a.b", "a:b", "a=b", "a=2Eb", "a b", "a/b", "a>b", "a*b", ".a", "a.", "A.B", "a\u0000b");
        for (String key : keys) {
            calls().set(key(key), key);
        }

        for (String key : keys) {
            assertThat(calls().get(key(key))).as(key).contains(ByteString.copyFromUtf8(key));
        }
    }

    @Test
    void set_fourByteUtf8_comesBack() throws Exception {
        String text = "\ud83d\udc0b grüße \u2603";
        calls().set(key(text), text);

        assertThat(calls().get(key(text))).contains(ByteString.copyFromUtf8(text));
    }

    @Test
    void set_everyByte_comesBack() throws Exception {
        byte[] bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        calls().set(key("a"), ByteString.copyFrom(bytes), 0);

        assertThat(calls().get(key("a"))).contains(ByteString.copyFrom(bytes));
    }

    @Test
    void set_halfAMegabyte_comesBack() throws Exception {
        byte[] bytes = new byte[512 << 10];
        new Random(42).nextBytes(bytes);
        calls().set(key("a"), ByteString.copyFrom(bytes), 0);

        assertThat(calls().get(key("a"))).contains(ByteString.copyFrom(bytes));
    }

    @Test
    void del_presentThenAbsent_saysWhichItWas() throws Exception {
        calls().set(key("a"), "v");

        assertThat(calls().del(key("a"))).isTrue();
        assertThat(calls().del(key("a"))).isFalse();
        assertThat(calls().get(key("a"))).isEmpty();
    }

    @Test
    void set_keyOfAList_replacesIt() throws Exception {
        calls().listAdd(key("a"), "x");
        calls().set(key("a"), "v");

        assertThat(calls().get(key("a"))).contains(ByteString.copyFromUtf8("v"));
    }

    // Expiry

    @Test
    void set_expires_goneAfterThatTime() throws Exception {
        calls().set(key("a"), ByteString.copyFromUtf8("v"), 1);
        calls().set(key("forever"), "v");
        assertThat(calls().contains(key("a"))).isTrue();

        passTime(Duration.ofMillis(1001));

        eventuallyAbsent(key("a"));
        assertThat(calls().get(key("a"))).isEmpty();
        assertThat(calls().del(key("a"))).isFalse();
        assertThat(calls().contains(key("forever"))).isTrue();
    }

    @Test
    void set_withoutExpiry_endsAnEarlierExpiry() throws Exception {
        calls().set(key("a"), ByteString.copyFromUtf8("v"), 1);
        calls().set(key("marker"), ByteString.copyFromUtf8("v"), 1);
        calls().set(key("a"), "v");

        passTime(Duration.ofMillis(1001));

        eventuallyAbsent(key("marker"));
        assertThat(calls().contains(key("a"))).isTrue();
    }

    @Test
    void increment_keyThatExpires_keepsItsExpiry() throws Exception {
        calls().set(key("a"), ByteString.copyFromUtf8("5"), 1);
        assertThat(calls().increment(key("a"), 1)).isEqualTo(6);

        passTime(Duration.ofMillis(1001));

        eventuallyAbsent(key("a"));
        assertThat(calls().increment(key("a"), 1)).isEqualTo(1);
    }

    @Test
    void set_longestExpiry_isTaken() throws Exception {
        calls().set(key("a"), ByteString.copyFromUtf8("v"), -1); // 2^32-1 seconds, as uint32

        assertThat(calls().contains(key("a"))).isTrue();
    }

    // Increment

    @Test
    void increment_absentKey_beginsAtZero() throws Exception {
        assertThat(calls().increment(key("a"), 5)).isEqualTo(5);
        assertThat(calls().increment(key("a"), -7)).isEqualTo(-2);
        assertThat(calls().increment(key("a"), 0)).isEqualTo(-2);
        assertThat(calls().get(key("a"))).contains(ByteString.copyFromUtf8("-2"));
    }

    @Test
    void increment_textOfANumber_counts() throws Exception {
        calls().set(key("a"), "41");

        assertThat(calls().increment(key("a"), 1)).isEqualTo(42);
    }

    @Test
    void increment_noNumber_failsAsRedisDoes() throws Exception {
        for (String text : List.of("", "x", "1.5", " 1", "+1", "01", "-0", "9223372036854775808")) {
            calls().set(key("a"), text);

            fails(ProviderFailed.class, "value is not an integer or out of range", () -> calls().increment(
                            key("a"), 1));
            assertThat(calls().get(key("a"))).as("unchanged").contains(ByteString.copyFromUtf8(text));
        }
    }

    @Test
    void increment_overflow_failsAndChangesNothing() throws Exception {
        calls().set(key("max"), Long.toString(Long.MAX_VALUE));
        calls().set(key("min"), Long.toString(Long.MIN_VALUE));

        fails(ProviderFailed.class, "would overflow", () -> calls().increment(key("max"), 1));
        fails(ProviderFailed.class, "would overflow", () -> calls().increment(key("min"), -1));
        assertThat(calls().increment(key("max"), -1)).isEqualTo(Long.MAX_VALUE - 1);
    }

    // Lists

    @Test
    void listAdd_keepsOrderAndDuplicates() throws Exception {
        assertThat(calls().listAdd(key("l"), "a")).isEqualTo(1);
        assertThat(calls().listAdd(key("l"), "b")).isEqualTo(2);
        assertThat(calls().listAdd(key("l"), "a")).isEqualTo(3);
        assertThat(calls().listAdd(key("l"), "")).isEqualTo(4);

        assertThat(calls().listRange(key("l"), 0, -1)).containsExactly("a", "b", "a", "");
    }

    @Test
    void listRange_anyBounds_asLrange() throws Exception {
        for (String value : List.of("a", "b", "c", "d")) {
            calls().listAdd(key("l"), value);
        }

        assertThat(calls().listRange(key("l"), 1, 2)).containsExactly("b", "c");
        assertThat(calls().listRange(key("l"), -2, -1)).containsExactly("c", "d");
        assertThat(calls().listRange(key("l"), -100, 0)).containsExactly("a");
        assertThat(calls().listRange(key("l"), 2, 100)).containsExactly("c", "d");
        assertThat(calls().listRange(key("l"), 3, 1)).isEmpty();
        assertThat(calls().listRange(key("l"), 4, 9)).isEmpty();
        assertThat(calls().listRange(key("l"), 0, -5)).isEmpty();
        assertThat(calls().listRange(key("l"), Integer.MIN_VALUE, Integer.MAX_VALUE))
                .containsExactly("a", "b", "c", "d");
        assertThat(calls().listRange(key("absent"), 0, -1)).isEmpty();
    }

    @Test
    void listDel_duplicates_removesTheFirstOnly() throws Exception {
        for (String value : List.of("a", "b", "a")) {
            calls().listAdd(key("l"), value);
        }

        assertThat(calls().listDel(key("l"), "a")).isTrue();
        assertThat(calls().listRange(key("l"), 0, -1)).containsExactly("b", "a");
        assertThat(calls().listDel(key("l"), "x")).isFalse();
        assertThat(calls().listDel(key("absent"), "x")).isFalse();
    }

    @Test
    void listDel_lastValue_removesTheKey() throws Exception {
        calls().listAdd(key("l"), "a");

        assertThat(calls().listDel(key("l"), "a")).isTrue();
        assertThat(calls().contains(key("l"))).isFalse();
        calls().set(key("l"), "v"); // no list is left that would be in the way
        assertThat(calls().contains(key("l"))).isTrue();
    }

    @Test
    void listClear_presentThenAbsent_saysWhichItWas() throws Exception {
        calls().listAdd(key("l"), "a");

        assertThat(calls().listClear(key("l"))).isTrue();
        assertThat(calls().listClear(key("l"))).isFalse();
        assertThat(calls().listRange(key("l"), 0, -1)).isEmpty();
    }

    // Sets

    @Test
    void setAdd_sameValueTwice_countsOnce() throws Exception {
        assertThat(calls().setAdd(key("s"), "a")).isEqualTo(1);
        assertThat(calls().setAdd(key("s"), "a")).isZero();
        assertThat(calls().setAdd(key("s"), "")).isEqualTo(1);

        assertThat(calls().setQuery(key("s"))).containsExactlyInAnyOrder("a", "");
        assertThat(calls().setQuery(key("absent"))).isEmpty();
    }

    @Test
    void setDel_presentThenAbsent_saysWhichItWas() throws Exception {
        calls().setAdd(key("s"), "a");

        assertThat(calls().setDel(key("s"), "x")).isZero();
        assertThat(calls().setDel(key("s"), "a")).isEqualTo(1);
        assertThat(calls().setDel(key("s"), "a")).isZero();
        assertThat(calls().contains(key("s"))).as("an empty set is no key").isFalse();
    }

    @Test
    void setClear_presentThenAbsent_saysWhichItWas() throws Exception {
        calls().setAdd(key("s"), "a");

        assertThat(calls().setClear(key("s"))).isTrue();
        assertThat(calls().setClear(key("s"))).isFalse();
    }

    @Test
    void setAlgebra_someKeysMissing_theyCountAsEmpty() throws Exception {
        for (String value : List.of("a", "b", "c")) {
            calls().setAdd(key("s1"), value);
        }
        for (String value : List.of("b", "c", "d")) {
            calls().setAdd(key("s2"), value);
        }

        assertThat(calls().setIntersection(key("s1"), key("s2"))).containsExactlyInAnyOrder("b", "c");
        assertThat(calls().setIntersection(key("s1"))).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(calls().setIntersection(key("s1"), key("s1"))).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(calls().setIntersection(key("s1"), key("absent"))).isEmpty();
        assertThat(calls().setUnion(key("s1"), key("s2"))).containsExactlyInAnyOrder("a", "b", "c", "d");
        assertThat(calls().setUnion(key("s1"), key("absent"))).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(calls().setUnion(key("absent"))).isEmpty();
    }

    @Test
    void setAlgebra_noKeys_isMalformed() {
        fails(Malformed.class, "names no key", () -> calls().call("SetUnion", Keys.getDefaultInstance()));
        fails(Malformed.class, "names no key", () -> calls().call("SetIntersection", Keys.getDefaultInstance()));
    }

    // Keys

    @Test
    void listKeys_followedToItsEnd_tellsEveryKeyOnceItIsThere() throws Exception {
        var mine = new HashSet<String>();
        for (int i = 0; i < 50; i++) {
            mine.add(key("k" + i));
            calls().set(key("k" + i), "v");
        }
        calls().listAdd(key("list \u2603 a.b=c"), "v");
        mine.add(key("list \u2603 a.b=c"));
        calls().set(key("gone"), "v");
        calls().del(key("gone"));

        assertThat(listed(0)).isEqualTo(mine);
        assertThat(listed(7)).isEqualTo(mine);
        assertThat(listed(-1)).isEqualTo(mine);
    }

    @Test
    void listKeys_expiredKey_isNotAmongThem() throws Exception {
        calls().set(key("a"), ByteString.copyFromUtf8("v"), 1);
        calls().set(key("b"), "v");

        passTime(Duration.ofMillis(1001));
        eventuallyAbsent(key("a"));

        assertThat(listed(0)).containsExactly(key("b"));
    }

    /** All keys of this test, by parts of about {@code limit}. */
    private Set<String> listed(int limit) throws InterruptedException {
        var keys = new HashSet<String>();
        long cursor = 0;
        int parts = 0;
        do {
            var part = calls().listKeys(cursor, limit);
            part.getKeysList().stream().filter(key -> key.startsWith(prefix)).forEach(keys::add);
            cursor = part.getCursor();
            assertThat(++parts).as("parts").isLessThan(100_000);
        } while (cursor != 0);
        return keys;
    }

    // Compare and set

    @Test
    void compareAndSet_expectedValue_sets() throws Exception {
        assertThat(calls().compareAndSet(key("a"), Optional.empty(), "1")).isTrue();
        assertThat(calls().compareAndSet(key("a"), Optional.of("1"), "2")).isTrue();
        assertThat(calls().get(key("a"))).contains(ByteString.copyFromUtf8("2"));
    }

    @Test
    void compareAndSet_anotherValue_changesNothing() throws Exception {
        assertThat(calls().compareAndSet(key("a"), Optional.of(""), "1")).isFalse();
        assertThat(calls().contains(key("a"))).isFalse();
        calls().set(key("a"), "");

        assertThat(calls().compareAndSet(key("a"), Optional.empty(), "1")).isFalse();
        assertThat(calls().compareAndSet(key("a"), Optional.of("x"), "1")).isFalse();
        assertThat(calls().get(key("a"))).contains(ByteString.EMPTY);
    }

    @Test
    void compareAndSet_manyCallersAtOnce_oneSets() throws Exception {
        var set = inParallel(() -> calls().compareAndSet(key("a"), Optional.empty(), "1"));

        assertThat(set).containsOnlyOnce(true);
    }

    // Types

    @Test
    void anyOperation_keyOfAnotherType_failsAsWrongType() throws Exception {
        calls().set(key("string"), "1");
        calls().listAdd(key("list"), "1");
        calls().setAdd(key("set"), "1");

        for (String key : List.of(key("list"), key("set"))) {
            wrongType(() -> calls().get(key));
            wrongType(() -> calls().increment(key, 1));
            wrongType(() -> calls().compareAndSet(key, Optional.empty(), "1"));
            wrongType(() -> calls().compareAndSet(key, Optional.of("1"), "1"));
        }
        for (String key : List.of(key("string"), key("set"))) {
            wrongType(() -> calls().listAdd(key, "x"));
            wrongType(() -> calls().listDel(key, "1"));
            wrongType(() -> calls().listRange(key, 0, -1));
        }
        for (String key : List.of(key("string"), key("list"))) {
            wrongType(() -> calls().setAdd(key, "x"));
            wrongType(() -> calls().setDel(key, "1"));
            wrongType(() -> calls().setQuery(key));
            wrongType(() -> calls().setUnion(key("set"), key));
            wrongType(() -> calls().setIntersection(key("set"), key));
        }
        assertThat(calls().listClear(key("set"))).as("DEL takes any type").isTrue();
        assertThat(calls().setClear(key("list"))).isTrue();
        assertThat(calls().del(key("string"))).isTrue();
    }

    private static void wrongType(ThrowingCallable call) {
        fails(ProviderFailed.class, "WRONGTYPE Operation against a key holding the wrong kind of value", call);
    }

    // Calls

    @Test
    void call_unknownOperation_saysSo() {
        fails(UnknownOperation.class, "Frobnicate", () -> calls().call("Frobnicate", Key.getDefaultInstance()));
    }

    @Test
    void call_requestOfAnotherType_isMalformed() {
        fails(Malformed.class, "Keys", () -> calls().call("Get", Keys.getDefaultInstance()));
    }

    @Test
    void call_requestAsBytes_isRead() throws Exception {
        var bytes = Key.newBuilder().setKey(key("a")).build().toByteString();

        assertThat(calls().call("Contains", new Payload.Opaque(bytes))).isNotNull();
    }

    @Test
    void call_deadlinePassed_isNotBegun() throws Exception {
        fails(DeadlineExceeded.class, "Increment", () -> calls().within(Duration.ofNanos(-1))
                .increment(key("a"), 1));

        assertThat(calls().contains(key("a"))).isFalse();
    }

    // Concurrency

    @Test
    void increment_manyCallersAtOnce_countsEachOnce() throws Exception {
        int each = 10;
        inParallel(() -> {
            for (int i = 0; i < each; i++) {
                calls().increment(key("a"), 1);
            }
            return 0;
        });

        assertThat(calls().increment(key("a"), 0)).isEqualTo((long) CALLERS * each);
    }

    @Test
    void setAdd_manyCallersAtOnce_oneAddsTheValue() throws Exception {
        var added = inParallel(() -> calls().setAdd(key("s"), "a"));

        assertThat(added).containsOnlyOnce(1);
        assertThat(calls().setQuery(key("s"))).containsExactly("a");
    }

    @Test
    void listAdd_manyCallersAtOnce_keepsEveryValue() throws Exception {
        var lengths = inParallel(() -> calls().listAdd(key("l"), "a"));

        assertThat(lengths).doesNotHaveDuplicates().hasSize(CALLERS).contains(1, CALLERS);
        assertThat(calls().listRange(key("l"), 0, -1)).hasSize(CALLERS);
    }

    // Helpers, for the tests of subclasses too

    /** What {@value #CALLERS} virtual threads get who make the same call at once. */
    protected static <T> List<T> inParallel(Callable<T> call) throws Exception {
        var results = new ArrayList<T>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var futures = new ArrayList<Future<T>>();
            for (int i = 0; i < CALLERS; i++) {
                futures.add(executor.submit(call));
            }
            for (Future<T> future : futures) {
                results.add(future.get());
            }
        }
        return results;
    }

    /** Asserts that {@code call} fails with a {@code failure} whose message holds {@code text}. */
    protected static void fails(Class<? extends InvocationFailure> failure, String text, ThrowingCallable call) {
        assertThatExceptionOfType(InvocationException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(failure))
                .withMessageContaining(text);
    }

    private void eventuallyAbsent(String key) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (calls().contains(key)) {
            assertThat(System.nanoTime()).as("%s should have expired", key).isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
