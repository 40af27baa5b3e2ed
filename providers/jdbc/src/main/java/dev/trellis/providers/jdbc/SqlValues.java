package dev.trellis.providers.jdbc;

import dev.trellis.lattice.contracts.sql.SqlValue;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;

/** The texts that values of the contract have, read and written. */
public final class SqlValues {
    /** The text of a date or timestamp later than all others, in PostgreSQL too. */
    public static final String INFINITY = "infinity";

    /** The text of a date or timestamp earlier than all others. */
    public static final String MINUS_INFINITY = "-infinity";

    /** The end of a day, which no {@link LocalTime} can say. */
    public static final String END_OF_DAY = "24:00:00";

    /** Longest text of a decimal: PostgreSQL has 131072 digits before the point and 16383 after it. */
    static final int DECIMAL_LENGTH_MAX = 147_500;

    private static final int DATETIME_LENGTH_MAX = 64;
    private static final int NANOS_PER_MICRO = 1_000;
    private static final Pattern DECIMAL =
            Pattern.compile("[+-]?+(?:[0-9]++(?:\\.[0-9]*+)?|\\.[0-9]++)(?:[eE][+-]?[0-9]{1,6})?");
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ISO_LOCAL_DATE;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ISO_LOCAL_TIME;
    private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ISO_LOCAL_DATE_TIME;

    private SqlValues() {}

    /**
     * Checks that a text can be stored anywhere.
     *
     * @throws SqlErrorException if it holds NUL, which PostgreSQL cannot store, or half a surrogate pair
     */
    public static void checkText(String what, String text) throws SqlErrorException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\0') {
                throw new SqlErrorException(
                        SqlState.INVALID_CHARACTER, what + " has NUL at character " + i + "; pass it as bytes");
            }
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new SqlErrorException(
                            SqlState.INVALID_CHARACTER,
                            what + " has half a surrogate pair at character " + i + ", which is no character");
                }
                i++;
            }
        }
    }

    /**
     * A decimal as PostgreSQL reads it.
     *
     * @throws SqlErrorException if it is none
     */
    public static String decimal(String text) throws SqlErrorException {
        boolean special = text.equals("NaN") || text.equals("Infinity") || text.equals("-Infinity");
        if (!special
                && (text.length() > DECIMAL_LENGTH_MAX || !DECIMAL.matcher(text).matches())) {
            throw invalid("decimal", text, "such as -12.50");
        }
        return text;
    }

    /**
     * A date; {@link LocalDate#MAX} and {@link LocalDate#MIN} for the infinities.
     *
     * @throws SqlErrorException if it is none
     */
    public static LocalDate date(String text) throws SqlErrorException {
        try {
            return switch (text) {
                case INFINITY -> LocalDate.MAX;
                case MINUS_INFINITY -> LocalDate.MIN;
                default -> LocalDate.parse(bounded(text), DATE);
            };
        } catch (DateTimeException e) {
            throw invalidDatetime("date", text, "such as 2026-11-20");
        }
    }

    /**
     * A time in canonical form.
     *
     * @throws SqlErrorException if it is none, or finer than microseconds
     */
    public static String time(String text) throws SqlErrorException {
        if (text.equals(END_OF_DAY)) {
            return text;
        }
        try {
            var value = LocalTime.parse(bounded(text), TIME);
            checkMicros("time", text, value);
            return time(value);
        } catch (DateTimeException e) {
            throw invalidDatetime("time", text, "such as 13:14:15.123456");
        }
    }

    /**
     * A timestamp; {@link LocalDateTime#MAX} and {@link LocalDateTime#MIN} for the infinities.
     *
     * @throws SqlErrorException if it is none, or finer than microseconds
     */
    public static LocalDateTime timestamp(String text) throws SqlErrorException {
        try {
            if (text.equals(INFINITY)) {
                return LocalDateTime.MAX;
            }
            if (text.equals(MINUS_INFINITY)) {
                return LocalDateTime.MIN;
            }
            var value = LocalDateTime.parse(bounded(text), TIMESTAMP);
            checkMicros("timestamp", text, value.toLocalTime());
            return value;
        } catch (DateTimeException e) {
            throw invalidDatetime("timestamp", text, "such as 2026-11-20T13:14:15.123456");
        }
    }

    /**
     * A moment; {@link OffsetDateTime#MAX} and {@link OffsetDateTime#MIN} for the infinities.
     *
     * @throws SqlErrorException if it is none, or finer than microseconds
     */
    public static OffsetDateTime timestampZone(String text) throws SqlErrorException {
        try {
            if (text.equals(INFINITY)) {
                return OffsetDateTime.MAX;
            }
            if (text.equals(MINUS_INFINITY)) {
                return OffsetDateTime.MIN;
            }
            var value = OffsetDateTime.parse(bounded(text)).withOffsetSameInstant(ZoneOffset.UTC);
            checkMicros("timestamp with zone", text, value.toLocalTime());
            return value;
        } catch (DateTimeException e) {
            throw invalidDatetime("timestamp with zone", text, "such as 2026-11-20T13:14:15.123456Z");
        }
    }

    /**
     * A UUID.
     *
     * @throws SqlErrorException if it is none
     */
    public static UUID uuid(String text) throws SqlErrorException {
        if (!UUID_TEXT.matcher(text).matches()) {
            throw invalid("uuid", text, "such as 6c1e0a52-9d1c-4b53-9c63-0a1f3f0a7d11");
        }
        return UUID.fromString(text);
    }

    /** The text of a date. */
    public static String date(LocalDate value) {
        return value.equals(LocalDate.MAX)
                ? INFINITY
                : value.equals(LocalDate.MIN) ? MINUS_INFINITY : DATE.format(value);
    }

    /** The text of a time. */
    public static String time(LocalTime value) {
        return TIME.format(value);
    }

    /** The text of a timestamp. */
    public static String timestamp(LocalDateTime value) {
        return value.equals(LocalDateTime.MAX)
                ? INFINITY
                : value.equals(LocalDateTime.MIN) ? MINUS_INFINITY : TIMESTAMP.format(value);
    }

    /** The text of a moment, in UTC. */
    public static String timestampZone(OffsetDateTime value) {
        return value.equals(OffsetDateTime.MAX)
                ? INFINITY
                : value.equals(OffsetDateTime.MIN)
                        ? MINUS_INFINITY
                        : TIMESTAMP.format(value.withOffsetSameInstant(ZoneOffset.UTC)) + "Z";
    }

    /** About how many bytes a value takes in a reply. */
    public static int bytes(SqlValue value) {
        return value.getSerializedSize() + 4;
    }

    /** What a value is, for messages: {@code int32}, {@code timestamp_zone}, {@code null}. */
    public static String kind(SqlValue value) {
        return value.getKindCase() == SqlValue.KindCase.KIND_NOT_SET
                ? "null"
                : value.getKindCase().name().toLowerCase(Locale.ROOT);
    }

    private static String bounded(String text) {
        if (text.length() > DATETIME_LENGTH_MAX) {
            throw new DateTimeException("too long");
        }
        return text;
    }

    private static void checkMicros(String what, String text, LocalTime value) throws SqlErrorException {
        if (value.toNanoOfDay() % NANOS_PER_MICRO != 0) {
            throw new SqlErrorException(
                    SqlState.DATETIME_OVERFLOW,
                    what + " '" + shortened(text) + "' is finer than microseconds; round it, for the database would");
        }
    }

    private static SqlErrorException invalid(String kind, String text, String expected) {
        return new SqlErrorException(
                SqlState.INVALID_TEXT, "'" + shortened(text) + "' is no " + kind + ", expected one " + expected);
    }

    private static SqlErrorException invalidDatetime(String kind, String text, String expected) {
        return new SqlErrorException(
                SqlState.INVALID_DATETIME, "'" + shortened(text) + "' is no " + kind + ", expected one " + expected);
    }

    private static String shortened(String text) {
        String printable = text.length() <= 80 ? text : text.substring(0, 77) + "...";
        return printable.replaceAll("\\p{Cntrl}", "?");
    }
}
