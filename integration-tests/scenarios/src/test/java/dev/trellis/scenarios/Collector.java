package dev.trellis.scenarios;

import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A collector: takes OTLP over HTTP as any other does, and keeps what it was sent. */
final class Collector implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Received> spans = new CopyOnWriteArrayList<>();
    private final Set<String> metrics = ConcurrentHashMap.newKeySet();

    /** Bodies of all requests, a character for each byte. */
    private final List<String> bodies = new CopyOnWriteArrayList<>();

    /** A span and the name of the host whose resource it came with. */
    record Received(Span span, String host, String site) {
        String id() {
            return HexFormat.of().formatHex(span.getSpanId().toByteArray());
        }

        String parent() {
            return HexFormat.of().formatHex(span.getParentSpanId().toByteArray());
        }
    }

    private Collector(HttpServer server) {
        this.server = server;
    }

    static Collector start(int port) throws IOException {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        var collector = new Collector(HttpServer.create(address, 0));
        collector.server.createContext("/v1/traces", collector::onTraces);
        collector.server.createContext("/v1/metrics", collector::onMetrics);
        collector.server.setExecutor(collector.threads);
        collector.server.start();
        return collector;
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void onTraces(HttpExchange exchange) throws IOException {
        try (exchange) {
            var request = ExportTraceServiceRequest.parseFrom(body(exchange));
            for (ResourceSpans resource : request.getResourceSpansList()) {
                var about = resource.getResource().getAttributesList();
                resource.getScopeSpansList().forEach(scope -> scope.getSpansList()
                        .forEach(span -> spans.add(
                                new Received(span, text(about, "trellis.host.name"), text(about, "trellis.site")))));
            }
            exchange.sendResponseHeaders(200, -1);
        } catch (InvalidProtocolBufferException e) {
            exchange.sendResponseHeaders(400, -1);
        }
    }

    private void onMetrics(HttpExchange exchange) throws IOException {
        try (exchange) {
            ExportMetricsServiceRequest.parseFrom(body(exchange))
                    .getResourceMetricsList()
                    .forEach(resource -> resource.getScopeMetricsList()
                            .forEach(scope -> scope.getMetricsList().forEach(metric -> metrics.add(metric.getName()))));
            exchange.sendResponseHeaders(200, -1);
        } catch (InvalidProtocolBufferException e) {
            exchange.sendResponseHeaders(400, -1);
        }
    }

    private byte[] body(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        bodies.add(new String(body, StandardCharsets.ISO_8859_1));
        return body;
    }

    static String text(List<KeyValue> attributes, String key) {
        return attributes.stream()
                .filter(attribute -> attribute.getKey().equals(key))
                .map(attribute -> attribute.getValue().getStringValue())
                .findFirst()
                .orElse("");
    }

    /** The spans of a trace by their ids. */
    Map<String, Received> trace(String id) {
        var found = new ConcurrentHashMap<String, Received>();
        spans.stream()
                .filter(span -> HexFormat.of()
                        .formatHex(span.span().getTraceId().toByteArray())
                        .equals(id))
                .forEach(span -> found.put(span.id(), span));
        return found;
    }

    /** Names of the metrics received so far. */
    Set<String> metrics() {
        return Set.copyOf(metrics);
    }

    /** Whether the bytes of any request so far hold {@code text}, which must be ASCII. */
    boolean wasSent(String text) {
        return bodies.stream().anyMatch(body -> body.contains(text));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
