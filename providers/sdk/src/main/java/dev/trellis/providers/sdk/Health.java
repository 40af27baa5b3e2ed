package dev.trellis.providers.sdk;

/** Answer to a health check. */
public record Health(boolean healthy, String message) {
    /** All is well. */
    public static final Health OK = new Health(true, "");

    /** Not well; {@code message} says what is wrong, without secrets. */
    public static Health unhealthy(String message) {
        return new Health(false, message);
    }
}
