package dev.trellis.providers.jdbc;

import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.sql.SqlReply;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlResults;
import dev.trellis.lattice.contracts.sql.SqlStatement;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import dev.trellis.providers.sdk.CapabilityProvider;
import dev.trellis.providers.sdk.Health;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.Requests;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A provider of the SQL contract. Links that name the same database share one {@link SqlStore}, which lasts as long as
 * one of them, or a call over it, does.
 *
 * @param <K> what tells databases apart
 */
public final class SqlProvider<K> implements CapabilityProvider {
    /** How long {@link #close()} lets calls in flight finish. */
    static final Duration DRAIN_MAX = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(SqlProvider.class);

    private final EntityId id;
    private final SqlStores<K> stores;
    private final Telemetry telemetry;
    private final Map<LinkKey, Shared> links = new ConcurrentHashMap<>();
    private final Map<K, Shared> open = new HashMap<>(); // guarded by this

    public SqlProvider(EntityId id, SqlStores<K> stores) {
        this(id, stores, Telemetry.off());
    }

    /** One whose statements are spans of {@code telemetry}. */
    public SqlProvider(EntityId id, SqlStores<K> stores, Telemetry telemetry) {
        this.id = id;
        this.stores = stores;
        this.telemetry = telemetry;
    }

    @Override
    public synchronized void linkPut(ProviderLink link) throws LinkRejectedException {
        Shared next;
        try {
            K key = stores.key(link.config());
            Shared present = open.get(key);
            if (present != null && present.retain()) {
                next = present;
            } else {
                next = new Shared(stores.open(key));
                open.put(key, next);
            }
        } catch (IllegalArgumentException e) {
            throw new LinkRejectedException("config of link " + link.link().key() + ": " + e.getMessage(), e);
        }
        Shared before = links.put(link.link().key(), next);
        if (before != null) {
            before.release();
        }
        forgetUnused();
    }

    @Override
    public synchronized void linkDelete(LinkKey link) {
        Shared store = links.remove(link);
        if (store != null) {
            store.release();
        }
        forgetUnused();
    }

    private synchronized void forgetUnused() {
        open.values().removeIf(store -> !links.containsValue(store));
    }

    @Override
    public Payload invoke(ProviderLink link, Invocation invocation) throws InterruptedException {
        if (!Contracts.SQL.id().equals(Contracts.canonical(invocation.contract()))) {
            throw Requests.unknownOperation(invocation);
        }
        boolean readOnly =
                switch (invocation.operation()) {
                    case "Query" -> true;
                    case "Execute" -> false;
                    default -> throw Requests.unknownOperation(invocation);
                };
        SqlRequest request = Requests.read(invocation, SqlRequest.class);
        if (invocation.deadline().passed()) {
            throw Requests.deadlinePassed(id, invocation);
        }
        try {
            var script = SqlScript.of(stores.dialect(), request, readOnly);
            Shared store = use(link.link().key());
            try {
                checkDatabase(store.store, script);
                return new Payload.Typed(SqlReply.newBuilder()
                        .setResults(run(store.store, script, request, invocation))
                        .build());
            } finally {
                store.release();
            }
        } catch (SqlErrorException e) {
            return new Payload.Typed(e.reply());
        }
    }

    /** Runs the statements of a call in a span with their text, and never with the values of their parameters. */
    private SqlResults run(SqlStore store, SqlScript script, SqlRequest request, Invocation invocation)
            throws SqlErrorException, InterruptedException {
        try (ActiveSpan span = telemetry.child(SpanKind.CLIENT, invocation.operation(), invocation.trace())) {
            if (span.recorded()) {
                span.note(TelemetryNames.DB_SYSTEM, system())
                        .note(TelemetryNames.DB_NAMESPACE, store.name())
                        .note(TelemetryNames.DB_OPERATION, invocation.operation())
                        .note(TelemetryNames.DB_QUERY, text(request));
            }
            try {
                return store.run(id.value(), script, invocation.deadline());
            } catch (SqlErrorException e) {
                span.note(TelemetryNames.DB_STATUS, e.sqlState());
                span.fail(e.sqlState(), "SQLSTATE " + e.sqlState()); // the message may repeat values
                throw e;
            } catch (InvocationException e) {
                span.fail(e.failure().kind(), e.failure().describe());
                throw e;
            }
        }
    }

    private String system() {
        return switch (stores.dialect()) {
            case POSTGRES -> "postgresql";
            case SQLITE -> "sqlite";
        };
    }

    /** The statements on one line, as much of them as a span keeps. */
    private static String text(SqlRequest request) {
        var text = new StringBuilder();
        for (SqlStatement statement : request.getStatementsList()) {
            text.append(text.isEmpty() ? "" : "; ");
            String sql = statement.getSql();
            text.append(sql, 0, Math.min(sql.length(), ActiveSpan.TEXT_LENGTH_MAX));
            if (text.length() > ActiveSpan.TEXT_LENGTH_MAX) {
                break;
            }
        }
        return text.toString().replaceAll("\\s+", " ").strip();
    }

    private static void checkDatabase(SqlStore store, SqlScript script) throws SqlErrorException {
        if (!script.database().isEmpty() && !script.database().equals(store.name())) {
            throw new SqlErrorException(
                    SqlState.UNKNOWN_DATABASE,
                    "the call is for database '" + InvocationFailure.limited(script.database())
                            + "', its link leads to '" + store.name()
                            + "'; link the other one under a name of its own");
        }
    }

    private Shared use(LinkKey link) {
        while (true) {
            Shared store = links.get(link);
            if (store == null) {
                throw new InvocationException(new InvocationFailure.NotLinked(id.value(), "has no link " + link));
            }
            if (store.retain()) {
                return store;
            }
            // Released between the two lines. The map was changed before that: it holds another one now, or none.
        }
    }

    @Override
    public Health health() {
        String problems = links.values().stream()
                .distinct()
                .map(shared -> shared.store.problem())
                .flatMap(Optional::stream)
                .sorted()
                .collect(Collectors.joining("; "));
        return problems.isEmpty() ? Health.OK : Health.unhealthy(problems);
    }

    @Override
    public void close() {
        Set<Shared> ending;
        synchronized (this) {
            ending = new HashSet<>(links.values());
            Set.copyOf(links.keySet()).forEach(this::linkDelete);
        }
        try {
            long end = System.nanoTime() + DRAIN_MAX.toNanos();
            for (Shared store : ending) {
                if (!store.ended.await(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                    LOG.warn("Provider {} ends with calls of database {} still in flight", id, store.store.name());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A database and its users: links and calls. It ends with the last of them. */
    private static final class Shared {
        private final SqlStore store;
        private final AtomicInteger users = new AtomicInteger(1);
        private final CountDownLatch ended = new CountDownLatch(1);

        Shared(SqlStore store) {
            this.store = store;
        }

        boolean retain() {
            return users.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
        }

        void release() {
            if (users.decrementAndGet() == 0) {
                try {
                    store.close();
                } finally {
                    ended.countDown();
                }
            }
        }
    }
}
