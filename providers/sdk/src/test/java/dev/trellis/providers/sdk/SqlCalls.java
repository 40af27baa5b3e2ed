package dev.trellis.providers.sdk;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.sql.SqlError;
import dev.trellis.lattice.contracts.sql.SqlReply;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlResult;
import dev.trellis.lattice.contracts.sql.SqlRow;
import dev.trellis.lattice.contracts.sql.SqlStatement;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** An actor's calls of an SQL provider over one link, for tests. */
public record SqlCalls(CapabilityProvider provider, ProviderLink link, Duration timeout) {
    /** The actor that calls. */
    public static final EntityId ACTOR = new EntityId("test-actor");

    /** The provider that is called. */
    public static final EntityId PROVIDER = new EntityId("test-sql");

    /** Calls with a generous deadline. */
    public SqlCalls(CapabilityProvider provider, ProviderLink link) {
        this(provider, link, Duration.ofSeconds(20));
    }

    /** A link of {@link #ACTOR} to {@link #PROVIDER} called {@code name}, first generation. */
    public static ProviderLink link(String name, Map<String, String> config) {
        return new ProviderLink(
                new Link(ACTOR, PROVIDER, new LinkName(name), Contracts.SQL.id(), List.of(), List.of(), List.of()),
                PROVIDER,
                Settings.of(config),
                1);
    }

    /** The same with another deadline. */
    public SqlCalls within(Duration time) {
        return new SqlCalls(provider, link, time);
    }

    /** Calls any operation with any payload. */
    public SqlReply call(String operation, Payload payload) throws InterruptedException {
        var invocation = Invocation.first(
                ACTOR,
                PROVIDER,
                link.link().name(),
                Contracts.SQL.id(),
                operation,
                payload,
                Deadline.in(timeout),
                TraceContext.root());
        return (SqlReply) ((Payload.Typed) provider.invoke(link, invocation)).message();
    }

    /** Calls {@code Query} or {@code Execute}. */
    public SqlReply call(String operation, SqlRequest request) throws InterruptedException {
        return call(operation, new Payload.Typed(request));
    }

    /** The rows of one statement, which must succeed. */
    public SqlResult query(String sql, SqlValue... parameters) throws InterruptedException {
        return results(call("Query", request(statement(sql, parameters)))).getFirst();
    }

    /** The outcome of one statement, which must succeed. */
    public SqlResult execute(String sql, SqlValue... parameters) throws InterruptedException {
        return execute(statement(sql, parameters)).getFirst();
    }

    /** The outcomes of statements in one transaction, which must succeed. */
    public List<SqlResult> execute(SqlStatement... statements) throws InterruptedException {
        return results(call("Execute", request(statements)));
    }

    /** The first value of the first row of one statement. */
    public SqlValue value(String sql, SqlValue... parameters) throws InterruptedException {
        return query(sql, parameters).getRows(0).getValues(0);
    }

    /** The first values of all rows, as numbers. */
    public List<Long> numbers(String sql, SqlValue... parameters) throws InterruptedException {
        return query(sql, parameters).getRowsList().stream()
                .map(row -> number(row.getValues(0)))
                .toList();
    }

    /** The error of one statement of {@code Query}, which must fail. */
    public SqlError queryError(String sql, SqlValue... parameters) throws InterruptedException {
        return error(call("Query", request(statement(sql, parameters))));
    }

    /** The error of statements of {@code Execute}, which must fail. */
    public SqlError executeError(SqlStatement... statements) throws InterruptedException {
        return error(call("Execute", request(statements)));
    }

    /** The error of one statement of {@code Execute}, which must fail. */
    public SqlError executeError(String sql, SqlValue... parameters) throws InterruptedException {
        return executeError(statement(sql, parameters));
    }

    /** The results of a reply that must have some. */
    public static List<SqlResult> results(SqlReply reply) {
        if (!reply.hasResults()) {
            throw new AssertionError("expected results, was " + reply);
        }
        return reply.getResults().getResultsList();
    }

    /** The error of a reply that must have one. */
    public static SqlError error(SqlReply reply) {
        if (!reply.hasError()) {
            throw new AssertionError("expected an error, was " + reply);
        }
        return reply.getError();
    }

    public static SqlRequest request(SqlStatement... statements) {
        return SqlRequest.newBuilder().addAllStatements(List.of(statements)).build();
    }

    public static SqlStatement statement(String sql, SqlValue... parameters) {
        return SqlStatement.newBuilder()
                .setSql(sql)
                .addAllParameters(List.of(parameters))
                .build();
    }

    public static SqlRow row(SqlValue... values) {
        return SqlRow.newBuilder().addAllValues(List.of(values)).build();
    }

    public static SqlValue none() {
        return SqlValue.getDefaultInstance();
    }

    public static SqlValue text(String value) {
        return SqlValue.newBuilder().setText(value).build();
    }

    public static SqlValue int32(int value) {
        return SqlValue.newBuilder().setInt32(value).build();
    }

    public static SqlValue int64(long value) {
        return SqlValue.newBuilder().setInt64(value).build();
    }

    public static SqlValue bytes(byte... value) {
        return SqlValue.newBuilder().setBytes(ByteString.copyFrom(value)).build();
    }

    /** A value of any integer kind as a number. */
    public static long number(SqlValue value) {
        return switch (value.getKindCase()) {
            case INT16 -> value.getInt16();
            case INT32 -> value.getInt32();
            case INT64 -> value.getInt64();
            default -> throw new AssertionError("expected an integer, was " + value);
        };
    }
}
