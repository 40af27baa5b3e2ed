package dev.trellis.wadm.core;

/** What became of the last command about one thing whose effect has not been observed yet. */
public sealed interface Activity {
    /** It was sent and its effect is awaited. */
    record InProgress() implements Activity {}

    /**
     * It failed and will be tried again.
     *
     * @param attempts how many in a row have failed
     */
    record Failed(String message, int attempts) implements Activity {
        @Override
        public String toString() {
            return attempts == 1 ? message : message + " (" + attempts + " attempts)";
        }
    }
}
