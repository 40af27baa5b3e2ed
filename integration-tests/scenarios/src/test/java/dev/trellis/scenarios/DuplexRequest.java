package dev.trellis.scenarios;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * One POST that is read while it is written, which {@link java.net.http.HttpClient} does not do: an echo needs it once bodies
 * are larger than what lies between.
 */
final class DuplexRequest {
    private static final int SILENCE_MILLIS_MAX = 30_000;
    private static final int CHUNK_BYTES = 50_000;

    /** Names are in lower case. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Answer(int status, Map<String, String> headers, byte[] body, Map<String, String> trailers) {}

    private DuplexRequest() {}

    static Answer post(URI uri, byte[] body, Map<String, String> trailers) throws IOException, InterruptedException {
        try (var socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout(SILENCE_MILLIS_MAX);
            Callable<Void> writer = () -> {
                write(socket.getOutputStream(), uri, body, trailers);
                return null;
            };
            var writing = new FutureTask<>(writer);
            Thread.startVirtualThread(writing);
            Answer answer = read(new BufferedInputStream(socket.getInputStream()));
            writing.get();
            return answer;
        } catch (ExecutionException e) {
            throw new IOException("the request could not be written", e.getCause());
        }
    }

    private static void write(OutputStream to, URI uri, byte[] body, Map<String, String> trailers) throws IOException {
        var out = new BufferedOutputStream(to);
        text(
                out,
                "POST " + uri.getPath() + " HTTP/1.1\r\nhost: " + uri.getAuthority() + "\r\nconnection: close\r\n"
                        + "transfer-encoding: chunked\r\n"
                        + (trailers.isEmpty() ? "" : "trailer: " + String.join(", ", trailers.keySet()) + "\r\n")
                        + "\r\n");
        for (int at = 0; at < body.length; at += CHUNK_BYTES) {
            int length = Math.min(CHUNK_BYTES, body.length - at);
            text(out, Integer.toHexString(length) + "\r\n");
            out.write(body, at, length);
            text(out, "\r\n");
        }
        text(out, "0\r\n");
        for (var trailer : trailers.entrySet()) {
            text(out, trailer.getKey() + ": " + trailer.getValue() + "\r\n");
        }
        text(out, "\r\n");
        out.flush();
    }

    private static void text(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Answer read(InputStream in) throws IOException {
        // HTTP/1.1 200 OK
        int status = Integer.parseInt(line(in).substring(9, 12));
        Map<String, String> headers = fields(in);
        if (!"chunked".equals(headers.get("transfer-encoding"))) {
            return new Answer(
                    status,
                    headers,
                    in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0"))),
                    Map.of());
        }
        var body = new ByteArrayOutputStream();
        for (int length = Integer.parseInt(line(in), 16); length > 0; length = Integer.parseInt(line(in), 16)) {
            body.write(in.readNBytes(length));
            line(in);
        }
        return new Answer(status, headers, body.toByteArray(), fields(in));
    }

    private static Map<String, String> fields(InputStream in) throws IOException {
        var fields = new LinkedHashMap<String, String>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            fields.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return fields;
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the answer ended within '" + line + "'");
            }
            line.append((char) next);
        }
        return line.toString().stripTrailing();
    }
}
