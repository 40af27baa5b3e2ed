package dev.trellis.providers.sqlsqlite;

import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.providers.jdbc.SqlErrorException;
import dev.trellis.providers.jdbc.SqlState;
import java.sql.SQLException;
import java.util.Locale;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** SQLite's result codes as what callers of the contract know. */
final class SqliteErrors {
    private SqliteErrors() {}

    /** What became of a statement. */
    sealed interface Outcome {
        /** SQL says that something is wrong. */
        record Wrong(SqlErrorException error) implements Outcome {}

        /** It was interrupted. */
        record Interrupted() implements Outcome {}

        /** Another process holds the file. */
        record Busy(String message) implements Outcome {}

        /** The file cannot be read or written; the connection is of no use any more. */
        record Broken(String message) implements Outcome {}
    }

    static Outcome of(SQLException e) {
        String message = message(e);
        SQLiteErrorCode code =
                e instanceof SQLiteException sqlite ? sqlite.getResultCode() : SQLiteErrorCode.SQLITE_ERROR;
        return switch (code) {
            case SQLITE_INTERRUPT -> new Outcome.Interrupted();
            case SQLITE_BUSY,
                    SQLITE_BUSY_RECOVERY,
                    SQLITE_BUSY_SNAPSHOT,
                    SQLITE_BUSY_TIMEOUT,
                    SQLITE_LOCKED,
                    SQLITE_LOCKED_SHAREDCACHE,
                    SQLITE_PROTOCOL -> new Outcome.Busy(message);
            case SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID ->
                wrong(SqlState.UNIQUE, message, e);
            case SQLITE_CONSTRAINT_NOTNULL -> wrong(SqlState.NOT_NULL, message, e);
            case SQLITE_CONSTRAINT_FOREIGNKEY -> wrong(SqlState.FOREIGN_KEY, message, e);
            case SQLITE_CONSTRAINT_CHECK -> wrong(SqlState.CHECK, message, e);
            case SQLITE_CONSTRAINT_DATATYPE, SQLITE_MISMATCH -> wrong(SqlState.TYPE_MISMATCH, message, e);
            case SQLITE_RANGE -> wrong(SqlState.WRONG_PARAMETERS, message, e);
            case SQLITE_TOOBIG -> wrong(SqlState.LIMIT_EXCEEDED, message, e);
            case SQLITE_FULL -> wrong(SqlState.DISK_FULL, message, e);
            case SQLITE_NOMEM -> wrong(SqlState.OUT_OF_MEMORY, message, e);
            case SQLITE_AUTH, SQLITE_PERM -> wrong(SqlState.NO_PERMISSION, message, e);
            case SQLITE_ERROR -> wrong(ofText(message), message, e);
            default -> ofName(code.name(), message, e);
        };
    }

    private static Outcome ofName(String code, String message, SQLException e) {
        if (code.startsWith("SQLITE_CONSTRAINT")) {
            return wrong(SqlState.CONSTRAINT, message, e);
        }
        if (code.equals("SQLITE_READONLY")) {
            return wrong(SqlState.READ_ONLY, message, e);
        }
        for (String broken : new String[] {"IOERR", "CORRUPT", "NOTADB", "CANTOPEN", "READONLY"}) {
            if (code.startsWith("SQLITE_" + broken)) {
                return new Outcome.Broken(message);
            }
        }
        return wrong(SqlState.GENERAL, message, e);
    }

    /** SQLite has one code for all that its compiler finds; the beginning of its message tells them apart. */
    private static String ofText(String message) {
        String text = message.toLowerCase(Locale.ROOT);
        if (text.contains("syntax error") || text.contains("incomplete input") || text.contains("unrecognized token")) {
            return SqlState.SYNTAX;
        }
        if (text.contains("no such table") || text.contains("no such view")) {
            return SqlState.UNKNOWN_TABLE;
        }
        if (text.contains("no such column") || text.contains("has no column named")) {
            return SqlState.UNKNOWN_COLUMN;
        }
        if (text.contains("no such function") || text.contains("wrong number of arguments to function")) {
            return SqlState.UNKNOWN_FUNCTION;
        }
        if (text.contains("already exists")) {
            return SqlState.DUPLICATE_TABLE;
        }
        if (text.contains("integer overflow")) {
            return SqlState.NUMBER_OUT_OF_RANGE;
        }
        if (text.contains("too many") || text.contains("too large") || text.contains("maximum depth")) {
            return SqlState.LIMIT_EXCEEDED;
        }
        if (text.contains("not authorized")) {
            return SqlState.NO_PERMISSION;
        }
        return SqlState.GENERAL;
    }

    private static Outcome wrong(String sqlState, String message, SQLException e) {
        return new Outcome.Wrong(new SqlErrorException(sqlState, message, 0, e));
    }

    /** {@code [SQLITE_ERROR] SQL error or missing database (no such table: a)} without what says nothing new. */
    static String message(SQLException e) {
        String text = InvocationFailure.limited(e.getMessage());
        int open = text.indexOf('(');
        if (text.startsWith("[SQLITE_") && open > 0 && text.endsWith(")")) {
            return text.substring(open + 1, text.length() - 1);
        }
        return text;
    }
}
