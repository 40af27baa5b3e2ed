package dev.trellis.host.wasi;

import dev.trellis.host.component.Variant;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import java.util.List;
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

    private HttpErrors() {}

    static Variant internal(String message) {
        return new Variant("internal-error", Optional.of(message));
    }

    /** The body of a request, or of a response, is not as long as its {@code content-length} says. */
    static Variant bodySize(boolean request, long bytes) {
        return new Variant(request ? "HTTP-request-body-size" : "HTTP-response-body-size", Optional.of(bytes));
    }

    /** What a guest sees of a request of its own that failed. */
    static Variant of(InvocationFailure failure) {
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
