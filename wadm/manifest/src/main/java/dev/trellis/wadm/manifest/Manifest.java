package dev.trellis.wadm.manifest;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An application as its {@code wadm.yaml} describes it, valid in itself: names are unique, link targets exist, every
 * link has a contract, every reference has a position for errors that only show later.
 *
 * @param version annotation {@code version}
 * @param description annotation {@code description}
 * @param annotations all annotations, those two and the pins included
 * @param source the document as it was read
 * @param warnings what the author should know although the manifest is accepted
 */
public record Manifest(
        String name,
        Optional<String> version,
        Optional<String> description,
        Map<String, String> labels,
        Map<String, String> annotations,
        List<ManifestComponent> components,
        List<Policy> policies,
        Source source,
        List<Problem> warnings) {
    private static final Pattern DRAIN_TEXT = Pattern.compile("([0-9]{1,6})(ms|s|m)");

    /** Annotation {@code trellis.dev/digest.{component}}: SHA-256 of the bytes to run, lower-case hex. */
    public static final String PIN_PREFIX = "trellis.dev/digest.";

    /** Annotation: time that calls in flight get to end on a provider that is replaced or stopped, such as 30s. */
    public static final String DRAIN = "trellis.dev/drain";

    /** {@link #DRAIN} where the annotation is not given. */
    public static final Duration DRAIN_DEFAULT = Duration.ofSeconds(30);

    /** Longest {@link #DRAIN}. */
    public static final Duration DRAIN_MAX = Duration.ofMinutes(5);

    public Manifest {
        labels = Collections.unmodifiableMap(new TreeMap<>(labels));
        annotations = Collections.unmodifiableMap(new TreeMap<>(annotations));
        components = List.copyOf(components);
        policies = List.copyOf(policies);
        warnings = List.copyOf(warnings);
    }

    /** The component with that name. */
    public Optional<ManifestComponent> component(String componentName) {
        return components.stream().filter(c -> c.name().equals(componentName)).findFirst();
    }

    /** Time that calls in flight get to end on a provider that is replaced or stopped. */
    public Duration drain() {
        return Optional.ofNullable(annotations.get(DRAIN))
                .flatMap(Manifest::drain)
                .orElse(DRAIN_DEFAULT);
    }

    /** The time that {@code text} says, such as {@code 500ms}, {@code 30s} or {@code 2m}; empty if it is no valid one. */
    static Optional<Duration> drain(String text) {
        Matcher matcher = DRAIN_TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long number = Long.parseLong(matcher.group(1));
        Duration time =
                switch (matcher.group(2)) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    default -> Duration.ofMinutes(number);
                };
        return Optional.of(time).filter(value -> value.compareTo(DRAIN_MAX) <= 0);
    }

    /** Digest that the image of a component is pinned to; empty if it is not. */
    public Optional<String> pin(String componentName) {
        return Optional.ofNullable(annotations.get(PIN_PREFIX + componentName));
    }

    /** Links of all components, in the order of the document. */
    public List<ManifestLink> links() {
        return components.stream().flatMap(c -> c.links().stream()).toList();
    }

    /** The document that a manifest was read from. Its text may hold secrets: never print it unasked. */
    public record Source(String file, String text) {
        /** The very bytes that were read. */
        public byte[] bytes() {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "Source[" + file + ", " + text.length() + " characters]";
        }
    }

    /** An entry of {@code spec.policies}. */
    public record Policy(String name, String type, Map<String, String> properties, Position position) {
        public Policy {
            properties = Collections.unmodifiableMap(new TreeMap<>(properties));
        }
    }
}
