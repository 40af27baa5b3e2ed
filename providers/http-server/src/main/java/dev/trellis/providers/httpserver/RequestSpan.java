package dev.trellis.providers.httpserver;

import dev.trellis.lattice.model.TraceContext;
import dev.trellis.observability.telemetry.ActiveSpan;
import dev.trellis.observability.telemetry.Telemetry;
import dev.trellis.observability.telemetry.TelemetryNames;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanKind;
import org.jspecify.annotations.Nullable;

/** One request as a span. Its path is as received and without the query, which may hold secrets. */
final class RequestSpan extends ActiveSpan {
    private static final int PATH_LENGTH_MAX = AccessLog.PATH_LENGTH_MAX;

    private String method = "-";
    private String path = "-";
    private int status;
    private long requestBytes;
    private long responseBytes;

    /** @param caller null if the request names no trace */
    RequestSpan(Telemetry telemetry, @Nullable TraceContext caller) {
        super(telemetry, SpanKind.SERVER, "request", caller);
    }

    /** The request has its answer. */
    void answered(String ofMethod, String ofPath, long bytesIn, int withStatus, long bytesOut) {
        if (!recorded()) {
            return;
        }
        method = ofMethod;
        path = ofPath;
        requestBytes = bytesIn;
        status = withStatus;
        responseBytes = bytesOut;
        if (withStatus == Exchange.STATUS_CLIENT_GONE) {
            fail("499", "the client left before it was answered");
        } else if (withStatus >= 500) {
            fail(Integer.toString(withStatus), "answered with status " + withStatus);
        }
        end();
    }

    @Override
    protected String name() {
        return method;
    }

    @Override
    protected void describe(AttributesBuilder to) {
        to.put(TelemetryNames.HTTP_METHOD, method)
                .put(TelemetryNames.URL_SCHEME, "http")
                .put(
                        TelemetryNames.URL_PATH,
                        path.length() <= PATH_LENGTH_MAX ? path : path.substring(0, PATH_LENGTH_MAX) + "...")
                .put(TelemetryNames.HTTP_STATUS, (long) status)
                .put(TelemetryNames.HTTP_REQUEST_BYTES, requestBytes)
                .put(TelemetryNames.HTTP_RESPONSE_BYTES, responseBytes);
    }
}
