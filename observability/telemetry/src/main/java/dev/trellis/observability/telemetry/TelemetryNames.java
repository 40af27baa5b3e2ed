package dev.trellis.observability.telemetry;

import io.opentelemetry.api.common.AttributeKey;

/**
 * Every name of an attribute and a metric. Those that the OpenTelemetry semantic conventions (1.37) have are theirs;
 * what is Trellis' own begins with {@code trellis.}. Where a number has a unit, the name ends with it.
 */
public final class TelemetryNames {
    // Resource: who made the span

    public static final AttributeKey<String> SERVICE_NAME = AttributeKey.stringKey("service.name");
    public static final AttributeKey<String> SERVICE_VERSION = AttributeKey.stringKey("service.version");
    public static final AttributeKey<String> SERVICE_INSTANCE = AttributeKey.stringKey("service.instance.id");
    public static final AttributeKey<String> LATTICE = AttributeKey.stringKey("trellis.lattice");
    public static final AttributeKey<String> HOST_ID = AttributeKey.stringKey("trellis.host.id");
    public static final AttributeKey<String> HOST_NAME = AttributeKey.stringKey("trellis.host.name");
    public static final AttributeKey<String> SITE = AttributeKey.stringKey("trellis.site");

    // Calls

    public static final AttributeKey<String> SOURCE = AttributeKey.stringKey("trellis.source");
    public static final AttributeKey<String> TARGET = AttributeKey.stringKey("trellis.target");
    public static final AttributeKey<String> LINK = AttributeKey.stringKey("trellis.link");
    public static final AttributeKey<String> CONTRACT = AttributeKey.stringKey("trellis.contract");
    public static final AttributeKey<String> OPERATION = AttributeKey.stringKey("trellis.operation");

    /** {@code in-process}, {@code site} (another host of the same site) or {@code remote} (another site). */
    public static final AttributeKey<String> TRANSPORT = AttributeKey.stringKey("trellis.transport");

    /** The host that a call was sent to. */
    public static final AttributeKey<String> PEER_HOST = AttributeKey.stringKey("trellis.peer.host");

    /** Hosts that a call was offered to, if more than one. */
    public static final AttributeKey<Long> ATTEMPTS = AttributeKey.longKey("trellis.attempts");

    /** Time that a call waited at the gate of its actor. */
    public static final AttributeKey<Long> QUEUE_NANOS = AttributeKey.longKey("trellis.queue.nanos");

    /** {@code pooled} or {@code new}. */
    public static final AttributeKey<String> INSTANCE = AttributeKey.stringKey("trellis.instance");

    public static final AttributeKey<Long> REQUEST_BYTES = AttributeKey.longKey("trellis.request.bytes");
    public static final AttributeKey<Long> REPLY_BYTES = AttributeKey.longKey("trellis.reply.bytes");

    /** Kind of the failure of a call, such as {@code DeadlineExceeded}; of an HTTP answer, its status. */
    public static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

    // HTTP

    public static final AttributeKey<String> HTTP_METHOD = AttributeKey.stringKey("http.request.method");
    public static final AttributeKey<Long> HTTP_STATUS = AttributeKey.longKey("http.response.status_code");
    public static final AttributeKey<Long> HTTP_REQUEST_BYTES = AttributeKey.longKey("http.request.body.size");
    public static final AttributeKey<Long> HTTP_RESPONSE_BYTES = AttributeKey.longKey("http.response.body.size");
    public static final AttributeKey<String> URL_SCHEME = AttributeKey.stringKey("url.scheme");
    public static final AttributeKey<String> URL_PATH = AttributeKey.stringKey("url.path");
    public static final AttributeKey<String> SERVER_ADDRESS = AttributeKey.stringKey("server.address");
    public static final AttributeKey<Long> SERVER_PORT = AttributeKey.longKey("server.port");

    // Stores

    /** {@code redis}, {@code postgresql}, {@code sqlite}; {@code nats} for buckets of NATS. */
    public static final AttributeKey<String> DB_SYSTEM = AttributeKey.stringKey("db.system.name");

    public static final AttributeKey<String> DB_NAMESPACE = AttributeKey.stringKey("db.namespace");
    public static final AttributeKey<String> DB_OPERATION = AttributeKey.stringKey("db.operation.name");

    /** Text of a statement, with placeholders and without the values of its parameters. */
    public static final AttributeKey<String> DB_QUERY = AttributeKey.stringKey("db.query.text");

    /** What the store answered a failed statement with: an SQLSTATE. */
    public static final AttributeKey<String> DB_STATUS = AttributeKey.stringKey("db.response.status_code");

    public static final AttributeKey<Long> DB_ROWS = AttributeKey.longKey("db.response.returned_rows");

    // Metrics

    /** Histogram, seconds: calls of actors and providers as their caller sees them. */
    public static final String CALL_DURATION = "trellis.call.duration";

    /** Calls that run in actors of a host now. */
    public static final String GATE_RUNNING = "trellis.gate.running";

    /** Calls that wait at the gates of a host now. */
    public static final String GATE_WAITING = "trellis.gate.waiting";

    /** Calls by the instance they got: {@code pooled} or {@code new}. */
    public static final String POOL_BORROWED = "trellis.pool.borrowed";

    /** Instances thrown away after a call, because it broke them. */
    public static final String POOL_DISCARDED = "trellis.pool.discarded";

    /** Targets of the route table by where they are: {@code local} or {@code remote}. */
    public static final String ROUTE_TARGETS = "trellis.route.targets";

    /** Spans that were not exported, by destination. */
    public static final String SPANS_DROPPED = "trellis.spans.dropped";

    public static final AttributeKey<String> DESTINATION = AttributeKey.stringKey("trellis.destination");
    public static final AttributeKey<String> PLACE = AttributeKey.stringKey("trellis.place");

    /** Name of the instrumentation scope of all spans and metrics. */
    public static final String SCOPE = "dev.trellis";

    private TelemetryNames() {}
}
