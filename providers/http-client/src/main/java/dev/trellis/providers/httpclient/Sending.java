package dev.trellis.providers.httpclient;

import dev.trellis.lattice.contracts.HttpExchange;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.model.TraceContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way, without where to.
 *
 * @param exchange where its bodies move; null if both are whole messages
 * @param followed whether redirects are followed
 * @param connectTimeout zero for no other than the link's
 * @param firstByteTimeout from the connection to the head of the answer; zero for none
 * @param betweenBytesTimeout for the server to go on with the answer's body; zero for none
 */
record Sending(
        OutgoingHead head,
        TraceContext trace,
        @Nullable HttpExchange exchange,
        boolean followed,
        Duration connectTimeout,
        Duration firstByteTimeout,
        Duration betweenBytesTimeout) {
    /** {@code head} with what {@code request} says about time and redirects. */
    static Sending of(OutgoingHead head, TraceContext trace, OutgoingRequest request, @Nullable HttpExchange exchange) {
        // what was read from an exchange cannot be sent again
        boolean repeatable = head.whole();
        return new Sending(
                head,
                trace,
                exchange,
                repeatable && !request.getRedirectsReturned(),
                millis(request.getConnectTimeoutMs()),
                millis(request.getFirstByteTimeoutMs()),
                millis(request.getBetweenBytesTimeoutMs()));
    }

    private static Duration millis(int unsigned) {
        return Duration.ofMillis(Integer.toUnsignedLong(unsigned));
    }

    /** The request that follows a redirect. */
    Sending redirected(int status, boolean sameOrigin) {
        return new Sending(
                head.redirected(status, sameOrigin),
                trace,
                exchange,
                followed,
                connectTimeout,
                firstByteTimeout,
                betweenBytesTimeout);
    }
}
