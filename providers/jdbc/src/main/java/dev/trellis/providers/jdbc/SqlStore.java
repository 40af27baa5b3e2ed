package dev.trellis.providers.jdbc;

import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.sql.SqlResults;
import java.util.Optional;

/** One database that links lead to. Safe for concurrent use. */
public interface SqlStore {
    /** Name of the database, as {@code SqlRequest.database} may say it. */
    String name();

    /**
     * Runs the statements of a call in one transaction. Blocks the calling virtual thread until done; ends by
     * {@code deadline}.
     *
     * @param subject whom failures are about
     * @throws SqlErrorException if SQL says that something is wrong; the transaction was rolled back
     * @throws dev.trellis.lattice.contracts.InvocationException if the database could not be asked, or did not answer
     */
    SqlResults run(String subject, SqlScript script, Deadline deadline) throws SqlErrorException, InterruptedException;

    /** What is wrong, for people and without secrets; empty if all is well or nothing is known yet. */
    Optional<String> problem();

    /** Ends it. No call is running any more. */
    void close();
}
