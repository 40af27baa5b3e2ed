package dev.trellis.host.engine;

/** Takes what a guest writes to its standard output and error, line by line. */
@FunctionalInterface
public interface OutputSink {
    enum Stream {
        STDOUT,
        STDERR
    }

    /** Drops everything. */
    OutputSink NONE = (caller, stream, line) -> {};

    /**
     * Takes one line without its end; malformed UTF-8 is replaced. Runs on the guest's thread inside its time budget and
     * must not block. At most {@link GuestLimits#outputBytesMax()} bytes per call arrive, then one line that says so.
     */
    void line(GuestInstance caller, Stream stream, String line);
}
