package dev.trellis.providers.httpserver;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A TCP connection for requests that no proper client would send. */
final class RawClient implements AutoCloseable {
    final Socket socket;
    private final InputStream in;

    /** A response; header lines and trailers as they came, without line ends. */
    record Response(int status, List<String> headers, String body, List<String> trailers) {
        List<String> all(String name) {
            return headers.stream()
                    .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .toList();
        }

        String header(String name) {
            return String.join("|", all(name));
        }
    }

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
        socket.setSoTimeout(5000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    RawClient send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    /** Sends a request with a {@code host} header and the given further lines. */
    RawClient get(String target, String... lines) throws IOException {
        return request("GET", target, lines);
    }

    RawClient request(String method, String target, String... lines) throws IOException {
        return send(method + " " + target + " HTTP/1.1\r\nhost: x\r\n" + joined(lines) + "\r\n");
    }

    private static String joined(String... lines) {
        var text = new StringBuilder();
        for (String line : lines) {
            text.append(line).append("\r\n");
        }
        return text.toString();
    }

    Response read() throws IOException {
        return read(true);
    }

    /** Reads a response; {@code withBody} is false for the answer to a HEAD request. */
    Response read(boolean withBody) throws IOException {
        String start = line();
        int status = Integer.parseInt(start.split(" ", 3)[1]);
        var headers = lines();
        var head = new Response(status, headers, "", List.of());
        if (withBody && head.header("transfer-encoding").equals("chunked")) {
            var body = new ByteArrayOutputStream();
            for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
                body.writeBytes(chunk);
            }
            return new Response(status, headers, body.toString(StandardCharsets.UTF_8), lines());
        }
        String length = head.header("content-length");
        if (!withBody || length.isEmpty()) {
            return head;
        }
        byte[] body = in.readNBytes(Integer.parseInt(length));
        return new Response(status, headers, new String(body, StandardCharsets.UTF_8), List.of());
    }

    /** Reads the next chunk of a body; of the last one, which is empty, all but the trailers. */
    byte[] readChunk() throws IOException {
        int length = Integer.parseInt(line(), 16);
        byte[] chunk = in.readNBytes(length);
        if (chunk.length < length) {
            throw new EOFException("connection closed within a chunk");
        }
        if (length > 0) {
            line();
        }
        return chunk;
    }

    private List<String> lines() throws IOException {
        var lines = new ArrayList<String>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            lines.add(line);
        }
        return lines;
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        while (true) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("connection closed after '" + line.toString(StandardCharsets.ISO_8859_1) + "'");
            }
            if (b == '\n') {
                String text = line.toString(StandardCharsets.ISO_8859_1);
                return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
            }
            line.write(b);
        }
    }

    /** Whether the server has closed the connection, waiting for it. */
    boolean closedByServer() throws IOException {
        return in.read() < 0;
    }

    InputStream in() {
        return in;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
