package dev.trellis.providers.jdbc;

import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.sql.SqlError;
import dev.trellis.lattice.contracts.sql.SqlReply;
import org.jspecify.annotations.Nullable;

/** What SQL says is wrong with a statement. Without a stack trace: it is a result, and callers make many. */
public final class SqlErrorException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String sqlState;
    private final String reason;
    private final int statement;

    /** An error of the statement that is under way. */
    public SqlErrorException(String sqlState, String reason) {
        this(sqlState, reason, 0, null);
    }

    /** An error of statement number {@code statement}, counted from 0. */
    public SqlErrorException(String sqlState, String reason, int statement, @Nullable Throwable cause) {
        super(sqlState + ": " + reason, cause, false, false);
        this.sqlState = sqlState;
        this.reason = reason;
        this.statement = statement;
    }

    /** The same error, of statement number {@code number}. */
    public SqlErrorException of(int number) {
        return new SqlErrorException(sqlState, reason, number, getCause());
    }

    /** Five characters. */
    public String sqlState() {
        return sqlState;
    }

    /** The reply that tells it. */
    public SqlReply reply() {
        return SqlReply.newBuilder()
                .setError(SqlError.newBuilder()
                        .setSqlstate(sqlState)
                        .setMessage(InvocationFailure.limited(reason))
                        .setStatement(statement))
                .build();
    }
}
