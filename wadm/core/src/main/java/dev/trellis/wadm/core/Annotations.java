package dev.trellis.wadm.core;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The annotations that the controller puts on what it starts, and by which it finds that again. */
final class Annotations {
    static final String MANAGED_BY = "wasmcloud.dev/managed-by";
    static final String MANAGED_BY_WADM = "wadm";
    static final String APPLICATION = "wasmcloud.dev/appspec";
    static final String SCALER = "wasmcloud.dev/scaler";
    static final String SPREAD_NAME = "wasmcloud.dev/spread_name";

    /** SHA-256 that pins the image of an actor. */
    static final String DIGEST = "trellis.dev/digest";

    /** How many instances a host runs for each spread; only where it serves more than one. */
    static final String SPREAD_COUNTS = "trellis.dev/spread-counts";

    /**
     * The configs it was started with, as {@code name@revision}, so that a changed one is noticed. The revision and
     * not a digest of the values: those may hold passwords, and annotations are shown to everybody.
     */
    static final String CONFIG = "trellis.dev/config";

    /** All that must be as wanted; {@link #SCALER} is left out, since it changes with each new image. */
    private static final List<String> COMPARED =
            List.of(MANAGED_BY, APPLICATION, SPREAD_NAME, SPREAD_COUNTS, DIGEST, CONFIG);

    private Annotations() {}

    static boolean agree(Map<String, String> wanted, Map<String, String> observed) {
        return COMPARED.stream().allMatch(key -> Objects.equals(wanted.get(key), observed.get(key)));
    }

    static boolean managed(Map<String, String> annotations) {
        return MANAGED_BY_WADM.equals(annotations.get(MANAGED_BY)) && annotations.containsKey(APPLICATION);
    }

    static boolean belongsTo(String application, Map<String, String> annotations) {
        return managed(annotations) && application.equals(annotations.get(APPLICATION));
    }

    /** The configs that something with these annotations was started with. */
    static Set<String> configs(Map<String, String> annotations) {
        return Arrays.stream(annotations.getOrDefault(CONFIG, "").split(",", -1))
                .map(entry -> entry.substring(0, Math.max(0, entry.lastIndexOf('@'))))
                .collect(Collectors.toSet());
    }

    /** {@code share} of one host as the value of {@link #SPREAD_COUNTS}. */
    static String counts(Map<String, Integer> share) {
        return share.entrySet().stream()
                .map(entry -> escape(entry.getKey()) + "=" + entry.getValue())
                .collect(Collectors.joining(","));
    }

    /** How many of {@code total} instances with these annotations run for each spread. */
    static Map<String, Integer> share(Map<String, String> annotations, int total) {
        String counts = annotations.get(SPREAD_COUNTS);
        if (counts == null) {
            String spread = annotations.get(SPREAD_NAME);
            return spread == null ? Map.of() : Map.of(spread, total);
        }
        var share = new TreeMap<String, Integer>();
        for (String part : counts.split(",", -1)) {
            int equals = part.lastIndexOf('=');
            if (equals > 0 && part.substring(equals + 1).matches("[0-9]{1,9}")) {
                share.put(unescape(part.substring(0, equals)), Integer.parseInt(part.substring(equals + 1)));
            }
        }
        return share;
    }

    private static String escape(String name) {
        return name.replace("%", "%25").replace(",", "%2C").replace("=", "%3D");
    }

    private static String unescape(String text) {
        return text.replace("%3D", "=").replace("%2C", ",").replace("%25", "%");
    }
}
