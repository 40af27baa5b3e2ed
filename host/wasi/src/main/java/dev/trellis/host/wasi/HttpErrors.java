package dev.trellis.host.wasi;

import dev.trellis.host.component.Variant;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Values of {@code error-code}, and which of them a failed call is. */
final class HttpErrors {
    static final Variant LIMIT_REACHED = Variant.of("connection-limit-reached");
    static final Variant TERMINATED = Variant.of("connection-terminated");
    static final Variant DENIED = Variant.of("HTTP-request-denied");
    static final Variant METHOD_INVALID = Variant.of("HTTP-request-method-invalid");
    static final Variant URI_INVALID = Variant.of("HTTP-request-URI-invalid");
    static final Variant PROTOCOL_ERROR = Variant.of("HTTP-protocol-error");

    /** What a provider can say; fields that would say more are left out. */
    private static final Map<String, Variant> TOLD = told();

    private HttpErrors() {}

    private static Map<String, Variant> told() {
        Map<String, Variant> told = new HashMap<>();
        for (String plain : List.of(
                "DNS-timeout",
                "destination-not-found",
                "destination-unavailable",
                "destination-IP-prohibited",
                "destination-IP-unroutable",
                "connection-refused",
                "connection-terminated",
                "connection-timeout",
                "connection-read-timeout",
                "connection-write-timeout",
                "connection-limit-reached",
                "TLS-protocol-error",
                "TLS-certificate-error",
                "HTTP-request-denied",
                "HTTP-request-method-invalid",
                "HTTP-request-URI-invalid",
                "HTTP-request-URI-too-long",
                "HTTP-response-incomplete",
                "HTTP-response-timeout",
                "HTTP-upgrade-failed",
                "HTTP-protocol-error",
                "loop-detected",
                "configuration-error")) {
            told.put(plain, Variant.of(plain));
        }
        for (String sized : List.of(
                "HTTP-request-body-size",
                "HTTP-request-header-section-size",
                "HTTP-response-body-size",
                "HTTP-response-header-section-size",
                "HTTP-response-transfer-coding")) {
            told.put(sized, new Variant(sized, Optional.empty()));
        }
        told.put("DNS-error", new Variant("DNS-error", List.of(Optional.empty(), Optional.empty())));
        return Map.copyOf(told);
    }

    static Variant internal(String message) {
        return new Variant("internal-error", Optional.of(message));
    }

    /** The body of a request, or of a response, is not as long as its {@code content-length} says. */
    static Variant bodySize(boolean request, long bytes) {
        return new Variant(request ? "HTTP-request-body-size" : "HTTP-response-body-size", Optional.of(bytes));
    }

    /**
     * What a guest sees of a request of its own that failed: the code that the message begins with, as those of HTTP client
     * providers do ({@code connection-refused: no connection to ...}), else the nearest one.
     */
    static Variant of(InvocationFailure failure) {
        String message = failure.message();
        int colon = message.indexOf(": ");
        Variant told = colon < 0 ? null : TOLD.get(message.substring(0, colon));
        return told == null ? nearest(failure) : told;
    }

    private static Variant nearest(InvocationFailure failure) {
        return switch (failure) {
            case InvocationFailure.NotLinked _ -> DENIED;
            case InvocationFailure.NoTarget _, InvocationFailure.Unavailable _ -> Variant.of("destination-unavailable");
            case InvocationFailure.Overloaded _ -> LIMIT_REACHED;
            case InvocationFailure.DeadlineExceeded _ -> Variant.of("HTTP-response-timeout");
            case InvocationFailure.ConnectionLost _ -> TERMINATED;
            case InvocationFailure.PayloadTooLarge _ -> new Variant("HTTP-response-body-size", Optional.empty());
            case InvocationFailure.Malformed _, InvocationFailure.ProviderFailed _ -> PROTOCOL_ERROR;
            case InvocationFailure.TooDeep _ -> Variant.of("loop-detected");
            case InvocationFailure.UnknownOperation _ -> Variant.of("configuration-error");
            case InvocationFailure.Trapped _, InvocationFailure.ActorFailed _ -> internal(failure.message());
        };
    }

    /** What a guest gets as error of a stream whose other side is gone. */
    static StreamException stream(InvocationException e) {
        return StreamException.failed(new IoError(e.failure().message(), of(e.failure())));
    }

    static StreamException stream(String message, Variant code) {
        return StreamException.failed(new IoError(message, code));
    }

    /** What {@code http-error-code} says about an error: only what came from HTTP has a code. */
    static Optional<Variant> code(IoError error) {
        return error.cause() instanceof Variant code ? Optional.of(code) : Optional.empty();
    }

    /** For people. */
    static String text(Variant code) {
        return switch (code.payload()) {
            case Optional<?> detail when detail.isPresent() -> code.label() + " (" + detail.get() + ")";
            case List<?> details ->
                code.label() + details.stream().flatMap(HttpErrors::detail).toList();
            case null, default -> code.label();
        };
    }

    private static Stream<?> detail(Object field) {
        return field instanceof Optional<?> option ? option.stream() : Stream.of(field);
    }
}
