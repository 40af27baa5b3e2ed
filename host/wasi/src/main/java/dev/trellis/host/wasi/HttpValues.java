package dev.trellis.host.wasi;

import dev.trellis.host.component.Variant;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Methods and schemes, as guests and as contracts have them. */
final class HttpValues {
    static final Variant GET = Variant.of("get");
    static final Variant HTTP = Variant.of("HTTP");
    static final Variant HTTPS = Variant.of("HTTPS");

    private static final String OTHER = "other";
    private static final int METHOD_LENGTH_MAX = 32;

    private static final Map<String, Variant> METHODS = Map.of(
            "GET", GET,
            "HEAD", Variant.of("head"),
            "POST", Variant.of("post"),
            "PUT", Variant.of("put"),
            "DELETE", Variant.of("delete"),
            "CONNECT", Variant.of("connect"),
            "OPTIONS", Variant.of("options"),
            "TRACE", Variant.of("trace"),
            "PATCH", Variant.of("patch"));

    private HttpValues() {}

    /** Does once what guests may do, for the classes that it takes: see {@link WasiHttp}. */
    static void rehearse() {
        method(method("BREW"));
        validMethod(method("BREW"));
        validScheme(HTTPS);
        scheme(HTTP);
    }

    static Variant method(String name) {
        Variant known = METHODS.get(name);
        return known == null ? new Variant(OTHER, name) : known;
    }

    /** As it goes out. */
    static String method(Variant method) {
        return method.label().equals(OTHER) ? text(method) : method.label().toUpperCase(Locale.ROOT);
    }

    static boolean validMethod(Variant method) {
        return !method.label().equals(OTHER)
                || (text(method).length() <= METHOD_LENGTH_MAX && HttpSyntax.token(text(method)));
    }

    static boolean validScheme(Variant scheme) {
        return !scheme.label().equals(OTHER) || HttpSyntax.scheme(text(scheme));
    }

    /** As URLs begin; empty for schemes that requests cannot have. */
    static Optional<String> scheme(Variant scheme) {
        return switch (scheme.label()) {
            case "HTTP" -> Optional.of("http");
            case "HTTPS" -> Optional.of("https");
            default -> Optional.empty();
        };
    }

    private static String text(Variant other) {
        return (String) Objects.requireNonNull(other.payload());
    }
}
