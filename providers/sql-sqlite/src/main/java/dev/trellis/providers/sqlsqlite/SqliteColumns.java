package dev.trellis.providers.sqlsqlite;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.providers.jdbc.ResultBuilder.ColumnReader;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlState;
import dev.trellis.providers.jdbc.SqlValues;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.sqlite.core.CoreStatement;

/*
 * SQLite stores five kinds of values: NULL, INTEGER, REAL, TEXT and BLOB. The others of the contract are one of these with
 * a name, which only the declaration of a column can give: its first word is the name. A value that does not fit the name
 * comes as what it is stored as, so that nothing is lost.
 */
/** How parameters become SQLite's values, and columns become those of the contract. */
final class SqliteColumns {
    private SqliteColumns() {}

    static void bind(PreparedStatement statement, int index, SqlValue value) throws SQLException, SqlErrorException {
        switch (value.getKindCase()) {
            case BOOL -> statement.setLong(index, value.getBool() ? 1 : 0);
            case INT16 -> statement.setLong(index, value.getInt16());
            case INT32 -> statement.setLong(index, value.getInt32());
            case INT64 -> statement.setLong(index, value.getInt64());
            case DECIMAL -> statement.setString(index, SqlValues.decimal(value.getDecimal()));
            case FLOAT32 -> statement.setDouble(index, number(value.getFloat32()));
            case FLOAT64 -> statement.setDouble(index, number(value.getFloat64()));
            case TEXT -> statement.setString(index, value.getText());
            case BYTES -> statement.setBytes(index, value.getBytes().toByteArray());
            case DATE -> statement.setString(index, SqlValues.date(SqlValues.date(value.getDate())));
            case TIME -> statement.setString(index, SqlValues.time(value.getTime()));
            case TIMESTAMP ->
                statement.setString(index, SqlValues.timestamp(SqlValues.timestamp(value.getTimestamp())));
            case TIMESTAMP_ZONE ->
                statement.setString(index, SqlValues.timestampZone(SqlValues.timestampZone(value.getTimestampZone())));
            case UUID ->
                statement.setString(index, SqlValues.uuid(value.getUuid()).toString());
            case JSON -> statement.setString(index, value.getJson());
            case KIND_NOT_SET -> statement.setNull(index, java.sql.Types.NULL);
        }
    }

    private static double number(double value) throws SqlErrorException {
        if (Double.isNaN(value)) {
            throw new SqlErrorException(SqlState.NUMBER_OUT_OF_RANGE, "SQLite cannot store NaN; it would become NULL");
        }
        return value;
    }

    /** How many columns a statement returns. */
    static int count(PreparedStatement statement) throws SQLException {
        return ((CoreStatement) statement).pointer.safeRunInt((db, pointer) -> db.column_count(pointer));
    }

    /** The columns that a statement returns; empty if it returns no rows. */
    static List<SqlColumn> columns(PreparedStatement statement) throws SQLException {
        // not by the statement's metadata: it fails where there are no columns, and guesses types from the current row
        var core = (CoreStatement) statement;
        int width = count(statement);
        var columns = new ArrayList<SqlColumn>(width);
        for (int i = 0; i < width; i++) {
            int column = i;
            String name = core.pointer.safeRun((db, pointer) -> db.column_name(pointer, column));
            String type = core.pointer.safeRun((db, pointer) -> db.column_decltype(pointer, column));
            columns.add(SqlColumn.newBuilder()
                    .setName(name == null ? "" : name)
                    .setDatabaseType(type == null ? "" : type)
                    .build());
        }
        return List.copyOf(columns);
    }

    static ColumnReader reader(SqlColumn column) {
        String declared = column.getDatabaseType().toUpperCase(Locale.ROOT);
        String name = declared.split("[^A-Z0-9_]", 2)[0];
        return switch (name) {
            case "BOOL", "BOOLEAN" -> converting(SqliteColumns::bool);
            case "SMALLINT", "INT2" -> converting(SqliteColumns::int16);
            case "INT4", "MEDIUMINT" -> converting(SqliteColumns::int32);
            case "FLOAT4" -> converting(SqliteColumns::float32);
            case "DECIMAL", "NUMERIC" -> converting(SqliteColumns::decimal);
            case "DATE" -> converting(SqliteColumns::date);
            case "TIME" -> converting(SqliteColumns::time);
            case "DATETIME" -> converting(SqliteColumns::timestamp);
            case "TIMESTAMP" ->
                declared.startsWith("TIMESTAMP WITH TIME")
                        ? converting(SqliteColumns::timestampZone)
                        : converting(SqliteColumns::timestamp);
            case "TIMESTAMPTZ" -> converting(SqliteColumns::timestampZone);
            case "UUID" -> converting(SqliteColumns::uuid);
            case "JSON", "JSONB" -> converting(SqliteColumns::json);
            default -> (rows, at) -> stored(rows.getObject(at));
        };
    }

    /** What a stored value is by its column's name; {@code null} if the name does not fit it. */
    @FunctionalInterface
    private interface Conversion {
        @Nullable
        SqlValue of(Object stored);
    }

    private static ColumnReader converting(Conversion conversion) {
        return (ResultSet rows, int at) -> {
            Object stored = rows.getObject(at);
            if (stored == null) {
                return SqlValue.getDefaultInstance();
            }
            SqlValue value = conversion.of(stored);
            return value == null ? stored(stored) : value;
        };
    }

    private static SqlValue stored(@Nullable Object stored) {
        var value = SqlValue.newBuilder();
        switch (stored) {
            case null -> {}
            case Integer number -> value.setInt64(number);
            case Long number -> value.setInt64(number);
            case Double number -> value.setFloat64(number);
            case byte[] bytes -> value.setBytes(ByteString.copyFrom(bytes));
            default -> value.setText(stored.toString());
        }
        return value.build();
    }

    private static @Nullable SqlValue bool(Object stored) {
        return stored instanceof Integer number && (number == 0 || number == 1)
                ? SqlValue.newBuilder().setBool(number == 1).build()
                : null;
    }

    private static @Nullable SqlValue int16(Object stored) {
        return stored instanceof Integer number && number == number.shortValue()
                ? SqlValue.newBuilder().setInt16(number).build()
                : null;
    }

    private static @Nullable SqlValue int32(Object stored) {
        return stored instanceof Integer number
                ? SqlValue.newBuilder().setInt32(number).build()
                : null;
    }

    private static @Nullable SqlValue float32(Object stored) {
        return stored instanceof Double number && number == number.floatValue()
                ? SqlValue.newBuilder().setFloat32(number.floatValue()).build()
                : null;
    }

    private static @Nullable SqlValue decimal(Object stored) {
        return switch (stored) {
            case Integer number ->
                SqlValue.newBuilder().setDecimal(number.toString()).build();
            case Long number ->
                SqlValue.newBuilder().setDecimal(number.toString()).build();
            case Double number
            when Double.isFinite(number) ->
                SqlValue.newBuilder()
                        .setDecimal(BigDecimal.valueOf(number).toPlainString())
                        .build();
            case String text -> checked(() -> SqlValue.newBuilder().setDecimal(SqlValues.decimal(text)));
            default -> null;
        };
    }

    private static @Nullable SqlValue date(Object stored) {
        return stored instanceof String text
                ? checked(() -> SqlValue.newBuilder().setDate(SqlValues.date(SqlValues.date(text))))
                : null;
    }

    private static @Nullable SqlValue time(Object stored) {
        return stored instanceof String text
                ? checked(() -> SqlValue.newBuilder().setTime(SqlValues.time(text)))
                : null;
    }

    private static @Nullable SqlValue timestamp(Object stored) {
        return stored instanceof String text
                ? checked(() -> SqlValue.newBuilder().setTimestamp(SqlValues.timestamp(SqlValues.timestamp(iso(text)))))
                : null;
    }

    private static @Nullable SqlValue timestampZone(Object stored) {
        return stored instanceof String text
                ? checked(() -> SqlValue.newBuilder()
                        .setTimestampZone(SqlValues.timestampZone(SqlValues.timestampZone(iso(text)))))
                : null;
    }

    private static @Nullable SqlValue uuid(Object stored) {
        return stored instanceof String text
                ? checked(
                        () -> SqlValue.newBuilder().setUuid(SqlValues.uuid(text).toString()))
                : null;
    }

    /** A JSON number in a column of numeric affinity is stored as a number. */
    private static @Nullable SqlValue json(Object stored) {
        return stored instanceof byte[]
                ? null
                : SqlValue.newBuilder().setJson(stored.toString()).build();
    }

    /** SQLite's own functions put a space between date and time. */
    private static String iso(String text) {
        return text.length() > 10 && text.charAt(10) == ' ' ? text.substring(0, 10) + "T" + text.substring(11) : text;
    }

    private interface Parsing {
        SqlValue.Builder run() throws SqlErrorException;
    }

    private static @Nullable SqlValue checked(Parsing parsing) {
        try {
            return parsing.run().build();
        } catch (SqlErrorException e) {
            return null; // told as the text that it is
        }
    }
}
