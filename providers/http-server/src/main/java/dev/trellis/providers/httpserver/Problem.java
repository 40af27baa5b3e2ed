package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.HttpBodies;
import dev.trellis.lattice.contracts.InvocationFailure;
import java.util.List;

/**
 * Every error that the server answers by itself, as {@code application/problem+json} (RFC 9457). The detail never says
 * anything about the inside.
 */
enum Problem {
    MALFORMED(400, "Bad Request", "The request is not valid HTTP/1.1."),
    ORIGIN_REFUSED(403, "Forbidden", "This origin may not use this service."),
    READ_ONLY(405, "Method Not Allowed", "Only GET and HEAD are allowed here."),
    CLIENT_SLOW(408, "Request Timeout", "The request did not arrive in time."),
    BODY_TOO_LARGE(413, "Content Too Large", "The request body is larger than this service takes."),
    TARGET_TOO_LONG(414, "URI Too Long", "The request line is longer than this service takes."),
    EXPECTATION(417, "Expectation Failed", "The only expectation that is met is 100-continue."),
    HEADERS_TOO_LARGE(
            431, "Request Header Fields Too Large", "The request headers are longer than this service takes."),
    BROKEN(500, "Internal Server Error", "The service failed to answer this request."),
    NOT_IMPLEMENTED(501, "Not Implemented", "This method or transfer coding is not supported."),
    RESPONSE_TOO_LARGE(502, "Bad Gateway", "The answer of the service is larger than may be passed on."),
    BUSY(503, "Service Unavailable", "Too many requests are in progress."),
    UNAVAILABLE(503, "Service Unavailable", "The service cannot be reached at the moment."),
    NOT_LINKED(503, "Service Unavailable", "No service is attached to this address at the moment."),
    TIMEOUT(504, "Gateway Timeout", "The service did not answer in time.");

    private static final String RETRY_AFTER_SECONDS = "1";

    private final int status;
    private final String before;

    Problem(int status, String title, String detail) {
        this.status = status;
        this.before = "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\",\"trace_id\":\""
                .formatted(title, status, detail);
    }

    int status() {
        return status;
    }

    /** The problem that a failed call is to the client. */
    static Problem of(InvocationFailure failure) {
        if (failure instanceof InvocationFailure.PayloadTooLarge large) {
            return large.subject().equals(HttpBodies.REQUEST_BODY) ? BODY_TOO_LARGE : RESPONSE_TOO_LARGE;
        }
        return switch (failure.root()) {
            case InvocationFailure.Overloaded _ -> BUSY;
            case InvocationFailure.NoTarget _, InvocationFailure.Unavailable _, InvocationFailure.ConnectionLost _ ->
                UNAVAILABLE;
            case InvocationFailure.DeadlineExceeded _ -> TIMEOUT;
            case InvocationFailure.NotLinked _,
                    InvocationFailure.Trapped _,
                    InvocationFailure.ActorFailed _,
                    InvocationFailure.ProviderFailed _,
                    InvocationFailure.UnknownOperation _,
                    InvocationFailure.PayloadTooLarge _,
                    InvocationFailure.Malformed _,
                    InvocationFailure.TooDeep _ -> BROKEN;
        };
    }

    /** The answer to the client; {@code traceId} is how an operator finds the reason. */
    Answer answer(String traceId) {
        var body = ByteString.copyFromUtf8(before + traceId + "\"}");
        return Answer.own(
                status,
                switch (this) {
                    case BUSY, UNAVAILABLE, NOT_LINKED ->
                        List.of("content-type", "application/problem+json", "retry-after", RETRY_AFTER_SECONDS);
                    case READ_ONLY -> List.of("content-type", "application/problem+json", "allow", "GET, HEAD");
                    default -> List.of("content-type", "application/problem+json");
                },
                body);
    }
}
