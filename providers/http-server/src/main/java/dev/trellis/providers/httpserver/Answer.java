package dev.trellis.providers.httpserver;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * A response that is fit for the wire: status and headers checked, headers about connection and framing taken out.
 *
 * @param headers names and values in turn, in the order in which they go out
 * @param declaredLength the {@code content-length} that the actor gave, -1 if none: counts where the body is left out,
 *     for {@code HEAD} and status 304, and where it follows in parts
 * @param dated whether the headers say when the response was made
 * @param cacheRuled whether the headers say how it may be cached
 */
record Answer(
        int status, List<String> headers, ByteString body, long declaredLength, boolean dated, boolean cacheRuled) {
    /** Characters of all header names and values together; more is an actor's fault. */
    static final int HEADER_CHARACTERS_MAX = 64 << 10;

    /** Lowest and highest status an actor may answer with. */
    static final int STATUS_MIN = 200;

    static final int STATUS_MAX = 599;

    /** What keeps an actor's response off the wire. */
    static final class UnfitException extends Exception {
        private static final long serialVersionUID = 1L;
        private final boolean tooLarge;

        UnfitException(String message, boolean tooLarge) {
            super(message, null, false, false);
            this.tooLarge = tooLarge;
        }

        /** Whether the body is beyond its limit; else the response is malformed. */
        boolean tooLarge() {
            return tooLarge;
        }
    }

    /** The answer that an actor's response makes. */
    static Answer of(HttpResponse response, long maxResponseBytes) throws UnfitException {
        int status = response.getStatus();
        if (status < STATUS_MIN || status > STATUS_MAX) {
            throw new UnfitException("status " + Integer.toUnsignedString(status) + " is not from 200 to 599", false);
        }
        if (response.getBody().size() > maxResponseBytes) {
            throw new UnfitException(
                    "body of %d bytes is larger than max_response_bytes %d"
                            .formatted(response.getBody().size(), maxResponseBytes),
                    true);
        }
        int count = response.getHeadersCount();
        var headers = new ArrayList<String>(2 * count);
        long declaredLength = -1;
        boolean dated = false;
        boolean cacheRuled = false;
        long characters = 0;
        for (int i = 0; i < count; i++) {
            Header header = response.getHeaders(i);
            String name = header.getName();
            String value = header.getValue();
            characters += name.length() + value.length();
            if (characters > HEADER_CHARACTERS_MAX) {
                throw new UnfitException("headers are longer than " + HEADER_CHARACTERS_MAX + " characters", false);
            }
            if (!HeaderRules.token(name)) {
                throw new UnfitException("name of header " + (i + 1) + " is not a valid header name", false);
            }
            if (!HeaderRules.validValue(value)) {
                throw new UnfitException("value of header '" + name + "' holds a control character", false);
            }
            if (HeaderRules.serversOwn(name)) {
                if (name.equalsIgnoreCase("content-length")) {
                    declaredLength = length(value);
                }
                continue;
            }
            dated |= name.equalsIgnoreCase("date");
            cacheRuled |= name.equalsIgnoreCase("cache-control");
            headers.add(name);
            headers.add(HeaderRules.wire(value));
        }
        return new Answer(status, headers, response.getBody(), declaredLength, dated, cacheRuled);
    }

    /** The answer that begins with an actor's response, whose body follows in parts. */
    static Answer begunWith(HttpResponse head, long maxResponseBytes) throws UnfitException {
        var answer = of(head, maxResponseBytes);
        if (answer.declaredLength > maxResponseBytes) {
            throw new UnfitException(
                    "content-length of %d is larger than max_response_bytes %d"
                            .formatted(answer.declaredLength, maxResponseBytes),
                    true);
        }
        return answer;
    }

    /** Whether an answer to {@code method} has no body, whatever the actor gives. */
    boolean bodiless(String method) {
        return method.equals("HEAD") || status == 304 || status == 204 || status == 205;
    }

    /** An answer of the server's own. */
    static Answer own(int status, List<String> headers, ByteString body) {
        return new Answer(status, headers, body, -1, false, false);
    }

    private static long length(String value) {
        if (value.isEmpty() || value.length() > 18) {
            return -1;
        }
        long length = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            length = 10 * length + (c - '0');
        }
        return length;
    }
}
