package dev.trellis.lattice.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * The JSON of the control interface, the wadm API and the events: snake_case members, absent ones left out. Reading
 * is bounded in nesting, string length and document size; unknown members are skipped, since newer clients may send
 * more than we know. Safe for concurrent use.
 */
public final class WireJson {
    /** Largest document read; a longer one is refused before it is parsed. */
    public static final int DOCUMENT_BYTES_MAX = 16 << 20;

    private static final int NESTING_MAX = 64;
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(NESTING_MAX)
                            .maxDocumentLength(DOCUMENT_BYTES_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .changeDefaultPropertyInclusion(value -> value.withValueInclusion(JsonInclude.Include.NON_NULL))
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private WireJson() {}

    /** {@code value} as UTF-8 JSON. */
    public static byte[] write(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    /** {@code value} as JSON text that people read: indented. */
    public static String writePretty(Object value) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    }

    /**
     * Reads a {@code type} from UTF-8 JSON.
     *
     * @throws IllegalArgumentException if {@code json} is malformed, too large, or not a {@code type}
     */
    public static <T> T read(byte[] json, Class<T> type) {
        return read(json, MAPPER.constructType(type));
    }

    /**
     * Reads a control interface envelope around a {@code type}.
     *
     * @throws IllegalArgumentException if {@code json} is malformed, too large, or no such envelope
     */
    public static <T> ControlReply<T> readReply(byte[] json, Class<T> type) {
        return read(json, MAPPER.getTypeFactory().constructParametricType(ControlReply.class, type));
    }

    /**
     * Reads a generic type, such as a list of records.
     *
     * @throws IllegalArgumentException if {@code json} is malformed, too large, or not of that type
     */
    public static <T> T read(byte[] json, TypeReference<T> type) {
        return read(json, MAPPER.constructType(type));
    }

    /**
     * Reads an object whose values are all strings: a config, labels.
     *
     * @throws IllegalArgumentException if {@code json} is anything else
     */
    public static Map<String, String> readStrings(byte[] json) {
        Map<String, String> strings = read(json, new TypeReference<Map<String, String>>() {});
        if (strings.values().stream().anyMatch(Objects::isNull)) {
            throw new IllegalArgumentException("not the JSON expected here: every value must be a string, one is null");
        }
        return strings;
    }

    @SuppressWarnings("TypeParameterUnusedInFormals") // every caller derives the type that it asks for from T
    private static <T> T read(byte[] json, JavaType type) {
        if (json.length > DOCUMENT_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "JSON of " + json.length + " bytes is longer than " + DOCUMENT_BYTES_MAX);
        }
        T value;
        try {
            value = MAPPER.readValue(json, type);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not the JSON expected here: " + e.getOriginalMessage(), e);
        }
        if (value == null) {
            throw new IllegalArgumentException(
                    "JSON null where " + type.getRawClass().getSimpleName() + " was expected: "
                            + Tokens.shorten(new String(json, StandardCharsets.UTF_8)));
        }
        return value;
    }
}
