package dev.trellis.host.wasi;

import dev.trellis.host.actor.ActorCall;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.slf4j.event.Level;

/** Standard streams of a deployed actor: nothing comes in, what it prints is logged line by line. */
final class LoggedStdio implements Stdio {
    /** A line that is longer becomes several. */
    static final int LINE_BYTES_MAX = 8 << 10;

    /** What one write takes at most. */
    private static final int WRITABLE_BYTES = 64 << 10;

    private final Lines out;
    private final Lines err;

    LoggedStdio(ActorCall call) {
        this.out = new Lines(call, Level.INFO);
        this.err = new Lines(call, Level.WARN);
    }

    @Override
    public GuestInput in() {
        return EmptyInput.INSTANCE;
    }

    @Override
    public GuestOutput out() {
        return out;
    }

    @Override
    public GuestOutput err() {
        return err;
    }

    @Override
    public void end() {
        out.emit();
        err.emit();
    }

    private static final class Lines implements GuestOutput {
        private final ActorCall call;
        private final Level level;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream(0);

        Lines(ActorCall call, Level level) {
            this.call = call;
            this.level = level;
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public long writable() {
            return WRITABLE_BYTES;
        }

        @Override
        public void write(byte[] bytes) {
            call.countLog(bytes.length);
            for (byte one : bytes) {
                if (one == '\n') {
                    emit();
                } else {
                    if (line.size() == LINE_BYTES_MAX) {
                        emit();
                    }
                    line.write(one);
                }
            }
        }

        @Override
        public void flush() {
            // Only whole lines go on.
        }

        private void emit() {
            if (line.size() > 0) {
                String text = line.toString(StandardCharsets.UTF_8);
                line.reset();
                call.log(level, text);
            }
        }
    }
}
