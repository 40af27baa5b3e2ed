package dev.trellis.observability.telemetry;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the environment says of telemetry: the part of OpenTelemetry's {@code OTEL_*} variables that Trellis supports.
 * Nothing is exported to a collector unless an endpoint is set.
 *
 * @param disabled {@code OTEL_SDK_DISABLED}: no spans and no metrics at all, not even for the lattice
 * @param traces collector of spans, if one is set
 * @param metrics collector of metrics, if one is set
 * @param unsupported variables that are set and have no effect, for a warning
 * @see <a href="https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/">the variables</a>
 */
public record TelemetrySettings(
        boolean disabled,
        String serviceName,
        Map<String, String> resource,
        Sampling sampling,
        Optional<Target> traces,
        Optional<Target> metrics,
        Batching batching,
        Duration metricInterval,
        List<String> unsupported) {
    /** The name that all hosts share, unless {@code OTEL_SERVICE_NAME} gives another. */
    public static final String SERVICE_NAME_DEFAULT = "trellis";

    private static final String PREFIX = "OTEL_";
    private static final String OTLP = "OTEL_EXPORTER_OTLP_";
    private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(10);
    private static final Duration METRIC_INTERVAL_DEFAULT = Duration.ofSeconds(60);
    private static final int ENTRIES_MAX = 128;

    public TelemetrySettings {
        resource = Map.copyOf(resource);
        unsupported = List.copyOf(unsupported);
    }

    /**
     * A collector.
     *
     * @param endpoint the whole URL of the signal
     * @param headers sent with every export; may hold secrets
     */
    public record Target(URI endpoint, Map<String, String> headers, Duration timeout, boolean gzip) {
        public Target {
            headers = Map.copyOf(headers);
        }

        @Override
        public String toString() {
            return endpoint + " headers " + headers.keySet() + " timeout " + timeout + (gzip ? " gzip" : "");
        }
    }

    /** How spans wait for the collector: the {@code OTEL_BSP_*} variables. */
    record Batching(int queueMax, int batchMax, Duration delay, Duration exportMax) {}

    /** What holds where no variable is set. */
    public static TelemetrySettings defaults() {
        return of(Map.of());
    }

    /**
     * Reads {@code environment}.
     *
     * @throws IllegalArgumentException if a variable has a value that it cannot have: names it, and what is expected
     */
    public static TelemetrySettings of(Map<String, String> environment) {
        return new Reader(environment).read();
    }

    private static final class Reader {
        private final Map<String, String> values = new TreeMap<>();
        private final Set<String> known = new HashSet<>();

        Reader(Map<String, String> environment) {
            environment.forEach((name, value) -> {
                if (name.startsWith(PREFIX) && !value.isBlank()) { // an empty variable is one that is not set
                    values.put(name, value.strip());
                }
            });
        }

        TelemetrySettings read() {
            boolean disabled = flag("OTEL_SDK_DISABLED");
            Map<String, String> resource = new LinkedHashMap<>(pairs("OTEL_RESOURCE_ATTRIBUTES"));
            String service = value("OTEL_SERVICE_NAME")
                    .or(() -> Optional.ofNullable(resource.get("service.name")))
                    .orElse(SERVICE_NAME_DEFAULT);
            resource.remove("service.name");
            Sampling sampling = sampling();
            var traces = target("TRACES", "/v1/traces");
            var metrics = target("METRICS", "/v1/metrics");
            int queueMax = number("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, 1_000_000);
            var batching = new Batching(
                    queueMax,
                    number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Math.min(512, queueMax), 1, queueMax),
                    millis("OTEL_BSP_SCHEDULE_DELAY", Duration.ofSeconds(5)),
                    millis("OTEL_BSP_EXPORT_TIMEOUT", Duration.ofSeconds(30)));
            Duration interval = millis("OTEL_METRIC_EXPORT_INTERVAL", METRIC_INTERVAL_DEFAULT);
            if (value("OTEL_LOGS_EXPORTER").filter("none"::equals).isEmpty()) {
                known.remove("OTEL_LOGS_EXPORTER");
            }
            if (value("OTEL_PROPAGATORS")
                    .filter(names -> List.of(names.split(",")).contains("tracecontext"))
                    .isEmpty()) {
                known.remove("OTEL_PROPAGATORS");
            }
            List<String> unsupported = new ArrayList<>(values.keySet());
            unsupported.removeAll(known);
            return new TelemetrySettings(
                    disabled, service, resource, sampling, traces, metrics, batching, interval, unsupported);
        }

        private Optional<String> value(String name) {
            known.add(name);
            return Optional.ofNullable(values.get(name));
        }

        /** The variable of one signal, else that of all. */
        private Optional<String> value(String signal, String name) {
            var all = value(OTLP + name);
            return value(OTLP + signal + "_" + name).or(() -> all);
        }

        private Optional<Target> target(String signal, String path) {
            String own = OTLP + signal + "_ENDPOINT";
            Optional<URI> endpoint = value(own).map(text -> uri(own, text));
            Optional<URI> base = value(OTLP + "ENDPOINT")
                    .map(text ->
                            uri(OTLP + "ENDPOINT", text.endsWith("/") ? text.substring(0, text.length() - 1) : text))
                    .map(uri -> URI.create(uri + path));
            String protocol = value(signal, "PROTOCOL").orElse("http/protobuf");
            var headers = new LinkedHashMap<>(pairs(OTLP + "HEADERS"));
            headers.putAll(pairs(OTLP + signal + "_HEADERS"));
            Duration timeout = value(signal, "TIMEOUT").isPresent()
                    ? millis(
                            values.containsKey(OTLP + signal + "_TIMEOUT")
                                    ? OTLP + signal + "_TIMEOUT"
                                    : OTLP + "TIMEOUT",
                            TIMEOUT_DEFAULT)
                    : TIMEOUT_DEFAULT;
            String compression = value(signal, "COMPRESSION").orElse("none");
            String exporter = value("OTEL_" + signal + "_EXPORTER").orElse("otlp");
            if (!exporter.equals("otlp") && !exporter.equals("none")) {
                throw wrong("OTEL_" + signal + "_EXPORTER", "otlp or none", exporter);
            }
            Optional<URI> chosen = endpoint.or(() -> base);
            if (exporter.equals("none") || chosen.isEmpty()) {
                return Optional.empty();
            }
            if (!protocol.equals("http/protobuf")) {
                throw wrong(
                        OTLP + "PROTOCOL",
                        "http/protobuf, the one protocol that Trellis speaks (collectors take it on port 4318)",
                        protocol);
            }
            if (!compression.equals("none") && !compression.equals("gzip")) {
                throw wrong(OTLP + "COMPRESSION", "gzip or none", compression);
            }
            return Optional.of(new Target(chosen.get(), headers, timeout, compression.equals("gzip")));
        }

        private static URI uri(String name, String text) {
            try {
                var uri = new URI(text);
                String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
                if ((scheme.equals("http") || scheme.equals("https")) && uri.getHost() != null) {
                    return uri;
                }
            } catch (URISyntaxException e) {
                // told below
            }
            throw wrong(name, "a URL such as http://localhost:4318", text);
        }

        private Sampling sampling() {
            String name = value("OTEL_TRACES_SAMPLER").orElse("parentbased_always_on");
            boolean follow = name.startsWith("parentbased_");
            Optional<String> argument = value("OTEL_TRACES_SAMPLER_ARG");
            return switch (follow ? name.substring("parentbased_".length()) : name) {
                case "always_on" -> new Sampling(follow, 1);
                case "always_off" -> new Sampling(follow, 0);
                case "traceidratio" -> new Sampling(follow, ratio(argument.orElse("1")));
                default ->
                    throw wrong(
                            "OTEL_TRACES_SAMPLER",
                            "always_on, always_off or traceidratio, with or without parentbased_ before it",
                            name);
            };
        }

        private static double ratio(String text) {
            try {
                double ratio = Double.parseDouble(text);
                if (ratio >= 0 && ratio <= 1) {
                    return ratio;
                }
            } catch (NumberFormatException e) {
                // told below
            }
            throw wrong("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", text);
        }

        private boolean flag(String name) {
            String text = value(name).orElse("false").toLowerCase(Locale.ROOT);
            if (!text.equals("true") && !text.equals("false")) {
                throw wrong(name, "true or false", text);
            }
            return text.equals("true");
        }

        private int number(String name, int otherwise, int min, int max) {
            String text = value(name).orElse(Integer.toString(otherwise));
            try {
                int number = Integer.parseInt(text);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // told below
            }
            throw wrong(name, "a whole number from " + min + " to " + max, text);
        }

        private Duration millis(String name, Duration otherwise) {
            return Duration.ofMillis(number(name, Math.toIntExact(otherwise.toMillis()), 1, 3_600_000));
        }

        /** {@code key=value,key=value}, values percent-encoded. */
        private Map<String, String> pairs(String name) {
            var pairs = new LinkedHashMap<String, String>();
            Optional<String> text = value(name);
            if (text.isEmpty()) {
                return pairs;
            }
            for (String pair : text.get().split(",", -1)) {
                int equals = pair.indexOf('=');
                if (pair.isBlank()) {
                    continue;
                }
                if (equals < 1 || pairs.size() >= ENTRIES_MAX) {
                    throw new IllegalArgumentException( // without the value, which may be a secret
                            name + " must be at most " + ENTRIES_MAX + " entries key=value, separated by commas");
                }
                String value = pair.substring(equals + 1).strip().replace("+", "%2B");
                try {
                    pairs.put(pair.substring(0, equals).strip(), URLDecoder.decode(value, StandardCharsets.UTF_8));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(
                            name + ": the value of " + pair.substring(0, equals).strip()
                                    + " must be percent-encoded text",
                            e);
                }
            }
            return pairs;
        }

        private static IllegalArgumentException wrong(String name, String expected, String value) {
            return new IllegalArgumentException("%s must be %s, was '%s'".formatted(name, expected, value));
        }
    }
}
