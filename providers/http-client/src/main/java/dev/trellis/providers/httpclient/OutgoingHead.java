package dev.trellis.providers.httpclient;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.model.TraceContext;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A checked request, without its URL: nothing in it can end a line, forge a second request, or say where it goes.
 *
 * @param headers names in lower case; without {@code host}, {@code content-length} and what traces
 * @param body all of it if the request is {@code whole}, else its beginning
 * @param length of a body that is not whole, as the actor says; -1 if it does not
 */
record OutgoingHead(String method, List<Header> headers, ByteString body, boolean whole, long length) {
    /** Header lines of one request; more are refused. */
    static final int LINES_MAX = 256;

    private static final int METHOD_LENGTH_MAX = 32;
    private static final int LENGTH_DIGITS_MAX = 18;
    private static final String USER_AGENT = "trellis";

    /** About the connection and the framing, which are the provider's alone to set. */
    private static final Set<String> PROVIDERS_OWN = Set.of(
            "connection",
            "expect",
            "http2-settings",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final Set<String> NEVER_TRAILING = Set.of(
            "authorization",
            "cache-control",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "cookie",
            "host",
            "location",
            "range",
            "set-cookie",
            "vary",
            "www-authenticate");

    /** Headers that a redirect may carry to another origin: any other might be a credential of the first. */
    private static final Set<String> HARMLESS = Set.of(
            "accept",
            "accept-encoding",
            "accept-language",
            "cache-control",
            "content-encoding",
            "content-language",
            "content-type",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-unmodified-since",
            "range",
            "user-agent");

    OutgoingHead {
        headers = List.copyOf(headers);
    }

    /**
     * The checked form of {@code request}.
     *
     * @param authority what the header {@code host} will say; the actor may say the same, or nothing
     * @throws IllegalArgumentException that names what is wrong and what was expected
     */
    static OutgoingHead of(OutgoingRequest request, String authority, int headerBytesMax) {
        return of(request, authority, headerBytesMax, true);
    }

    /** {@link #of(OutgoingRequest, String, int)}, of a request that may be followed by more of its body. */
    static OutgoingHead of(OutgoingRequest request, String authority, int headerBytesMax, boolean whole) {
        String method = request.getMethod().isEmpty() ? "GET" : request.getMethod();
        if (method.length() > METHOD_LENGTH_MAX || !HttpSyntax.token(method)) {
            throw new IllegalArgumentException(
                    "method must be a token of at most " + METHOD_LENGTH_MAX + " characters, such as GET");
        }
        if (method.equalsIgnoreCase("CONNECT") || method.equalsIgnoreCase("TRACE")) {
            throw new IllegalArgumentException("method " + method + " cannot be used");
        }
        if (request.getHeadersCount() > LINES_MAX) {
            throw new IllegalArgumentException(
                    "must have at most " + LINES_MAX + " header lines, has " + request.getHeadersCount());
        }
        var headers = new ArrayList<Header>();
        long bytes = 0;
        long announced = -1;
        for (Header line : request.getHeadersList()) {
            String name = line.getName().toLowerCase(Locale.ROOT);
            String value = line.getValue().strip();
            bytes += line.getNameBytes().size() + line.getValueBytes().size() + 4;
            if (bytes > headerBytesMax) {
                throw new IllegalArgumentException(
                        "headers are larger than " + headerBytesMax + " bytes (max_header_bytes)");
            }
            if (!HttpSyntax.token(name)) {
                throw new IllegalArgumentException("header name '" + HttpSyntax.shown(name) + "' must be a token");
            }
            if (!HttpSyntax.value(value)) {
                throw new IllegalArgumentException("header " + name + " must not hold control characters");
            }
            if (PROVIDERS_OWN.contains(name)) {
                throw new IllegalArgumentException(
                        "header " + name + " is about the connection, which is not the actor's; leave it out");
            }
            switch (name) {
                case "host" -> require(name, value.equalsIgnoreCase(authority), authority);
                case "content-length" -> {
                    String length = Integer.toString(request.getBody().size());
                    if (whole) {
                        require(name, value.equals(length), length);
                    } else {
                        announced = length(value, announced);
                    }
                }
                case TraceContext.PARENT_HEADER, TraceContext.STATE_HEADER -> {
                    // the call's own goes out instead, so that the trace has no gap
                }
                default ->
                    headers.add(
                            Header.newBuilder().setName(name).setValue(value).build());
            }
        }
        return new OutgoingHead(method, headers, request.getBody(), whole, announced);
    }

    private static long length(String value, long before) {
        boolean number = !value.isEmpty()
                && value.length() <= LENGTH_DIGITS_MAX
                && value.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!number || before >= 0) {
            throw new IllegalArgumentException("header content-length must be left out, or be one whole number");
        }
        return Long.parseLong(value);
    }

    /** Whether a header may come after a body (RFC 9110 section 6.5.1): what neither frames nor routes. */
    static boolean trailing(String lowerCaseName) {
        return !PROVIDERS_OWN.contains(lowerCaseName) && !NEVER_TRAILING.contains(lowerCaseName);
    }

    private static void require(String name, boolean holds, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("header " + name + " must be left out, or be " + expected);
        }
    }

    /** Whether the method only asks, so that a request lost with its connection may be sent once more. */
    boolean safe() {
        return safe(method);
    }

    static boolean safe(String method) {
        return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
    }

    /** The request that follows a redirect (RFC 9110, 15.4). */
    OutgoingHead redirected(int status, boolean sameOrigin) {
        boolean turnsToGet = (status == 303 && !method.equals("HEAD"))
                || ((status == 301 || status == 302) && method.equals("POST"));
        List<Header> kept = headers.stream()
                .filter(line -> sameOrigin || HARMLESS.contains(line.getName()))
                .filter(line -> !turnsToGet || !line.getName().startsWith("content-"))
                .toList();
        return turnsToGet
                ? new OutgoingHead("GET", kept, ByteString.EMPTY, true, -1)
                : new OutgoingHead(method, kept, body, true, -1);
    }

    /** The request as it goes out: all of it if it is whole, else its head. */
    HttpRequest toMessage(HttpUrl url, TraceContext trace) {
        HttpRequest message = whole
                ? new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1,
                        HttpMethod.valueOf(method),
                        url.target(),
                        body.isEmpty() ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body.asReadOnlyByteBuffer()))
                : new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), url.target());
        HttpHeaders out = message.headers();
        out.set(HttpHeaderNames.HOST, url.origin().authority());
        for (Header line : headers) {
            out.add(line.getName(), HttpSyntax.toWire(line.getValue()));
        }
        if (!out.contains(HttpHeaderNames.USER_AGENT)) {
            out.set(HttpHeaderNames.USER_AGENT, USER_AGENT);
        }
        if (!whole && length < 0) {
            out.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        } else if (!whole) {
            out.set(HttpHeaderNames.CONTENT_LENGTH, Long.toString(length));
        } else if (!body.isEmpty() || method.equals("POST") || method.equals("PUT") || method.equals("PATCH")) {
            out.set(HttpHeaderNames.CONTENT_LENGTH, Integer.toString(body.size()));
        }
        out.set(TraceContext.PARENT_HEADER, trace.parent());
        if (!trace.state().isEmpty()) {
            out.set(TraceContext.STATE_HEADER, trace.state());
        }
        return message;
    }
}
