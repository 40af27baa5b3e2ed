package dev.trellis.providers.jdbc;

import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlResult;
import dev.trellis.lattice.contracts.sql.SqlResults;
import dev.trellis.lattice.contracts.sql.SqlRow;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.lattice.transport.LatticeTransport;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** Collects the results of one call, and says when they grow too large. Not safe for concurrent use. */
public final class ResultBuilder {
    /** Largest reply: what fits a message of the lattice, with room for its envelope. */
    public static final long BYTES_MAX = LatticeTransport.PAYLOAD_BYTES_MAX - (64 << 10);

    /** Reads the value of one column in the current row. Columns count from 1, as JDBC does. */
    @FunctionalInterface
    public interface ColumnReader {
        SqlValue read(ResultSet rows, int column) throws SQLException;
    }

    private final SqlResults.Builder results = SqlResults.newBuilder();
    private final int rowsMax;
    private long bytes;

    public ResultBuilder(int rowsMax) {
        this.rowsMax = rowsMax;
    }

    /** Adds the outcome of a statement that returns no rows. */
    public void addCount(long rowsAffected) {
        results.addResults(SqlResult.newBuilder().setRowsAffected(rowsAffected));
    }

    /**
     * Adds the rows that a statement returns.
     *
     * @throws SqlErrorException if there are too many or they are too large
     */
    public void addRows(ResultSet rows, List<SqlColumn> columns, List<ColumnReader> readers)
            throws SQLException, SqlErrorException {
        var result = SqlResult.newBuilder().addAllColumns(columns);
        int width = readers.size();
        int count = 0;
        while (rows.next()) {
            if (++count > rowsMax) {
                throw new SqlErrorException(
                        SqlState.LIMIT_EXCEEDED,
                        "the statement returns more than " + rowsMax
                                + " rows; add LIMIT, and read on from the last key: WHERE key > $1 ORDER BY key LIMIT n");
            }
            var row = SqlRow.newBuilder();
            for (int i = 0; i < width; i++) {
                SqlValue value = readers.get(i).read(rows, i + 1);
                bytes += SqlValues.bytes(value);
                row.addValues(value);
            }
            if (bytes > BYTES_MAX) {
                throw tooLarge();
            }
            result.addRows(row);
        }
        results.addResults(result);
    }

    /** The error of a result that is larger than {@link #BYTES_MAX}. */
    public static SqlErrorException tooLarge() {
        return new SqlErrorException(
                SqlState.LIMIT_EXCEEDED,
                "the results are larger than " + BYTES_MAX
                        + " bytes; select fewer columns or rows (LIMIT), or parts of large values (substr)");
    }

    /** The results so far. */
    public SqlResults build() {
        return results.build();
    }

    /** Rows that the statement which has just run changed; 0 if it counts none. */
    public static long updateCount(PreparedStatement statement) throws SQLException {
        return Math.max(0, statement.getLargeUpdateCount());
    }
}
