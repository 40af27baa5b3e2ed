package dev.trellis.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The sample components over HTTP on two hosts with Redis: cold, and then warm for ten thousand requests that leave
 * nothing behind; calls of a component's own WIT from host to host, also after the loss of one; bodies of a gigabyte through
 * hosts with 256 MiB of heap.
 */
@Timeout(300)
class ComponentsTest {
    private static final int WARM_UP = 1_000;
    private static final int REQUESTS = 9_000;
    private static final int CLIENTS = 16;

    /** Requests whose prices are made in JavaScript, which is slow. */
    private static final int SCRIPTED = 50;

    private static final long HUGE_BYTES = 1L << 30;
    private static final int LARGE_BYTES = 24 << 20;

    /** Of a host with 256 MiB of heap: and code, threads, buffers, the collector. */
    private static final long RESIDENT_BYTES_MAX = 640L << 20;

    private static final String QUOTE = "/quote?items=apple:3,pear:2&coupon=SAVE10";
    private static final String QUOTED = """
            {"lines":[{"sku":"apple","quantity":3,"total":"1.50 EUR"},{"sku":"pear","quantity":2,"total":"1.30 EUR"}],\
            "goods":"2.80 EUR","discount":"0.28 EUR","shipping":"5.45 EUR","total":"7.97 EUR","remarks":[]}
            """;

    @TempDir
    private Path directory;

    @Test
    void samples_onTwoHosts_answerMoveBodiesAndLeaveNothingBehind() throws Exception {
        try (var lattice = Lattice.start(directory);
                var http = HttpClient.newHttpClient()) {
            lattice.startHost("front", "--label", "role=front");
            lattice.startHost("back", "--label", "role=back");
            lattice.awaitHost("front");
            lattice.awaitHost("back");
            var samples = samples(lattice);
            samples.deploy();
            var client = new Client(http, samples);

            client.each(1, 1); // cold
            for (int i = 0; i < SCRIPTED; i++) {
                client.expect("shop-js", QUOTE, QUOTED);
            }
            client.each(WARM_UP, CLIENTS);
            var before = memory(lattice);
            client.each(REQUESTS, CLIENTS);
            var after = memory(lattice);
            after.forEach((host, memory) -> memory.assertNoMoreThan(Objects.requireNonNull(before.get(host)), host));
            assertThat(client.get("counter", "/counters/load")).isEqualTo(client.counted() + "\n");

            movesBodies(client, lattice);
            refusesAnUnknownImport(lattice);
            losesTheHostOfThePrices(client, lattice);
        }
    }

    private static Samples samples(Lattice lattice) throws IOException {
        var samples = new Samples(lattice)
                .add("hello", "hello-component", Map.of(), Map.of())
                .add("hello-c", "hello-component", Map.of("hello", "back"), sample("hello-c"))
                .add("hello-as", "hello-component", Map.of("hello", "back"), sample("hello-assemblyscript"))
                .add("counter", "counter", Map.of("keyvalue", "back"), Map.of())
                .add("shop", "shop", Map.of("pricing", "back"), Map.of())
                .add(
                        "shop-js",
                        "shop",
                        Map.of("pricing", "back"),
                        Map.of("shop/pricing/pricing.wasm", "pricing-js/pricing-js.wasm"))
                .add("here", "streaming-echo", Map.of(), Map.of())
                .add("there", "streaming-echo", Map.of("echo", "back"), Map.of());
        String hello = samples.url("hello", "").toString();
        return samples.add(
                "fetch",
                "outgoing-http",
                Map.of("httpclient", "back"),
                Map.of("allow: https://example.org", "allow: " + hello));
    }

    private static Map<String, String> sample(String name) {
        return Map.of("hello-http/hello-http.wasm", name + "/" + name + ".wasm");
    }

    private static Map<String, HostMemory> memory(Lattice lattice) throws Exception {
        var memory = new LinkedHashMap<String, HostMemory>();
        for (String host : List.of("front", "back")) {
            memory.put(host, HostMemory.of(lattice.process(host)));
        }
        return memory;
    }

    /** A component that runs on the host of its listener, and one on another host. */
    private static void movesBodies(Client client, Lattice lattice) throws Exception {
        byte[] large = new byte[LARGE_BYTES];
        new Random(1).nextBytes(large);
        for (String where : List.of("here", "there")) {
            for (String path : List.of("/echo", "/splice")) {
                var echoed = client.echoed(where, path, large, Map.of("x-checksum", "abc"));
                assertThat(echoed.status()).as(where + path).isEqualTo(200);
                assertThat(Arrays.equals(echoed.body(), large)).as(where + path).isTrue();
                assertThat(echoed.trailers()).as(where + path).containsEntry("x-checksum", "abc");
            }
        }
        try (ExecutorService both = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> up = both.submit(
                    () -> client.post("here", "/sink", BodyPublishers.ofInputStream(() -> new Pattern(HUGE_BYTES))));
            Future<Long> down = both.submit(() -> client.download("here", "/big?bytes=" + HUGE_BYTES));
            assertThat(down.get()).isEqualTo(HUGE_BYTES);
            assertThat(up.get()).isEqualTo(HUGE_BYTES + " bytes\n");
        }
        for (String host : List.of("front", "back")) {
            assertThat(HostMemory.residentBytes(lattice.process(host))).as(host).isLessThan(RESIDENT_BYTES_MAX);
        }
    }

    private void refusesAnUnknownImport(Lattice lattice) throws Exception {
        Path file = directory.resolve("unknown-import.wasm");
        try (InputStream in = ComponentsTest.class.getResourceAsStream("unknown-import.wasm")) {
            Files.write(file, Objects.requireNonNull(in).readAllBytes());
        }
        String hello = Files.readString(directory.resolve("hello.yaml"));
        Path manifest = directory.resolve("unknown.yaml");
        Files.writeString(
                manifest,
                hello.replace("\n  name: hello\n", "\n  name: unknown\n")
                        .replaceAll("image: .*hello-http.wasm", "image: " + file)
                        .replaceAll("127.0.0.1:[0-9]+", "127.0.0.1:0"));
        var refused = lattice.trellis("deploy", manifest.toString(), "--wait=5s");
        assertThat(refused.exit()).as(refused.messages()).isNotZero();
        assertThat(refused.messages())
                .contains("wasi:logging/loging@0.1.0-draft", "the nearest is wasi:logging/logging@0.1.0-draft");
    }

    private static void losesTheHostOfThePrices(Client client, Lattice lattice) throws Exception {
        assertThat(client.get("shop", QUOTE)).isEqualTo(QUOTED);
        lattice.process("back").kill();
        lattice.startHost("again", "--label", "role=back");
        Waiting.until(
                Duration.ofSeconds(40),
                () -> "a price from another host",
                () -> client.status("shop", QUOTE) == 200 && client.status("counter", "/counters/load") == 200);
        assertThat(client.get("shop", QUOTE)).isEqualTo(QUOTED);
        assertThat(lattice.hostsOf("shop-pricing")).containsExactly("again");
        assertThat(client.get("counter", "/counters/load")).isEqualTo(client.counted() + "\n");
    }

    /** Whoever asks the samples. */
    private static final class Client {
        private static final String SMALL = "a small body\n".repeat(100);

        private final HttpClient http;
        private final Samples samples;
        private long counted;

        Client(HttpClient http, Samples samples) {
            this.http = http;
            this.samples = samples;
        }

        long counted() {
            return counted;
        }

        /** This many requests to all samples together, of this many clients at once; each answer is looked at. */
        void each(int requests, int clients) throws Exception {
            String fetch =
                    "/?url=" + URLEncoder.encode(samples.url("hello", "/hello").toString(), StandardCharsets.UTF_8);
            String path = "/some/where?x=%20";
            List<Callable<String>> kinds = List.of(
                    () -> post("counter", "/counters/load", BodyPublishers.noBody()),
                    () -> expect("hello", "/hello", "Hello, World!"),
                    () -> expect("hello-c", path, "GET " + path + "\n"),
                    () -> expect("hello-as", path, "GET " + path + "\n"),
                    () -> expect("shop", QUOTE, QUOTED),
                    () -> expect("fetch", fetch, "Hello, World!"),
                    () -> same("here", "/echo"),
                    () -> same("there", "/splice"));
            int rounds = Math.max(1, requests / kinds.size());
            try (ExecutorService executor = Executors.newFixedThreadPool(clients)) {
                List<Future<String>> results = new ArrayList<>();
                for (int i = 0; i < rounds; i++) {
                    kinds.forEach(kind -> results.add(executor.submit(kind)));
                }
                for (Future<String> result : results) {
                    result.get();
                }
            }
            counted += rounds;
        }

        private String expect(String name, String path, String body) throws Exception {
            String answer = get(name, path);
            assertThat(answer).as(name + path).isEqualTo(body);
            return answer;
        }

        private String same(String name, String path) throws Exception {
            String echoed = post(name, path, BodyPublishers.ofString(SMALL));
            assertThat(echoed).as(name + path).isEqualTo(SMALL);
            return echoed;
        }

        String get(String name, String path) throws IOException, InterruptedException {
            var response = http.send(request(name, path).build(), BodyHandlers.ofString());
            assertThat(response.statusCode())
                    .as(name + path + ": " + response.body())
                    .isEqualTo(200);
            return response.body();
        }

        /** Status of a GET; 0 if there is no answer. */
        int status(String name, String path) throws InterruptedException {
            try {
                return http.send(request(name, path).build(), BodyHandlers.discarding())
                        .statusCode();
            } catch (IOException e) {
                return 0;
            }
        }

        String post(String name, String path, BodyPublisher body) throws IOException, InterruptedException {
            var response = http.send(request(name, path).POST(body).build(), BodyHandlers.ofString());
            assertThat(response.statusCode())
                    .as(name + path + ": " + response.body())
                    .isEqualTo(200);
            return response.body();
        }

        DuplexRequest.Answer echoed(String name, String path, byte[] body, Map<String, String> trailers)
                throws IOException, InterruptedException {
            return DuplexRequest.post(samples.url(name, path), body, trailers);
        }

        /** How many bytes of the pattern come before the end. */
        long download(String name, String path) throws IOException, InterruptedException {
            try (InputStream body = http.send(request(name, path).build(), BodyHandlers.ofInputStream())
                    .body()) {
                return Pattern.length(body);
            }
        }

        private HttpRequest.Builder request(String name, String path) {
            return HttpRequest.newBuilder(samples.url(name, path)).timeout(Duration.ofMinutes(2));
        }
    }

    /** The bytes 0, 1, ... 250, 0, 1 and so on, as streaming-echo makes them. */
    private static final class Pattern extends InputStream {
        private static final int PERIOD = 251;
        private static final byte[] BYTES = new byte[PERIOD * 512];

        static {
            for (int i = 0; i < BYTES.length; i++) {
                BYTES[i] = (byte) (i % PERIOD);
            }
        }

        private final long length;
        private long at;

        Pattern(long length) {
            this.length = length;
        }

        @Override
        public int read() {
            return at == length ? -1 : BYTES[(int) (at++ % PERIOD)] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int count) {
            if (at == length) {
                return -1;
            }
            int from = (int) (at % PERIOD);
            int read = (int) Math.min(Math.min(count, BYTES.length - from), length - at);
            System.arraycopy(BYTES, from, to, offset, read);
            at += read;
            return read;
        }

        /** Reads to the end. */
        static long length(InputStream in) throws IOException {
            byte[] buffer = new byte[PERIOD * 256];
            long length = 0;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                int from = (int) (length % PERIOD);
                assertThat(Arrays.equals(buffer, 0, read, BYTES, from, from + read))
                        .as("the bytes from " + length)
                        .isTrue();
                length += read;
            }
            return length;
        }
    }
}
