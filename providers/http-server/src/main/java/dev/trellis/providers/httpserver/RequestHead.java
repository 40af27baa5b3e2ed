package dev.trellis.providers.httpserver;

import dev.trellis.lattice.model.TraceContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Method and target of a request as actors get them.
 *
 * @param method in upper case
 * @param path as received, without the query
 * @param query without the question mark
 */
record RequestHead(String method, String path, String query) {
    private static final int METHOD_LENGTH_MAX = 32;

    /** The head of {@code request}; null if it is not valid. Of its headers see {@link #refusal}. */
    static @Nullable RequestHead of(HttpServerRequest request) {
        String method = request.method().name();
        String target = request.uri();
        if (method.length() > METHOD_LENGTH_MAX || !HeaderRules.token(method) || !HeaderRules.target(target)) {
            return null;
        }
        int start = 0;
        if (target.charAt(0) != '/' && !target.equals("*")) {
            int authority = target.indexOf("://");
            if (authority < 1) {
                return HttpMethod.CONNECT.equals(request.method()) ? new RequestHead(upperCase(method), "-", "") : null;
            }
            start = authority + 3;
            while (start < target.length() && target.charAt(start) != '/' && target.charAt(start) != '?') {
                start++;
            }
        }
        int end = target.indexOf('#', start);
        if (end < 0) {
            end = target.length();
        }
        String query = "";
        int mark = target.indexOf('?', start);
        if (mark < 0 || mark > end) {
            mark = end;
        } else {
            query = target.substring(mark + 1, end);
        }
        return new RequestHead(upperCase(method), mark == start ? "/" : target.substring(start, mark), query);
    }

    private static String upperCase(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= 'a') {
                return name.toUpperCase(Locale.ROOT);
            }
        }
        return name;
    }

    /** Why a request with these headers is not served; null if it is. */
    static @Nullable Problem refusal(HttpServerRequest request, MultiMap headers) {
        boolean hostNeeded = request.version() == HttpVersion.HTTP_1_1;
        String host = headers.get(HttpHeaderNames.HOST);
        if ((host == null && hostNeeded)
                || (host != null && headers.getAll(HttpHeaderNames.HOST).size() > 1)) {
            return Problem.MALFORMED;
        }
        if (HttpMethod.CONNECT.equals(request.method())) {
            return Problem.NOT_IMPLEMENTED;
        }
        String coding = headers.get(HttpHeaderNames.TRANSFER_ENCODING);
        if (coding != null) {
            boolean alone = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING).size() == 1;
            if (!alone || !coding.strip().equalsIgnoreCase("chunked")) {
                return Problem.NOT_IMPLEMENTED;
            }
            if (!hostNeeded) {
                return Problem.MALFORMED; // HTTP/1.0 has no chunks (RFC 9112 section 6.1)
            }
        }
        return null;
    }

    /** Whether a body comes with a request of these headers. */
    static boolean bodied(MultiMap headers) {
        String length = headers.get(HttpHeaderNames.CONTENT_LENGTH);
        return (length != null && !length.equals("0")) || headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
    }

    /** The trace that a client says its request belongs to; null if it names none. */
    static @Nullable TraceContext trace(MultiMap headers) {
        String parent = headers.get(TraceContext.PARENT_HEADER);
        if (parent == null || headers.getAll(TraceContext.PARENT_HEADER).size() > 1) {
            return null;
        }
        List<String> states = headers.getAll(TraceContext.STATE_HEADER);
        String state = String.join(",", states);
        return TraceContext.parse(parent.strip(), HeaderRules.ascii(state) ? state : "")
                .orElse(null);
    }
}
