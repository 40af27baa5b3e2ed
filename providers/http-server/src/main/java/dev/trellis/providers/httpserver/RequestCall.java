package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.model.TraceContext;
import io.vertx.core.MultiMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The call of the actor that a request sets off.
 *
 * @param beginning of the request's body, or all of it
 * @param stream through which the rest of the bodies moves
 */
record RequestCall(
        Listener listener,
        Route to,
        RequestHead head,
        MultiMap headers,
        ByteString beginning,
        BodyStream stream,
        Deadline deadline,
        TraceContext trace) {
    private static final String OPERATION = "HandleRequest";

    /** Makes the call: the answer that it returned or failed with; null if it gave a response through the stream. */
    @Nullable
    Answer make() {
        try {
            var invocation = Invocation.first(
                    listener.provider,
                    to.actor(),
                    to.link().name(),
                    Contracts.HTTP_SERVER.id(),
                    OPERATION,
                    new Payload.Streamed(message(), stream.exchange()),
                    deadline,
                    trace);
            Payload reply = to.invoker().invoke(invocation);
            return stream.begun() ? null : answerOf(reply);
        } catch (InvocationException e) {
            return failed(e.failure());
        } catch (InterruptedException e) {
            // by the request (client gone, deadline), or because the host ends
            return (deadline.passed() ? Problem.TIMEOUT : Problem.UNAVAILABLE).answer(trace.traceId());
        } catch (RuntimeException | Error e) {
            listener.failureLog.failed(
                    to.actor().value(),
                    head.method(),
                    Problem.BROKEN.status(),
                    trace.traceId(),
                    "unexpected failure",
                    e);
            return Problem.BROKEN.answer(trace.traceId());
        }
    }

    private HttpRequest message() {
        var builder = HttpRequest.newBuilder()
                .setMethod(head.method())
                .setPath(head.path())
                .setQuery(head.query())
                .setBody(beginning);
        for (Map.Entry<String, String> header : headers) {
            String value = header.getValue();
            if (HeaderRules.ascii(value)) {
                builder.addHeaders(Header.newBuilder()
                        .setName(HeaderRules.lowerCase(header.getKey()))
                        .setValue(value));
            }
        }
        return builder.build();
    }

    private Answer answerOf(Payload reply) {
        if (!(reply instanceof Payload.Typed(HttpResponse response))) {
            return failed(new InvocationFailure.Malformed("reply of " + to.actor(), "is not an HttpResponse"));
        }
        try {
            return Answer.of(response, to.settings().maxResponseBytes());
        } catch (Answer.UnfitException e) {
            var problem = e.tooLarge() ? Problem.RESPONSE_TOO_LARGE : Problem.BROKEN;
            log(problem.status(), "its response cannot be sent: " + e.getMessage());
            return problem.answer(trace.traceId());
        }
    }

    private Answer failed(InvocationFailure failure) {
        var problem = Problem.of(failure);
        if (stream.begun()) {
            log(Exchange.STATUS_CUT_OFF, "its response was cut off: " + failure.describe());
        } else {
            log(problem.status(), failure.describe());
        }
        return problem.answer(trace.traceId());
    }

    private void log(int status, String reason) {
        listener.failureLog.failed(to.actor().value(), head.method(), status, trace.traceId(), reason);
    }
}
