package dev.trellis.host.engine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Cuts what a guest writes into lines and counts its bytes. */
final class GuestOutput {
    static final int LINE_BYTES_MAX = 8 * 1_024;

    private final GuestInstance guest;
    private final int bytesMax;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(0);
    private final ByteArrayOutputStream err = new ByteArrayOutputStream(0);
    private OutputSink sink = OutputSink.NONE;
    private long written;

    GuestOutput(GuestInstance guest, int bytesMax) {
        this.guest = guest;
        this.bytesMax = bytesMax;
    }

    /** How many of {@code wanted} bytes are worth reading; the rest is counted and dropped. */
    int admit(int wanted) {
        int admitted = Math.clamp(bytesMax - written, 0, wanted);
        written += wanted;
        return admitted;
    }

    void write(OutputSink to, OutputSink.Stream stream, byte[] bytes) {
        sink = to;
        ByteArrayOutputStream line = line(stream);
        for (byte b : bytes) {
            if (b == '\n') {
                emit(stream);
            } else {
                if (line.size() == LINE_BYTES_MAX) {
                    emit(stream);
                }
                line.write(b);
            }
        }
    }

    /** The borrower is done: unfinished lines go out. */
    void end() {
        if (written == 0) {
            return;
        }
        for (OutputSink.Stream stream : OutputSink.Stream.values()) {
            if (line(stream).size() > 0) {
                emit(stream);
            }
        }
        if (written > bytesMax) {
            sink.line(
                    guest,
                    OutputSink.Stream.STDERR,
                    "[" + (written - bytesMax) + " bytes of output above the limit of " + bytesMax + " were dropped]");
        }
        written = 0;
        sink = OutputSink.NONE;
    }

    private ByteArrayOutputStream line(OutputSink.Stream stream) {
        return switch (stream) {
            case STDOUT -> out;
            case STDERR -> err;
        };
    }

    private void emit(OutputSink.Stream stream) {
        ByteArrayOutputStream line = line(stream);
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        sink.line(guest, stream, text);
    }
}
