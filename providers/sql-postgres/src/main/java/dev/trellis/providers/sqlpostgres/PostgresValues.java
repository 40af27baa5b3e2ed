package dev.trellis.providers.sqlpostgres;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.providers.jdbc.ResultBuilder.ColumnReader;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlValues;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PGobject;

/** How parameters become PostgreSQL's values, and columns become those of the contract. */
final class PostgresValues {
    private PostgresValues() {}

    /**
     * Binds a parameter. Text and JSON go without a type, so that the server takes them for what they are compared with or
     * stored in: text for a column of dates, of enums, of {@code jsonb}.
     */
    static void bind(PreparedStatement statement, int index, SqlValue value) throws SQLException, SqlErrorException {
        switch (value.getKindCase()) {
            case BOOL -> statement.setBoolean(index, value.getBool());
            case INT16 -> statement.setShort(index, (short) value.getInt16());
            case INT32 -> statement.setInt(index, value.getInt32());
            case INT64 -> statement.setLong(index, value.getInt64());
            case DECIMAL -> statement.setObject(index, typed("numeric", SqlValues.decimal(value.getDecimal())));
            case FLOAT32 -> statement.setFloat(index, value.getFloat32());
            case FLOAT64 -> statement.setDouble(index, value.getFloat64());
            case TEXT -> statement.setString(index, value.getText());
            case BYTES -> statement.setBytes(index, value.getBytes().toByteArray());
            case DATE -> statement.setObject(index, SqlValues.date(value.getDate()));
            case TIME -> statement.setObject(index, typed("time", SqlValues.time(value.getTime())));
            case TIMESTAMP -> statement.setObject(index, SqlValues.timestamp(value.getTimestamp()));
            case TIMESTAMP_ZONE -> statement.setObject(index, SqlValues.timestampZone(value.getTimestampZone()));
            case UUID -> statement.setObject(index, SqlValues.uuid(value.getUuid()));
            case JSON -> statement.setString(index, value.getJson());
            case KIND_NOT_SET -> statement.setNull(index, Types.NULL);
        }
    }

    private static PGobject typed(String type, String text) throws SQLException {
        var object = new PGobject();
        object.setType(type);
        object.setValue(text);
        return object;
    }

    static List<SqlColumn> columns(ResultSetMetaData metadata) throws SQLException {
        int width = metadata.getColumnCount();
        var columns = new ArrayList<SqlColumn>(width);
        for (int i = 1; i <= width; i++) {
            columns.add(SqlColumn.newBuilder()
                    .setName(metadata.getColumnLabel(i))
                    .setDatabaseType(type(metadata.getColumnTypeName(i)))
                    .build());
        }
        return columns;
    }

    /** The driver says of a column with a sequence how it was declared, not what it is. */
    private static String type(String name) {
        return switch (name) {
            case "smallserial" -> "int2";
            case "serial" -> "int4";
            case "bigserial" -> "int8";
            default -> name;
        };
    }

    static ColumnReader reader(SqlColumn column) {
        return switch (column.getDatabaseType()) {
            case "bool" ->
                (rows, at) -> {
                    boolean value = rows.getBoolean(at);
                    return rows.wasNull() ? none() : of().setBool(value).build();
                };
            case "int2" ->
                (rows, at) -> {
                    short value = rows.getShort(at);
                    return rows.wasNull() ? none() : of().setInt16(value).build();
                };
            case "int4" ->
                (rows, at) -> {
                    int value = rows.getInt(at);
                    return rows.wasNull() ? none() : of().setInt32(value).build();
                };
            case "int8", "oid" ->
                (rows, at) -> {
                    long value = rows.getLong(at);
                    return rows.wasNull() ? none() : of().setInt64(value).build();
                };
            case "float4" ->
                (rows, at) -> {
                    float value = rows.getFloat(at);
                    return rows.wasNull() ? none() : of().setFloat32(value).build();
                };
            case "float8" ->
                (rows, at) -> {
                    double value = rows.getDouble(at);
                    return rows.wasNull() ? none() : of().setFloat64(value).build();
                };
            case "bytea" ->
                (rows, at) -> {
                    byte[] value = rows.getBytes(at);
                    return value == null
                            ? none()
                            : of().setBytes(ByteString.copyFrom(value)).build();
                };
            case "numeric" ->
                (rows, at) -> {
                    String value = rows.getString(at);
                    return value == null
                            ? none()
                            : of().setDecimal(plain(value)).build();
                };
            case "date" ->
                (rows, at) -> {
                    var value = get(rows, at, LocalDate.class);
                    return value == null
                            ? none()
                            : of().setDate(SqlValues.date(value)).build();
                };
            case "time" ->
                (rows, at) -> {
                    var value = get(rows, at, LocalTime.class);
                    return value == null
                            ? none()
                            // how the driver says 24:00:00; the server has no nanoseconds
                            : of().setTime(value.equals(LocalTime.MAX) ? SqlValues.END_OF_DAY : SqlValues.time(value))
                                    .build();
                };
            case "timestamp" ->
                (rows, at) -> {
                    var value = get(rows, at, LocalDateTime.class);
                    return value == null
                            ? none()
                            : of().setTimestamp(SqlValues.timestamp(value)).build();
                };
            case "timestamptz" ->
                (rows, at) -> {
                    var value = get(rows, at, OffsetDateTime.class);
                    return value == null
                            ? none()
                            : of().setTimestampZone(SqlValues.timestampZone(value))
                                    .build();
                };
            case "uuid" ->
                (rows, at) -> {
                    String value = rows.getString(at);
                    return value == null ? none() : of().setUuid(value).build();
                };
            case "json", "jsonb" ->
                (rows, at) -> {
                    String value = rows.getString(at);
                    return value == null ? none() : of().setJson(value).build();
                };
            default ->
                (rows, at) -> {
                    String value = rows.getString(at);
                    return value == null ? none() : of().setText(value).build();
                };
        };
    }

    /** As the server writes it: once it gets numbers in binary form, the driver writes -1E-30. */
    private static String plain(String decimal) {
        return decimal.indexOf('E') < 0 ? decimal : new BigDecimal(decimal).toPlainString();
    }

    private static <T> @Nullable T get(ResultSet rows, int column, Class<T> type) throws SQLException {
        return rows.getObject(column, type);
    }

    private static SqlValue none() {
        return SqlValue.getDefaultInstance();
    }

    private static SqlValue.Builder of() {
        return SqlValue.newBuilder();
    }
}
