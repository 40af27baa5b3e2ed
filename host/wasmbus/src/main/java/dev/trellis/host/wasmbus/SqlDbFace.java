package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlError;
import dev.trellis.lattice.contracts.sql.SqlReply;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlResult;
import dev.trellis.lattice.contracts.sql.SqlRow;
import dev.trellis.lattice.contracts.sql.SqlStatement;
import dev.trellis.lattice.contracts.sql.SqlValue;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * {@code wasmcloud:sqldb} as classic actors see it: statements with CBOR parameters, rows as CBOR, and what SQL says is
 * wrong inside the result.
 *
 * <p>A guest's {@code Query} may write ({@code INSERT ... RETURNING}), the contract's may not. So what reads by its first
 * word is asked as {@code Query}, which may run on many connections and be sent again; if it then turns out to write, the
 * database has refused it with nothing changed, and it is asked as {@code Execute}, as everything else is.
 */
final class SqlDbFace {
    /** Operation names begin with it on the guest's side. */
    static final String SERVICE = "SqlDb.";

    /** Parameters of one statement; more are an error. */
    static final int PARAMETERS_MAX = 65_536;

    /** SQLSTATE of an attempt to write where only reading is allowed. */
    static final String READ_ONLY = "25006";

    private static final FieldNames STATEMENT = new FieldNames("database", "parameters", "sql");
    private static final int SQL = 2;
    private static final Set<String> READS = Set.of("SELECT", "VALUES", "TABLE", "WITH", "SHOW", "EXPLAIN");

    private static final byte[] NUM_ROWS = Literals.string("numRows");
    private static final byte[] COLUMNS = Literals.string("columns");
    private static final byte[] ROWS = Literals.string("rows");
    private static final byte[] ROWS_AFFECTED = Literals.string("rowsAffected");
    private static final byte[] ERROR = Literals.string("error");
    private static final byte[] CODE = Literals.string("code");
    private static final byte[] MESSAGE = Literals.string("message");
    private static final byte[] ORDINAL = Literals.string("ordinal");
    private static final byte[] NAME = Literals.string("name");
    private static final byte[] DB_TYPE = Literals.string("dbType");

    private SqlDbFace() {}

    /** Asks the provider: an operation of the contract and its request in, the reply out. */
    interface Provider {
        MessageLite call(String method, MessageLite request) throws InterruptedException;
    }

    /** A failure that the guest finds inside the result. */
    private record DbError(String code, String message) {}

    /**
     * Answers a guest.
     *
     * @param method what the guest calls, without {@link #SERVICE}; empty if it is no operation
     * @throws MessagePackException if the request is no statement
     */
    static Optional<GuestBytes> call(String method, GuestBytes request, Provider provider) throws InterruptedException {
        boolean query = method.equals("Query");
        if (!query && !method.equals("Execute")) {
            return Optional.empty();
        }
        SqlRequest statement;
        try {
            statement = decode(request);
        } catch (CborValue.CborException e) {
            return Optional.of(failed(query, new DbError("decoding", InvocationFailure.limited(e.getMessage()))));
        }
        boolean reads =
                query && READS.contains(firstWord(statement.getStatements(0).getSql()));
        SqlReply reply = ask(reads ? "Query" : "Execute", statement, provider);
        if (reads && reply.getError().getSqlstate().equals(READ_ONLY)) {
            reply = ask("Execute", statement, provider);
        }
        return Optional.of(encode(query, reply));
    }

    private static SqlReply ask(String method, SqlRequest request, Provider provider) throws InterruptedException {
        return provider.call(method, request) instanceof SqlReply reply
                ? reply
                : SqlReply.newBuilder()
                        .setError(SqlError.newBuilder()
                                .setSqlstate("08P01")
                                .setMessage("the provider's reply is no message of the contract"))
                        .build();
    }

    /** The first word in upper case, behind blanks, comments and opening brackets; empty if there is none. */
    private static String firstWord(String sql) {
        int at = 0;
        while (at < sql.length()) {
            char c = sql.charAt(at);
            if (sql.startsWith("--", at)) {
                int end = sql.indexOf('\n', at);
                at = end < 0 ? sql.length() : end + 1;
            } else if (sql.startsWith("/*", at)) {
                int end = sql.indexOf("*/", at + 2);
                at = end < 0 ? sql.length() : end + 2;
            } else if (c <= ' ' || c == '(') {
                at++;
            } else {
                int end = at;
                while (end < sql.length() && Character.isLetter(sql.charAt(end))) {
                    end++;
                }
                return sql.substring(at, end).toUpperCase(Locale.ROOT);
            }
        }
        return "";
    }

    /**
     * The request for the contract.
     *
     * @throws CborValue.CborException if a parameter is no CBOR value
     */
    static SqlRequest decode(GuestBytes request) throws CborValue.CborException {
        var in = new MessagePackReader(request);
        var message = SqlRequest.newBuilder();
        var statement = SqlStatement.newBuilder();
        Fields fields = in.fields(STATEMENT);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> {
                    if (!in.tryNil()) {
                        message.setDatabaseBytes(in.text());
                    }
                }
                case 1 -> {
                    if (!in.tryNil()) {
                        parameters(in, statement);
                    }
                }
                default -> statement.setSqlBytes(in.text());
            }
        }
        fields.require(SQL);
        in.end();
        return message.addStatements(statement).build();
    }

    private static void parameters(MessagePackReader in, SqlStatement.Builder statement)
            throws CborValue.CborException {
        int size = in.arraySize();
        if (size > PARAMETERS_MAX) {
            throw new MessagePackException("must have at most " + PARAMETERS_MAX + " parameters, has " + size);
        }
        for (int i = 0; i < size; i++) {
            ByteString parameter = in.binary();
            try {
                statement.addParameters(CborValue.parse(parameter));
            } catch (CborValue.CborException e) {
                throw new CborValue.CborException(
                        "parameter " + (i + 1) + " " + e.getMessage() + "; each parameter is one value in CBOR");
            }
        }
    }

    /** The result of {@code Query} or {@code Execute} that {@code reply} is. */
    static GuestBytes encode(boolean query, SqlReply reply) {
        if (reply.hasError()) {
            SqlError error = reply.getError();
            return failed(query, new DbError("db", "SQLSTATE " + error.getSqlstate() + ": " + error.getMessage()));
        }
        if (reply.getResults().getResultsCount() != 1) {
            return failed(query, new DbError("provider", "the provider's reply has not one result"));
        }
        SqlResult result = reply.getResults().getResults(0);
        return query ? queryResult(result) : executeResult(result);
    }

    private static GuestBytes executeResult(SqlResult result) {
        var out = new MessagePackWriter(24);
        out.mapHeader(1);
        out.raw(ROWS_AFFECTED);
        // as PostgreSQL counts for a statement that returns rows
        out.integer(result.getColumnsCount() == 0 ? result.getRowsAffected() : result.getRowsCount());
        return out.finish();
    }

    private static GuestBytes queryResult(SqlResult result) {
        if (result.getRowsCount() == 0) {
            return emptyResult(3).finish();
        }
        ByteString rows = rows(result);
        List<SqlColumn> columns = result.getColumnsList();
        var out = new MessagePackWriter(64 + 48 * columns.size() + rows.size());
        out.mapHeader(3);
        out.raw(NUM_ROWS);
        out.integer(result.getRowsCount());
        out.raw(COLUMNS);
        out.arrayHeader(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            out.mapHeader(3);
            out.raw(ORDINAL);
            out.integer(i);
            out.raw(NAME);
            out.string(columns.get(i).getName());
            out.raw(DB_TYPE);
            out.string(columns.get(i).getDatabaseType());
        }
        out.raw(ROWS);
        out.binary(rows);
        return out.finish();
    }

    /** No rows: no columns either, and no bytes, not even those of an empty array. */
    private static MessagePackWriter emptyResult(int fields) {
        var out = new MessagePackWriter(32);
        out.mapHeader(fields);
        out.raw(NUM_ROWS);
        out.integer(0);
        out.raw(COLUMNS);
        out.arrayHeader(0);
        out.raw(ROWS);
        out.binary(ByteString.EMPTY);
        return out;
    }

    private static GuestBytes failed(boolean query, DbError error) {
        MessagePackWriter out;
        if (query) {
            out = emptyResult(4);
        } else {
            out = new MessagePackWriter(64 + error.message.length());
            out.mapHeader(2);
            out.raw(ROWS_AFFECTED);
            out.integer(0);
        }
        out.raw(ERROR);
        out.mapHeader(2);
        out.raw(CODE);
        out.string(error.code);
        out.raw(MESSAGE);
        out.string(error.message);
        return out.finish();
    }

    /** An array of rows, each an array of its values. */
    static ByteString rows(SqlResult result) {
        var out = new CborWriter();
        out.array(result.getRowsCount());
        for (SqlRow row : result.getRowsList()) {
            out.array(row.getValuesCount());
            for (int i = 0; i < row.getValuesCount(); i++) {
                value(out, row.getValues(i), result.getColumns(i).getDatabaseType());
            }
        }
        return out.finish();
    }

    private static void value(CborWriter out, SqlValue value, String databaseType) {
        switch (value.getKindCase()) {
            case BOOL -> out.bool(value.getBool());
            case INT16 -> out.integer(value.getInt16());
            case INT32 -> out.integer(value.getInt32());
            case INT64 -> out.integer(value.getInt64());
            case DECIMAL -> out.text(value.getDecimal());
            case FLOAT32 -> out.float32(value.getFloat32());
            case FLOAT64 -> out.float64(value.getFloat64());
            case TEXT -> text(out, value.getText(), databaseType);
            case BYTES -> out.binary(value.getBytes());
            case DATE -> out.text(value.getDate());
            case TIME -> out.text(value.getTime());
            case TIMESTAMP -> out.text(value.getTimestamp());
            case TIMESTAMP_ZONE -> out.text(value.getTimestampZone());
            case UUID -> out.text(value.getUuid());
            case JSON -> out.text(value.getJson());
            case KIND_NOT_SET -> out.nil();
        }
    }

    /** Types of PostgreSQL that the contract has as text, and classic actors as something else. */
    private static void text(CborWriter out, String text, String databaseType) {
        switch (databaseType) {
            case "bit", "varbit" -> out.binary(bits(text));
            case "char" -> out.integer(text.isEmpty() ? 0 : (byte) text.charAt(0));
            default -> out.text(text);
        }
    }

    /** Eight bits a byte, the first one highest. */
    private static ByteString bits(String text) {
        byte[] packed = new byte[(text.length() + 7) / 8];
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '1') {
                packed[i / 8] |= (byte) (0x80 >>> (i % 8));
            }
        }
        return ByteString.copyFrom(packed);
    }
}
