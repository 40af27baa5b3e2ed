package dev.trellis.benchmarks;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.contracts.sql.SqlReply;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlStatement;
import dev.trellis.lattice.contracts.sql.SqlValue;
import dev.trellis.lattice.model.ControlRequests;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.lattice.nats.NatsConfig;
import dev.trellis.lattice.nats.NatsTransport;
import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Reads and writes of single rows and keys as an actor's calls make them: by a provider on the same host, and by one on
 * another host over NATS; beside the bare client library with one connection to the same store.
 */
final class StoreCall implements Benchmark {
    private static final String NAME = "sql";
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration WARM_UP = Duration.ofMillis(700);
    private static final Duration PASS = Duration.ofMillis(300);
    private static final EntityId CALLER = new EntityId("bench-caller");
    private static final String NEAR = "NNEAR";

    /** Rows of the table, read in turn. */
    private static final int ROWS = 1024;

    /** Values written so far. Each is another one, since SQLite does not write what is there already. */
    private static final AtomicLong WRITTEN = new AtomicLong();

    private static final String VALUE = "a value of forty characters, more or less";
    private static final byte[] VALUE_BYTES = VALUE.getBytes(StandardCharsets.UTF_8);

    /** Something to do in the ways to do it, by their names; the first is the baseline. */
    private record Subject(String name, Map<String, ClosedLoop.Call> ways) {}

    /** The lattice: this host, the other one, and what all stores have in common. */
    private record Lattice(BenchHost near, Invoker invoker, Path folder) {
        /** Starts a provider on both hosts, each with a link of its own; returns the names of the links. */
        List<LinkName> deploy(ProviderKind kind, Map<String, String> config) throws InterruptedException {
            near.control("config.put.bench-" + kind.noun(), config);
            var names = new ArrayList<LinkName>();
            for (String host : List.of(NEAR, StoreHostProcess.HOST)) {
                EntityId provider = provider(kind, host);
                near.control(
                        "provider.start." + host,
                        Map.of("provider_ref", kind.image().value(), "provider_id", provider.value()));
                var name = new LinkName(provider.value());
                var link = new Link(
                        CALLER, provider, name, kind.contract(), List.of(), List.of(), List.of("bench-" + kind.noun()));
                near.control("link.put", ControlRequests.LinkMessage.of(link));
                names.add(name);
            }
            return names;
        }

        private static EntityId provider(ProviderKind kind, String host) {
            return new EntityId(kind.noun() + (host.equals(NEAR) ? "-near" : "-far"));
        }

        /** Calls over a link with each of {@code requests} in turn; waits until the first works. */
        ClosedLoop.Call calls(
                ProviderKind kind, LinkName link, String operation, IntFunction<? extends MessageLite> requests)
                throws Exception {
            var target = new EntityId(link.value());
            var next = new Turn();
            ClosedLoop.Call call = () -> {
                Payload reply = invoker.invoke(Invocation.first(
                        CALLER,
                        target,
                        link,
                        Contracts.canonical(kind.contract()),
                        operation,
                        new Payload.Typed(requests.apply(next.next())),
                        Deadline.in(TIMEOUT),
                        TraceContext.root()));
                if (reply instanceof Payload.Typed(SqlReply sql) && sql.hasError()) {
                    throw new IllegalStateException(sql.getError().getMessage());
                }
            };
            BenchHost.await("the way to " + target, () -> {
                try {
                    call.run();
                    return true;
                } catch (InvocationException e) {
                    return false;
                }
            });
            return call;
        }
    }

    /** Numbers of rows, each after the other. For one caller. */
    private static final class Turn {
        private int at;

        int next() {
            return at++ % ROWS;
        }
    }

    @Override
    @SuppressWarnings("try") // closed in this order, not used
    public List<Row> run(Settings settings) throws Exception {
        if (Programs.find("nats-server").isEmpty()) {
            return List.of(Row.skipped(NAME, "all", "nats-server is not on the PATH"));
        }
        Path folder = settings.temporary();
        var rows = new ArrayList<Row>();
        try (NatsServer nats = NatsServer.start(folder.resolve("nats"));
                Child far = Child.java(StoreHostProcess.class, nats.url(), folder.toString());
                var transport = NatsTransport.connect(NatsConfig.of(nats.url(), "bench-near"));
                var host = BenchHost.start(NEAR, folder, transport)) {
            far.await(line -> line.equals("ready"), START_MAX);
            var lattice = new Lattice(host, host.node().invoker(), folder);
            sqlite(settings, lattice, rows);
            postgres(settings, lattice, rows);
            redis(settings, lattice, rows);
        }
        return rows;
    }

    private static void sqlite(Settings settings, Lattice lattice, List<Row> rows) throws Exception {
        Path file = lattice.folder().resolve("bench.db");
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement settled = connection.createStatement()) {
            // as the provider has it
            settled.execute("PRAGMA journal_mode = WAL");
            settled.execute("PRAGMA synchronous = FULL");
            sql(
                    settings,
                    lattice,
                    rows,
                    "SQLite",
                    ProviderKind.SQL_SQLITE,
                    connection,
                    Map.of("path", file.toString()));
        }
    }

    private static void postgres(Settings settings, Lattice lattice, List<Row> rows) throws Exception {
        Optional<StoreServer> server = StoreServer.postgres(lattice.folder().resolve("postgres"));
        if (server.isEmpty()) {
            rows.add(Row.skipped(NAME, "PostgreSQL", "there is no initdb on the PATH or in /usr/lib/postgresql"));
            return;
        }
        try (StoreServer running = server.get();
                var connection = DriverManager.getConnection(running.jdbc())) {
            String uri = "postgres://" + StoreServer.USER + "@127.0.0.1:" + running.port() + "/" + StoreServer.DATABASE;
            sql(settings, lattice, rows, "PostgreSQL", ProviderKind.SQL_POSTGRES, connection, Map.of("uri", uri));
        }
    }

    private static void sql(
            Settings settings,
            Lattice lattice,
            List<Row> rows,
            String store,
            ProviderKind kind,
            Connection connection,
            Map<String, String> config)
            throws Exception {
        fill(connection);
        List<LinkName> links = lattice.deploy(kind, config);
        IntFunction<SqlRequest> reads = id -> request(SqlStatement.newBuilder()
                .setSql("SELECT v FROM bench WHERE id = $1")
                .addParameters(SqlValue.newBuilder().setInt32(id)));
        IntFunction<SqlRequest> writes = id -> request(SqlStatement.newBuilder()
                .setSql("UPDATE bench SET v = $1 WHERE id = $2")
                .addParameters(SqlValue.newBuilder().setText(VALUE + WRITTEN.incrementAndGet()))
                .addParameters(SqlValue.newBuilder().setInt32(id)));
        try (PreparedStatement read = connection.prepareStatement("SELECT v FROM bench WHERE id = ?");
                PreparedStatement write = connection.prepareStatement("UPDATE bench SET v = ? WHERE id = ?")) {
            var next = new Turn();
            measure(
                    settings,
                    rows,
                    subject(
                            store + " read",
                            "bare JDBC",
                            () -> read(read, next.next()),
                            lattice,
                            kind,
                            links,
                            "Query",
                            reads));
            measure(
                    settings,
                    rows,
                    subject(
                            store + " write",
                            "bare JDBC",
                            () -> write(write, next.next()),
                            lattice,
                            kind,
                            links,
                            "Execute",
                            writes));
        }
    }

    private static void fill(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE bench (id INTEGER PRIMARY KEY, v TEXT NOT NULL)");
        }
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO bench VALUES (?, ?)")) {
            for (int id = 0; id < ROWS; id++) {
                insert.setInt(1, id);
                insert.setString(2, VALUE);
                insert.addBatch();
            }
            var _ = insert.executeBatch();
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    private static SqlRequest request(SqlStatement.Builder statement) {
        return SqlRequest.newBuilder().addStatements(statement).build();
    }

    private static void read(PreparedStatement read, int id) throws SQLException {
        read.setInt(1, id);
        try (ResultSet found = read.executeQuery()) {
            if (!found.next() || found.getString(1).isEmpty()) {
                throw new IllegalStateException("row " + id + " is missing");
            }
        }
    }

    private static void write(PreparedStatement write, int id) throws SQLException {
        write.setString(1, VALUE + WRITTEN.incrementAndGet());
        write.setInt(2, id);
        if (write.executeUpdate() != 1) {
            throw new IllegalStateException("row " + id + " is missing");
        }
    }

    private static void redis(Settings settings, Lattice lattice, List<Row> rows) throws Exception {
        Optional<StoreServer> server = StoreServer.redis(lattice.folder().resolve("redis"));
        if (server.isEmpty()) {
            rows.add(Row.skipped(NAME, "Redis", "redis-server is not on the PATH"));
            return;
        }
        String url = "redis://127.0.0.1:" + server.get().port();
        try (StoreServer _ = server.get();
                RedisClient client = RedisClient.create(url);
                var connection = client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE))) {
            var commands = connection.sync();
            ProviderKind kind = ProviderKind.KEYVALUE_REDIS;
            List<LinkName> links = lattice.deploy(kind, Map.of("URL", url));
            List<String> keys =
                    IntStream.range(0, ROWS).mapToObj(id -> "bench:" + id).toList();
            keys.forEach(key -> commands.set(key, VALUE_BYTES));
            List<Key> reads = keys.stream()
                    .map(key -> Key.newBuilder().setKey(key).build())
                    .toList();
            List<SetRequest> writes = keys.stream()
                    .map(key -> SetRequest.newBuilder()
                            .setKey(key)
                            .setValue(ByteString.copyFrom(VALUE_BYTES))
                            .build())
                    .toList();
            var next = new Turn();
            ClosedLoop.Call get = () -> {
                if (commands.get(keys.get(next.next())).length == 0) {
                    throw new IllegalStateException("a key is missing");
                }
            };
            ClosedLoop.Call set = () -> commands.set(keys.get(next.next()), VALUE_BYTES);
            measure(
                    settings,
                    rows,
                    subject("Redis read", "bare Lettuce", get, lattice, kind, links, "Get", reads::get));
            measure(
                    settings,
                    rows,
                    subject("Redis write", "bare Lettuce", set, lattice, kind, links, "Set", writes::get));
        }
    }

    private static Subject subject(
            String name,
            String client,
            ClosedLoop.Call bare,
            Lattice lattice,
            ProviderKind kind,
            List<LinkName> links,
            String operation,
            IntFunction<? extends MessageLite> requests)
            throws Exception {
        var ways = new LinkedHashMap<String, ClosedLoop.Call>();
        ways.put(client, bare);
        ways.put("in process", lattice.calls(kind, links.getFirst(), operation, requests));
        ways.put("on the other host", lattice.calls(kind, links.getLast(), operation, requests));
        return new Subject(name, ways);
    }

    private static void measure(Settings settings, List<Row> rows, Subject subject) throws Exception {
        var ways = new LinkedHashMap<String, Rounds.Pass<Samples>>();
        subject.ways().forEach((name, call) -> ways.put(name, time -> ClosedLoop.concurrent(1, time, call)));
        var passes = Rounds.interleaved(settings.rounds(), settings.time(WARM_UP), settings.time(PASS), ways);
        List<String> names = List.copyOf(ways.keySet());
        Row bare = row(subject, names.getFirst(), passes);
        rows.add(row(subject, names.get(1), passes).against(bare).ratioAtMost("p50_us", 1.15));
        rows.add(row(subject, names.getLast(), passes).against(bare));
        rows.add(bare);
    }

    private static Row row(Subject subject, String way, Rounds.Results<Samples> passes) {
        Samples samples = Samples.merged(passes.of(way));
        return Row.of(NAME, subject.name() + ", " + way).with(samples).with("per_s", samples.perSecond());
    }
}
