package dev.trellis.wadm.core;

import java.util.Collection;
import java.util.Locale;

/** How far an application or one of its scalers is. In order of precedence: the first among the parts names the whole. */
public enum StatusType {
    /** Something stands in the way; the message says what. It is tried again. */
    FAILED,
    /** Nothing is desired. */
    UNDEPLOYED,
    /** Something else must be there first. */
    WAITING,
    /** Commands are under way. */
    RECONCILING,
    /** All runs, but a provider does not answer its health check. */
    UNHEALTHY,
    /** All that is desired has been observed. */
    DEPLOYED;

    /** Name in the wadm API: lower case. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The type of a whole with these parts; {@link #DEPLOYED} without any. */
    public static StatusType aggregate(Collection<StatusType> parts) {
        return parts.stream().min(StatusType::compareTo).orElse(DEPLOYED);
    }
}
