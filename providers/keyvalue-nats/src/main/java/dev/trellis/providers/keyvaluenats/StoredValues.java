package dev.trellis.providers.keyvaluenats;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.providers.keyvaluenats.stored.StoredList;
import dev.trellis.providers.keyvaluenats.stored.StoredSet;
import dev.trellis.providers.keyvaluenats.stored.StoredValue;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What Redis would say of a value: its type, its number, parts of its list. An absent value is {@code null}. */
final class StoredValues {
    private static final String WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    private static final Pattern NUMBER = Pattern.compile("0|-?[1-9][0-9]{0,18}");
    private static final int NUMBER_LENGTH_MAX = 20;

    private StoredValues() {}

    /**
     * Reads what is stored at {@code key}.
     *
     * @throws InvocationException with {@code ProviderFailed} if Trellis has not written it
     */
    static StoredValue parse(String subject, String key, byte[] bytes) {
        try {
            var value = StoredValue.parseFrom(bytes);
            if (value.getKindCase() != StoredValue.KindCase.KIND_NOT_SET) {
                return value;
            }
        } catch (InvalidProtocolBufferException e) {
            // told below
        }
        throw failed(
                subject,
                "key " + key + " of the bucket holds something that this provider has not written;"
                        + " delete it, or link another bucket");
    }

    /** The string; empty if absent. */
    static ByteString string(String subject, @Nullable StoredValue value) {
        if (value == null) {
            return ByteString.EMPTY;
        }
        if (!value.hasString()) {
            throw failed(subject, WRONG_TYPE);
        }
        return value.getString();
    }

    /** The values of the list; none if absent. */
    static List<ByteString> list(String subject, @Nullable StoredValue value) {
        if (value == null) {
            return List.of();
        }
        if (!value.hasList()) {
            throw failed(subject, WRONG_TYPE);
        }
        return value.getList().getValuesList();
    }

    /** The values of the set; none if absent. */
    static List<ByteString> set(String subject, @Nullable StoredValue value) {
        if (value == null) {
            return List.of();
        }
        if (!value.hasSet()) {
            throw failed(subject, WRONG_TYPE);
        }
        return value.getSet().getValuesList();
    }

    /** The sum that INCRBY stores. */
    static long incremented(String subject, @Nullable StoredValue value, long delta) {
        long number = value == null ? 0 : number(subject, string(subject, value));
        try {
            return Math.addExact(number, delta);
        } catch (ArithmeticException e) {
            throw failed(subject, "ERR increment or decrement would overflow");
        }
    }

    private static long number(String subject, ByteString text) {
        if (text.size() <= NUMBER_LENGTH_MAX) {
            String digits = text.toStringUtf8();
            if (NUMBER.matcher(digits).matches()) {
                try {
                    return Long.parseLong(digits);
                } catch (NumberFormatException e) {
                    // more than 64 bits: told below
                }
            }
        }
        throw failed(subject, "ERR value is not an integer or out of range");
    }

    /** The part of {@code values} that LRANGE returns. */
    static List<ByteString> range(List<ByteString> values, int start, int stop) {
        int size = values.size();
        long first = Math.max(0, start < 0 ? (long) start + size : start);
        long last = Math.min(size - 1L, stop < 0 ? (long) stop + size : stop);
        return first > last ? List.of() : values.subList((int) first, (int) last + 1);
    }

    /** A string that keeps the expiry of {@code before}. */
    static StoredValue ofString(@Nullable StoredValue before, ByteString string) {
        return keepingExpiry(before).setString(string).build();
    }

    /** A list that keeps the expiry of {@code before}. */
    static StoredValue ofList(@Nullable StoredValue before, Collection<ByteString> values) {
        return keepingExpiry(before)
                .setList(StoredList.newBuilder().addAllValues(values))
                .build();
    }

    /** A set that keeps the expiry of {@code before}. */
    static StoredValue ofSet(@Nullable StoredValue before, Collection<ByteString> values) {
        return keepingExpiry(before)
                .setSet(StoredSet.newBuilder().addAllValues(values))
                .build();
    }

    private static StoredValue.Builder keepingExpiry(@Nullable StoredValue before) {
        return StoredValue.newBuilder().setExpiresEpochMillis(before == null ? 0 : before.getExpiresEpochMillis());
    }

    private static InvocationException failed(String subject, String message) {
        return new InvocationException(new InvocationFailure.ProviderFailed(subject, message));
    }
}
