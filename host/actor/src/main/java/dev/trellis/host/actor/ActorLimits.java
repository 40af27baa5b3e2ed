package dev.trellis.host.actor;

/**
 * What one call of an actor may use, beside the engine's limits.
 *
 * @param payloadBytesMax bytes of a request or reply, of the call itself and of each host call. A host call above it fails
 *     with an error that the guest sees; the call itself ends
 * @param hostCallsMax host calls; one more ends the call
 * @param logBytesMax bytes of log text; one more ends the call
 */
public record ActorLimits(int payloadBytesMax, int hostCallsMax, int logBytesMax) {
    public static final int PAYLOAD_BYTES_MAX_DEFAULT = 16 << 20;
    public static final int HOST_CALLS_MAX_DEFAULT = 10_000;
    public static final int LOG_BYTES_MAX_DEFAULT = 64 << 10;

    public static final ActorLimits DEFAULTS =
            new ActorLimits(PAYLOAD_BYTES_MAX_DEFAULT, HOST_CALLS_MAX_DEFAULT, LOG_BYTES_MAX_DEFAULT);

    public ActorLimits {
        notNegative("payload-bytes-max", payloadBytesMax);
        notNegative("host-calls-max", hostCallsMax);
        notNegative("log-bytes-max", logBytesMax);
    }

    public ActorLimits withPayloadBytesMax(int bytes) {
        return new ActorLimits(bytes, hostCallsMax, logBytesMax);
    }

    public ActorLimits withHostCallsMax(int calls) {
        return new ActorLimits(payloadBytesMax, calls, logBytesMax);
    }

    public ActorLimits withLogBytesMax(int bytes) {
        return new ActorLimits(payloadBytesMax, hostCallsMax, bytes);
    }

    private static void notNegative(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must be at least 0, was " + value);
        }
    }
}
