package dev.trellis.providers.keyvaluenats;

import dev.trellis.lattice.model.LatticeName;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.providers.sdk.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Name of the bucket that holds a link's keys. Never one in which the lattice keeps its own records. */
record BucketName(String value) {
    private static final Logger LOG = LoggerFactory.getLogger(BucketName.class);
    private static final String SETTING = "bucket";
    private static final String OURS = "TRELLIS_KV_";
    private static final List<String> RESERVED = List.of("TRELLIS_", "LATTICEDATA_", "CONFIGDATA_", "wadm_");
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    /** Settings of the other key-value providers. Told and left aside, so that swapping the provider is one word. */
    private static final Set<String> FOREIGN = Set.of("url");

    BucketName {
        if (!VALID.matcher(value).matches()) {
            throw new IllegalArgumentException("bucket '" + shortened(value)
                    + "' cannot be a bucket's name; expected 1 to 128 letters, digits, '-' or '_'");
        }
        if (!value.startsWith(OURS) && RESERVED.stream().anyMatch(value::startsWith)) {
            throw new IllegalArgumentException("bucket '" + value
                    + "' is kept for the lattice's own records; take another name, or one that begins with " + OURS);
        }
    }

    /** The bucket of links that name none. */
    static BucketName ofLattice(LatticeName lattice) {
        return new BucketName(Subjects.of(lattice).keyValueBucket());
    }

    /**
     * The bucket that {@code settings} name; empty if they name none.
     *
     * @throws IllegalArgumentException with the setting and what was expected
     */
    static Optional<BucketName> of(Settings settings) {
        var unknown = new ArrayList<String>();
        for (String key : settings.keys()) {
            if (FOREIGN.contains(key)) {
                LOG.warn("Setting '{}' is for another key-value provider; keyvalue-nats does not use it", key);
            } else if (!key.equals(SETTING)) {
                unknown.add(key);
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "keyvalue-nats does not know " + unknown + "; it takes bucket, the name of a JetStream KV bucket");
        }
        return settings.get(SETTING).map(name -> new BucketName(name.strip()));
    }

    private static String shortened(String text) {
        String printable = text.replaceAll("\\p{Cntrl}", "?");
        return printable.length() <= 80 ? printable : printable.substring(0, 77) + "...";
    }

    @Override
    public String toString() {
        return value;
    }
}
