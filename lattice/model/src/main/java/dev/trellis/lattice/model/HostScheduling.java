package dev.trellis.lattice.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What work a host may be given, as an operator has said. The host itself keeps it, also across its restarts. */
public enum HostScheduling {
    /** Any. */
    OPEN,
    /** No new work; what runs there stays. */
    CORDONED,
    /** None: what runs there is to move elsewhere. */
    DRAINED;

    /** The name on the wire. */
    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads the name on the wire; hosts that say nothing, or what this version does not know, take any work. */
    @JsonCreator
    public static HostScheduling of(@Nullable String text) {
        for (HostScheduling value : values()) {
            if (value.text().equals(text)) {
                return value;
            }
        }
        return OPEN;
    }
}
