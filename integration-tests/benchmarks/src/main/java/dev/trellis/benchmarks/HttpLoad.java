package dev.trellis.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Load on one server: {@code wrk} where there is one, else a closed loop of our own.
 *
 * @param failures answers that were not 200, and broken connections
 */
record HttpLoad(double requests, double perSecond, double p50Micros, double p99Micros, double failures) {
    private static final int THREADS = 2;
    private static final Pattern LATENCY = Pattern.compile("^ +(50|99)% +([0-9.]+)(us|ms|s)$", Pattern.MULTILINE);
    private static final Pattern RATE = Pattern.compile("^Requests/sec: +([0-9.]+)", Pattern.MULTILINE);
    private static final Pattern COUNT = Pattern.compile("^ +(\\d+) requests in ", Pattern.MULTILINE);
    private static final Pattern ERRORS =
            Pattern.compile("Non-2xx or 3xx responses: (\\d+)|(?:connect|read|write|timeout) (\\d+)");
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");

    static HttpLoad run(int port, int connections, Duration time) throws Exception {
        return Programs.find("wrk").isPresent() ? wrk(port, connections, time) : own(port, connections, time);
    }

    private static HttpLoad wrk(int port, int connections, Duration time) throws IOException, InterruptedException {
        String report = Programs.output(List.of(
                "wrk",
                "-t" + THREADS,
                "-c" + connections,
                "-d" + Math.max(1, time.toSeconds()) + "s",
                "--latency",
                "http://127.0.0.1:" + port + "/hello"));
        Matcher rate = RATE.matcher(report);
        Matcher count = COUNT.matcher(report);
        if (!rate.find() || !count.find()) {
            throw new IOException("wrk reported no rate: " + report);
        }
        double p50 = Double.NaN;
        double p99 = Double.NaN;
        for (Matcher latency = LATENCY.matcher(report); latency.find(); ) {
            double micros = Double.parseDouble(latency.group(2))
                    * switch (latency.group(3)) {
                        case "us" -> 1;
                        case "ms" -> 1e3;
                        default -> 1e6;
                    };
            if (latency.group(1).equals("50")) {
                p50 = micros;
            } else {
                p99 = micros;
            }
        }
        double failures = ERRORS.matcher(report)
                .results()
                .mapToLong(match -> Long.parseLong(match.group(1) == null ? match.group(2) : match.group(1)))
                .sum();
        return new HttpLoad(Double.parseDouble(count.group(1)), Double.parseDouble(rate.group(1)), p50, p99, failures);
    }

    private static HttpLoad own(int port, int connections, Duration time) throws Exception {
        var open = new ConcurrentLinkedQueue<Connection>();
        try {
            for (int i = 0; i < connections; i++) {
                open.add(new Connection(port));
            }
            Samples samples = ClosedLoop.concurrent(connections, time, () -> {
                Connection mine = open.remove();
                mine.get();
                open.add(mine);
            });
            return new HttpLoad(samples.count(), samples.perSecond(), samples.micros(0.5), samples.micros(0.99), 0);
        } finally {
            for (Connection connection : open) {
                connection.socket.close();
            }
        }
    }

    private static final class Connection {
        private static final byte[] REQUEST =
                "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

        private final Socket socket;
        private final byte[] answer = new byte[4096];

        Connection(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
        }

        void get() throws IOException {
            socket.getOutputStream().write(REQUEST);
            InputStream in = socket.getInputStream();
            int length = 0;
            while (true) {
                int got = in.read(answer, length, answer.length - length);
                if (got < 0) {
                    throw new IOException("the server closed the connection");
                }
                length += got;
                String head = new String(answer, 0, length, StandardCharsets.US_ASCII);
                int body = head.indexOf("\r\n\r\n") + 4;
                Matcher announced = LENGTH.matcher(head);
                if (body >= 4 && announced.find() && length >= body + Integer.parseInt(announced.group(1))) {
                    if (!head.startsWith("HTTP/1.1 200")) {
                        throw new IOException("the server answered "
                                + head.lines().findFirst().orElse(""));
                    }
                    return;
                }
            }
        }
    }
}
