package dev.trellis.observability.traces;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.trellis.observability.telemetry.TelemetryNames;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Finished spans to and from the bytes that travel in the lattice: OTLP's export request, in gzip. */
final class TraceWire {
    /** Longest message taken, as it travels and unpacked. */
    static final int PACKED_BYTES_MAX = 1 << 20;

    static final int UNPACKED_BYTES_MAX = 4 << 20;

    /** Spans of one message; further ones are left out. */
    static final int SPANS_MAX = 4096;

    /** Attributes of one span; further ones are left out. */
    static final int ATTRIBUTES_MAX = 48;

    /** Longest name and text; the rest is cut. */
    static final int TEXT_LENGTH_MAX = 1024;

    private TraceWire() {}

    /** Spans of one host and what of the message was not fit to be kept. */
    record Decoded(List<TraceSpan> spans, int refused) {}

    /** The message that carries {@code spans}, which have one resource. Not empty. */
    static byte[] encode(Collection<SpanData> spans) {
        return pack(request(spans));
    }

    /** The OTLP request that the message packs. */
    static byte[] request(Collection<SpanData> spans) {
        var scope = ScopeSpans.newBuilder()
                .setScope(InstrumentationScope.newBuilder().setName(TelemetryNames.SCOPE));
        spans.forEach(span -> scope.addSpans(encode(span)));
        var resource = Resource.newBuilder();
        encode(spans.iterator().next().getResource().getAttributes(), resource::addAttributes);
        return ExportTraceServiceRequest.newBuilder()
                .addResourceSpans(
                        ResourceSpans.newBuilder().setResource(resource).addScopeSpans(scope))
                .build()
                .toByteArray();
    }

    private static Span encode(SpanData span) {
        var wire = Span.newBuilder()
                .setTraceId(bytes(span.getTraceId()))
                .setSpanId(bytes(span.getSpanId()))
                .setName(span.getName())
                .setKind(kind(span.getKind()))
                .setStartTimeUnixNano(span.getStartEpochNanos())
                .setEndTimeUnixNano(span.getEndEpochNanos());
        if (span.getParentSpanContext().isValid()) {
            wire.setParentSpanId(bytes(span.getParentSpanId()));
        }
        encode(span.getAttributes(), wire::addAttributes);
        if (span.getStatus().getStatusCode() == StatusCode.ERROR) {
            wire.setStatus(Status.newBuilder()
                    .setCode(Status.StatusCode.STATUS_CODE_ERROR)
                    .setMessage(span.getStatus().getDescription()));
        }
        return wire.build();
    }

    private static ByteString bytes(String hex) {
        return ByteString.copyFrom(HexFormat.of().parseHex(hex));
    }

    private static Span.SpanKind kind(SpanKind kind) {
        return switch (kind) {
            case INTERNAL -> Span.SpanKind.SPAN_KIND_INTERNAL;
            case SERVER -> Span.SpanKind.SPAN_KIND_SERVER;
            case CLIENT -> Span.SpanKind.SPAN_KIND_CLIENT;
            case PRODUCER -> Span.SpanKind.SPAN_KIND_PRODUCER;
            case CONSUMER -> Span.SpanKind.SPAN_KIND_CONSUMER;
        };
    }

    private interface Adder {
        Object add(KeyValue attribute);
    }

    private static void encode(Attributes attributes, Adder to) {
        attributes.forEach((key, value) -> to.add(KeyValue.newBuilder()
                .setKey(key.getKey())
                .setValue(value(key, value))
                .build()));
    }

    private static AnyValue value(AttributeKey<?> key, Object value) {
        var wire = AnyValue.newBuilder();
        return switch (key.getType()) {
            case LONG -> wire.setIntValue((Long) value).build();
            case DOUBLE -> wire.setDoubleValue((Double) value).build();
            case BOOLEAN -> wire.setBoolValue((Boolean) value).build();
            default -> wire.setStringValue(value.toString()).build();
        };
    }

    static byte[] pack(byte[] bytes) {
        var out = new ByteArrayOutputStream(bytes.length / 4 + 64);
        try (var gzip = new FastGzip(out)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written to", e);
        }
        return out.toByteArray();
    }

    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(ByteArrayOutputStream out) throws IOException {
            super(out, 4096);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    /**
     * The spans that {@code message} carries.
     *
     * @param host the host that published it; what it says of itself beside that is its name and site
     * @throws IllegalArgumentException if it is no such message, or too large
     */
    static Decoded decode(String host, byte[] message) {
        ExportTraceServiceRequest request;
        try {
            request = ExportTraceServiceRequest.parseFrom(unpack(message));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("not an OTLP export request: " + e.getMessage(), e);
        }
        var spans = new ArrayList<TraceSpan>();
        int refused = 0;
        for (ResourceSpans resource : request.getResourceSpansList()) {
            Map<String, Object> about = decode(resource.getResource().getAttributesList());
            String name = text(about, TelemetryNames.HOST_NAME, host);
            String site = text(about, TelemetryNames.SITE, "default");
            for (ScopeSpans scope : resource.getScopeSpansList()) {
                for (Span span : scope.getSpansList()) {
                    try {
                        if (spans.size() < SPANS_MAX) {
                            spans.add(decode(span, host, name, site));
                        } else {
                            refused++;
                        }
                    } catch (IllegalArgumentException e) {
                        refused++;
                    }
                }
            }
        }
        return new Decoded(spans, refused);
    }

    private static TraceSpan decode(Span span, String hostId, String host, String site) {
        long duration = span.getEndTimeUnixNano() - span.getStartTimeUnixNano();
        Map<String, Object> attributes = decode(span.getAttributesList());
        boolean failed = span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR;
        return new TraceSpan(
                hex(span.getTraceId(), 16),
                hex(span.getSpanId(), 8),
                span.getParentSpanId().isEmpty() ? "" : hex(span.getParentSpanId(), 8),
                printable(span.getName()),
                kind(span.getKind()),
                span.getStartTimeUnixNano(),
                duration,
                failed ? text(attributes, TelemetryNames.ERROR_TYPE, "error") : "",
                failed ? printable(span.getStatus().getMessage()) : "",
                hostId,
                host,
                site,
                attributes);
    }

    private static String kind(Span.SpanKind kind) {
        String name = kind.name();
        return name.startsWith("SPAN_KIND_")
                ? name.substring("SPAN_KIND_".length()).toLowerCase(Locale.ROOT)
                : "internal";
    }

    private static String hex(ByteString id, int length) {
        if (id.size() != length) {
            throw new IllegalArgumentException("an id must have " + length + " bytes");
        }
        return HexFormat.of().formatHex(id.toByteArray());
    }

    private static Map<String, Object> decode(List<KeyValue> attributes) {
        var decoded = new HashMap<String, Object>();
        for (KeyValue attribute : attributes) {
            if (decoded.size() >= ATTRIBUTES_MAX) {
                break;
            }
            AnyValue value = attribute.getValue();
            Object kept =
                    switch (value.getValueCase()) {
                        case STRING_VALUE -> printable(value.getStringValue());
                        case INT_VALUE -> value.getIntValue();
                        case DOUBLE_VALUE -> Double.isFinite(value.getDoubleValue()) ? value.getDoubleValue() : "NaN";
                        case BOOL_VALUE -> value.getBoolValue();
                        default -> ""; // Trellis notes no lists and no bytes
                    };
            decoded.put(printable(attribute.getKey()), kept);
        }
        return decoded;
    }

    private static String text(Map<String, Object> attributes, AttributeKey<String> key, String otherwise) {
        Object value = attributes.get(key.getKey());
        return value instanceof String text && !text.isEmpty() ? text : otherwise;
    }

    /** Text that cannot move the cursor of a terminal, nor fill the memory. */
    private static String printable(String text) {
        String cut = text.length() <= TEXT_LENGTH_MAX ? text : text.substring(0, TEXT_LENGTH_MAX - 3) + "...";
        for (int i = 0; i < cut.length(); i++) {
            if (Character.isISOControl(cut.charAt(i)) || Character.getType(cut.charAt(i)) == Character.FORMAT) {
                return cut.replaceAll("[\\p{Cc}\\p{Cf}]", " ");
            }
        }
        return cut;
    }

    private static byte[] unpack(byte[] message) {
        if (message.length > PACKED_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "spans of " + message.length + " bytes are more than " + PACKED_BYTES_MAX);
        }
        try (var in = new GZIPInputStream(new ByteArrayInputStream(message))) {
            byte[] bytes = in.readNBytes(UNPACKED_BYTES_MAX + 1);
            if (bytes.length > UNPACKED_BYTES_MAX) {
                throw new IllegalArgumentException("spans unpack to more than " + UNPACKED_BYTES_MAX + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw new IllegalArgumentException("not in gzip: " + e.getMessage(), e);
        }
    }
}
